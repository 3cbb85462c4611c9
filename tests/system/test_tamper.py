"""A changed slot, kernel image or command line does not become a running box."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.box import Box
from tests.system.conftest import BoxMaker
from tests.system.disk import esp_copy, flip_byte, partitions

#: A sound boot lets the owner in long before.
_SOUND_S = 600.0
#: After it was refused, the machine is watched for so long: it restarts, or stands still, and lets nobody in.
_WATCHED_S = 300.0
#: What the kernel says of a changed block, and the firmware of a changed kernel image.
_CORRUPTED = r"dm-verity device (has )?corrupted|verity: .* is corrupted"
_NOT_SIGNED = r"(?i)access denied|security violation"


@pytest.fixture(scope="module")
def settled(make_box: BoxMaker) -> Iterator[Path]:
    """The folder of a box that has been through its first boot, switched off."""
    box = make_box()
    box.start()
    # What is changed afterwards is read long before the health check.
    box.wait_for_ssh()
    box.power_button()
    yield box.folder


@pytest.fixture
def copy(settled: Path, make_box: BoxMaker, tmp_path: Path) -> Iterator[Box]:
    """A box with a copy of its disk."""
    subprocess.run(
        ["cp", "--sparse=always", str(settled / "disk.raw"), str(tmp_path / "disk.raw")], check=True
    )
    box = make_box(tmp_path)
    yield box
    box.pull_the_plug()
    box.disk.unlink()


def test_a_changed_byte_in_the_root(copy: Box) -> None:
    # The first blocks hold the superblock and the inodes that every boot reads.
    flip_byte(copy.disk, partitions(copy.disk)["sotto_1"].offset + 1024 + 4)
    _is_refused(copy, _CORRUPTED)


def test_a_changed_byte_in_the_verity_tree(copy: Box) -> None:
    # The block behind the verity superblock is the top of the hash tree, on which everything rests.
    flip_byte(copy.disk, partitions(copy.disk)["sotto_1_verity"].offset + 4096 + 5)
    _is_refused(copy, _CORRUPTED)


def test_secure_boot_enrols_the_owners_key_and_starts(
    settled: Path, make_box: BoxMaker, tmp_path: Path
) -> None:
    box = _secured(settled, make_box, tmp_path)
    box.start()
    box.wait_for_ssh(_SOUND_S * 2)
    assert "enabled (user)" in box.ssh("bootctl status 2>/dev/null || true")
    box.power_button()


def test_a_changed_byte_in_the_kernel_image(
    settled: Path, make_box: BoxMaker, tmp_path: Path, version_1: Path
) -> None:
    box = _secured(settled, make_box, tmp_path)
    kernel = tmp_path / "sotto_1.efi"
    shutil.copyfile(version_1 / "sotto_1.efi", kernel)
    flip_byte(kernel, kernel.stat().st_size // 2)
    _enrol_then(box, kernel)
    _is_refused(box, _NOT_SIGNED)


def test_a_changed_command_line(settled: Path, make_box: BoxMaker, tmp_path: Path, version_1: Path) -> None:
    box = _secured(settled, make_box, tmp_path)
    kernel = tmp_path / "sotto_1.efi"
    content = (version_1 / "sotto_1.efi").read_bytes()
    changed = content.replace(b"panic-on-corruption", b"ignore-corruption-x", 1)
    assert changed != content
    kernel.write_bytes(changed)
    _enrol_then(box, kernel)
    _is_refused(box, _NOT_SIGNED)


def _secured(settled: Path, make_box: BoxMaker, folder: Path) -> Box:
    """A copy of the settled box in firmware with Secure Boot, which has no keys yet."""
    subprocess.run(["cp", "--sparse=always", str(settled / "disk.raw"), str(folder / "disk.raw")], check=True)
    return make_box(folder, secure_boot=True)


def _enrol_then(box: Box, kernel: Path) -> None:
    """Let the box take in its owner's key, which restarts it, then put `kernel` in place of its own."""
    box.start()
    box.wait_for_ssh(_SOUND_S * 2)
    box.power_button()
    esp_copy(box.disk, kernel, "EFI/Linux/sotto_1.efi")


def _is_refused(box: Box, evidence: str) -> None:
    """It says why it does not start, and does not."""
    box.start()
    box.wait(lambda: re.search(evidence, box.serial), f"{evidence!r} on the serial line", _SOUND_S)
    until = time.monotonic() + _WATCHED_S
    while time.monotonic() < until and box.running:
        assert not box.answers(), "it came up although it was changed"
        time.sleep(10)
