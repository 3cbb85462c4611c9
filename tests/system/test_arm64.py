"""The arm64 image boots, in an emulated machine with UEFI, and is the same box as on x86-64.

It takes the image that is built already (`make image ARCH=arm64`, with BUILD= where SOTTO_ARM64 says): making
one takes longer than all of these tests.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from buildimage.boards.read import read_boards
from buildimage.vm import FIRMWARE, new_variables, newest_image
from common.errors import NotFound
from tests.system.box import Box
from tests.system.conftest import flash
from tests.system.disk import esp_names, partitions
from tests.system.images import REPOSITORY

pytestmark = pytest.mark.arm64

BUILD = Path(os.environ.get("SOTTO_ARM64", REPOSITORY / "build" / "image"))
#: A processor emulated instruction by instruction, with all of the boot on it.
BOOT_S = 2400.0
DAEMONS = ("sotto-assistantd", "sotto-updated", "sotto-pipewire", "NetworkManager", "nftables")


def _image(folder: str) -> Path:
    """The built disk image in a folder of the build, or a skip that says how to get one."""
    missing = [name for name in ("qemu-system-aarch64", "zstd", "mcopy", "ssh") if not shutil.which(name)]
    missing += [path for path in FIRMWARE["arm64"] if not Path(path).exists()]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")
    try:
        return newest_image(BUILD / folder)
    except NotFound as error:
        option = f"BOARD={folder}" if folder in read_boards() else f"ARCH={folder}"
        pytest.skip(f"{error.message}; make image {option}")


@pytest.fixture(scope="module")
def box(owner_key: Path, setup_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    image = _image("arm64")
    folder = tmp_path_factory.mktemp("arm64")
    disk = folder / "disk.raw"
    flash(image, disk, setup_file)
    new_variables("arm64", folder / "variables.fd")
    box = Box(folder, disk, owner_key, arch="arm64")
    box.start()
    try:
        box.wait_until_up(BOOT_S)
        yield box
    finally:
        box.pull_the_plug()
        disk.unlink(missing_ok=True)


@pytest.mark.timeout(BOOT_S + 600)
def test_it_is_an_arm64_machine(box: Box) -> None:
    assert box.ssh("uname -m").strip() == "aarch64"


def test_no_unit_has_failed(box: Box) -> None:
    assert box.ssh("systemctl list-units --failed --plain --no-legend").strip() == ""


def test_the_daemons_are_up(box: Box) -> None:
    words = {name: box.ssh(f"systemctl is-active {name} || true").strip() for name in DAEMONS}
    assert words == dict.fromkeys(DAEMONS, "active")


def test_the_root_is_read_only_and_verified(box: Box) -> None:
    root = json.loads(box.ssh("findmnt --json --output FSTYPE,OPTIONS /"))["filesystems"][0]
    assert (root["fstype"], root["options"].split(",")[0]) == ("erofs", "ro")
    assert "-verity" in box.ssh("cat /sys/block/dm-0/dm/uuid").lower()


def test_it_has_two_slots_and_a_data_partition(box: Box) -> None:
    version = newest_image(BUILD / "arm64").name.removeprefix("sotto_").removesuffix(".raw.zst")
    slots = {f"sotto_{version}", f"sotto_{version}_verity", "_empty"}
    assert set(partitions(box.disk)) == {"esp", "sotto-data", *slots}


def test_it_is_the_box_of_its_setup_file(box: Box) -> None:
    assert box.ssh("cat /proc/sys/kernel/hostname").strip() == "sotto-test-box"


def test_the_rpi_image_brings_its_boards_files_and_starts_the_same_kernel(tmp_path: Path) -> None:
    image = _image("rpi")
    disk = tmp_path / "disk.raw"
    with disk.open("wb") as output:
        subprocess.run(["zstd", "-dc", "--sparse", str(image)], stdout=output, check=True)
    assert set(read_boards()["rpi"].places) <= set(esp_names(disk, ""))
    assert any(name.endswith(".efi") for name in esp_names(disk, "EFI/Linux"))
    assert "BOOTAA64.EFI" in {name.upper() for name in esp_names(disk, "EFI/BOOT")}
