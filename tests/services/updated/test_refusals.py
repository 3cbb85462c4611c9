"""What is not installed: damage, lies, and what could leave no way back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from common.errors import InvalidInput, SottoError, StorageError
from common.programs import Finished
from services.updated import download
from services.updated.errors import InstallFailed, SourceFailed, UpdateRefused
from services.updated.runner import Programs
from services.updated.state import BootVerdict, RolledBack
from tests.services.updated.applying import apply, boot_second, refused
from tests.services.updated.server import Manners, serving
from tests.services.updated.world import Key, World


def _unsign(world: World, _strange: Key) -> None:
    (world.source / "SHA256SUMS.gpg").unlink()


def _sign_as_stranger(world: World, strange: Key) -> None:
    world.sign(key=strange)


def _change_list(world: World, _strange: Key) -> None:
    sums = world.source / "SHA256SUMS"
    sums.write_text(sums.read_text() + "\n")


@pytest.mark.parametrize(
    ("spoil", "code", "kind"),
    [
        (_unsign, "update.source", SourceFailed),
        (_sign_as_stranger, "update.signature", UpdateRefused),
        (_change_list, "update.signature", UpdateRefused),
    ],
)
def test_what_is_not_signed_by_the_owner_is_refused(
    world: World,
    keys: tuple[Key, Key],
    spoil: Callable[[World, Key], None],
    code: str,
    kind: type[SottoError],
) -> None:
    world.publish("2")
    spoil(world, keys[1])
    refused(world, code, kind)


def test_a_signed_list_with_a_path_in_it_is_refused(world: World) -> None:
    world.publish("2")
    world.sign(extra=f"{'0' * 64}  ../../etc/passwd\n")
    refused(world, "update.sums", InvalidInput)


def test_a_huge_list_is_refused(world: World) -> None:
    world.publish("2")
    world.sign(extra=f"{'0' * 64}  x\n" * 20_000)
    refused(world, "update.too-large", SourceFailed)


@pytest.mark.parametrize("which", [0, 1, 2])
def test_a_damaged_file_is_refused(world: World, which: int) -> None:
    name = sorted(world.publish("2"))[which]
    file = world.source / name
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    refused(world, "update.hash")


def test_an_older_version_is_refused_by_name(world: World) -> None:
    world.publish("0")
    refused(world, "update.downgrade", wanted="0")


def test_a_version_that_is_none_is_refused(world: World) -> None:
    refused(world, "update.version", InvalidInput, wanted="../2")


def test_a_rolled_back_version_is_refused_by_name(world: World) -> None:
    world.publish("2")
    world.updater().store.change(lambda state: replace(state, rolled_back=(RolledBack("2", "x", 0),)))
    refused(world, "update.rolled-back", wanted="2")


def test_an_image_without_a_key_takes_nothing_and_says_so(world: World) -> None:
    world.publish("2")
    world.places.keyring.unlink()
    refused(world, "update.no-key")
    assert "without a key" in world.updater().overview().problem


def test_a_full_data_partition_is_said_before_anything_is_fetched(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.publish("2")
    monkeypatch.setattr(download, "_SPARE", 2**60)
    refused(world, "update.space", StorageError)


def test_an_empty_file_is_refused(world: World) -> None:
    name = next(name for name in world.publish("2") if "verity" in name)
    (world.source / name).write_bytes(b"")
    world.sign()
    refused(world, "update.too-large", SourceFailed)


def test_labels_that_do_not_protect_the_running_slot_stop_the_update(world: World) -> None:
    world.publish("2")
    world.write_table(["sotto_7", "sotto_7_verity", "_empty", "_empty"])
    refused(world, "update.slots", InstallFailed)


def test_a_slot_of_somebody_else_is_not_overwritten(world: World) -> None:
    world.publish("2")
    world.write_table(["sotto_1", "sotto_1_verity", "debian", "_empty"])

    class Careful(Programs):
        """As the real one: it empties what it knows."""

        def run(self, command: object, timeout_s: float) -> Finished:
            return Finished(0, "", "")

    world.sysupdate = Careful()
    with pytest.raises(InstallFailed, match="debian"):
        apply(world)


def test_a_failing_sysupdate_is_told_in_its_own_words(world: World) -> None:
    world.publish("2")

    class Failing(Programs):
        def run(self, command: object, timeout_s: float) -> Finished:
            return Finished(1, "", "Something\nDisk on fire\n")

    world.sysupdate = Failing()
    with pytest.raises(InstallFailed, match="Disk on fire"):
        apply(world)
    assert world.updater().store.load().staged == ""
    assert world.boots() == "1"


@pytest.mark.parametrize(
    ("manners", "code"),
    [
        ({"stall_after": 0}, "update.dropped"),
        ({"drop_after": 0}, "update.dropped"),
        ({"endless": {"SHA256SUMS"}}, "update.too-large"),
        ({"endless": {"SHA256SUMS.gpg"}}, "update.too-large"),
    ],
)
def test_a_server_that_stalls_or_lies_changes_nothing(
    world: World, manners: dict[str, object], code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.publish("2")
    monkeypatch.setattr("services.updated.web.sleep", lambda _s: None)
    before = world.disk.read_bytes()
    with serving(Manners(world.source, **manners)) as server:  # type: ignore[arg-type]
        with pytest.raises(SourceFailed) as caught:
            world.updater(stall_s=0.3).apply(lambda _step: None, server.url)
    assert caught.value.code == code
    assert world.disk.read_bytes() == before


def test_a_server_that_announces_another_length_is_refused(world: World) -> None:
    name = next(name for name in world.publish("2") if "verity" in name)
    with serving(Manners(world.source, announce={name: 10})) as server:
        with pytest.raises(SottoError) as caught:
            world.updater(stall_s=0.5).apply(lambda _step: None, server.url)
    assert caught.value.code == "update.hash"


@pytest.mark.parametrize("kernel", ["sotto_2+2-1.efi", "sotto_2+0-3.efi"])
def test_a_version_on_trial_does_not_overwrite_what_it_falls_back_to(world: World, kernel: str) -> None:
    world.publish("2")
    apply(world)
    boot_second(world, kernel)
    world.publish("3")
    world.commands.clear()
    refused(world, "update.on-trial")
    assert (world.places.kernels / "sotto_1.efi").exists()


PASSED = BootVerdict("1", True, True, (), 0.0)


@pytest.mark.parametrize(
    ("verdict", "counted", "gone_back", "name"),
    [
        (PASSED, False, False, "sotto_1.efi"),
        (PASSED, True, False, "sotto_1+3-0.efi"),
        (PASSED, False, True, "sotto_1+3-0.efi"),
        (replace(PASSED, passed=False), False, False, "sotto_1+3-0.efi"),
        (replace(PASSED, version="2"), False, False, "sotto_1+3-0.efi"),
        (None, False, False, "sotto_1+3-0.efi"),
    ],
)
def test_a_version_that_passed_is_proven_where_the_boot_loader_counts_nothing(
    world: World, verdict: BootVerdict | None, counted: bool, gone_back: bool, name: str
) -> None:
    (world.places.kernels / "sotto_1.efi").rename(world.places.kernels / "sotto_1+3-0.efi")
    if counted:
        world.places.counted.parent.mkdir(parents=True)
        world.places.counted.touch()
    rolled_back = (RolledBack("1", "the owner", 0.0),) if gone_back else ()
    updater = world.updater()
    updater.store.change(lambda state: replace(state, boot=verdict, rolled_back=rolled_back))
    updater.settle()
    assert [path.name for path in world.places.kernels.iterdir()] == [name]


def test_nothing_is_installed_between_a_rollback_and_the_reboot(world: World) -> None:
    world.publish("2")
    apply(world)
    boot_second(world, "sotto_2.efi").updater().rollback()
    world.publish("3")
    world.commands.clear()
    refused(world, "update.on-trial")
    assert world.boots() == "1"
