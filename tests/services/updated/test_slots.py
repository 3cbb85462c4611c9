"""Which slot runs: from the kernel's view and the partition table, which must agree."""

from __future__ import annotations

import pytest

from services.updated.errors import InstallFailed
from services.updated.gpt import read_table
from services.updated.slots import Slots, find_root_disk, read_slots
from tests.services.updated.world import ARCH, World


def _slots(world: World) -> Slots:
    return read_slots(find_root_disk(world.places), ARCH, world.version)


def test_the_running_slot_is_the_one_that_root_is_read_from(world: World) -> None:
    slots = _slots(world)
    assert slots.running == 0
    assert [part.number for part in slots.other] == [3, 4]
    assert slots.other_version is None


def test_slot_b_is_found_running(world: World) -> None:
    world.write_table(["sotto_2", "sotto_2_verity", "sotto_1", "sotto_1_verity"])
    world.mount_root(1)
    slots = _slots(world)
    assert slots.running == 1
    assert slots.other_version == "2"


def test_a_half_written_slot_has_no_version(world: World) -> None:
    world.write_table(["sotto_1", "sotto_1_verity", "_empty", "sotto_2_verity"])
    assert _slots(world).other_version is None


@pytest.mark.parametrize(
    "labels",
    [
        ["_empty", "sotto_1_verity", "sotto_2", "sotto_2_verity"],
        ["sotto_2", "sotto_2_verity", "sotto_1", "sotto_1_verity"],
        ["sotto_1", "sotto_1_verity", "sotto_1", "sotto_1_verity"],
        ["sotto_1", "sotto_2_verity", "_empty", "_empty"],
        ["sotto_1", "sotto_1_verity"],
        ["sotto_1", "sotto_1_verity", "_empty", "_empty", "_empty", "_empty"],
    ],
)
def test_labels_that_do_not_protect_the_running_slot_stop_everything(world: World, labels: list[str]) -> None:
    world.write_table(labels)
    with pytest.raises(InstallFailed) as caught:
        _slots(world)
    assert caught.value.code == "update.slots"


def test_a_root_that_is_not_on_two_partitions_has_no_slots(world: World) -> None:
    slave = next((world.places.sys / "dev/block/254:0/slaves").iterdir())
    slave.unlink()
    with pytest.raises(InstallFailed):
        find_root_disk(world.places)


def test_a_root_across_two_disks_has_no_slots(world: World) -> None:
    other = world.places.sys / "devices/pci0/vdb/vdb2"
    other.mkdir(parents=True)
    (other / "partition").write_text("2\n")
    slaves = world.places.sys / "dev/block/254:0/slaves"
    (slaves / "vda2").unlink()
    (slaves / "vdb2").symlink_to(other)
    with pytest.raises(InstallFailed, match="2 disks"):
        find_root_disk(world.places)


def test_a_usual_computer_has_no_slots(world: World) -> None:
    (world.places.proc / "self/mountinfo").write_text("22 1 0:21 / / rw - tmpfs tmpfs rw\n")
    with pytest.raises(InstallFailed):
        find_root_disk(world.places)


@pytest.mark.parametrize("offset", [520, 530, 1024 + 60])
def test_a_damaged_table_is_not_read(world: World, offset: int) -> None:
    with world.disk.open("r+b") as disk:
        disk.seek(offset)
        byte = disk.read(1)
        disk.seek(offset)
        disk.write(bytes([byte[0] ^ 1]))
    with pytest.raises(InstallFailed) as caught:
        read_table(world.disk)
    assert caught.value.code == "update.table"


def test_a_disk_without_a_table_is_said(world: World) -> None:
    world.disk.write_bytes(bytes(100))
    with pytest.raises(InstallFailed, match="no GUID partition table"):
        read_table(world.disk)
