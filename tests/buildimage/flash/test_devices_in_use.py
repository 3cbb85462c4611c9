"""Devices that something uses are refused, by what the kernel says of them."""

from __future__ import annotations

import fcntl
import io
import os
import stat
import struct
from pathlib import Path
from typing import Any

import pytest

from tests.buildimage.flash.disk import (
    Kernel,
    flash,
    put,
    run,
)


@pytest.mark.usefixtures("untouched")
def test_a_file_behind_a_mounted_loop_device(
    image: Path, device: Path, kernel: Kernel, capsys: pytest.CaptureFixture[str]
) -> None:
    kernel.loop(str(device))
    kernel.mount("7:3", "/mnt/my\\040disk")
    assert run(image, device, "--yes", machine=kernel.machine()) == 6
    assert "/mnt/my disk" in capsys.readouterr().err


@pytest.mark.usefixtures("untouched")
def test_a_file_that_is_swap(image: Path, device: Path, kernel: Kernel) -> None:
    kernel.swap(str(device))
    assert run(image, device, "--yes", machine=kernel.machine()) == 6


@pytest.mark.usefixtures("untouched")
def test_a_file_that_is_write_protected(image: Path, device: Path, idle: Any) -> None:
    device.chmod(0o444)
    assert run(image, device, "--yes", machine=idle) == 6


@pytest.mark.usefixtures("untouched")
def test_a_file_that_a_virtual_machine_runs_from(image: Path, device: Path, idle: Any) -> None:
    # QEMU holds byte 201 of its disks, with a lock of the open file (qemu, block/file-posix.c).
    holding = struct.pack("hhqqi4x", fcntl.F_RDLCK, os.SEEK_SET, 201, 1, 0)
    with device.open("rb") as file:
        fcntl.fcntl(file, fcntl.F_OFD_SETLK, holding)
        assert run(image, device, "--yes", machine=idle) == 6


@pytest.mark.usefixtures("untouched")
def test_a_file_that_another_program_locks(image: Path, device: Path, idle: Any) -> None:
    with device.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        assert run(image, device, "--yes", machine=idle) == 6


def _block_node(path: Path, minor: int) -> Path:
    """A device node of the fake disk; nothing is behind it."""
    try:
        os.mknod(path, 0o600 | stat.S_IFBLK, os.makedev(240, minor))
    except PermissionError:
        pytest.skip("making a device node needs root")
    return path


def _refusal(kernel: Kernel, number: str = "240:0") -> str:
    """Why a disk is refused; empty where it is not."""
    machine = kernel.machine()
    try:
        flash.refuse_used_disk("/dev/sdq", flash.disk_of("/dev/sdq", number, machine), machine)
    except flash.Refused as refusal:
        return str(refusal)
    return ""


def test_an_idle_disk_is_not_refused(kernel: Kernel) -> None:
    kernel.disk()
    kernel.disk("sdr", "241:0")
    kernel.mount("241:1", "/mnt")
    assert _refusal(kernel) == ""


def test_a_disk_with_a_mounted_partition(kernel: Kernel) -> None:
    kernel.disk()
    kernel.mount("240:2", "/media/stick")
    assert "/media/stick" in _refusal(kernel)


@pytest.mark.parametrize("mount", ["/", "/usr", "/boot", "/boot/efi"])
def test_the_system_disk(kernel: Kernel, mount: str) -> None:
    kernel.disk()
    kernel.mount("240:1", mount)
    assert "running system" in _refusal(kernel)


def test_the_system_disk_below_two_mapped_volumes(kernel: Kernel) -> None:
    crypt = kernel.holder(kernel.disk() / "sdq2", "dm-0", "253:0", "luks")
    kernel.holder(crypt, "dm-1", "253:1", "vg-root")
    kernel.mount("253:1", "/")
    assert "running system" in _refusal(kernel)


def test_the_system_disk_with_btrfs_whose_number_is_its_own(kernel: Kernel) -> None:
    kernel.disk()
    kernel.mount("0:30", "/", "/dev/sdq2")
    assert "running system" in _refusal(kernel)


def test_a_disk_with_swap(kernel: Kernel) -> None:
    kernel.disk()
    kernel.swap("/dev/sdq1")
    assert "swap" in _refusal(kernel)


def test_a_second_disk_of_a_mounted_btrfs(kernel: Kernel) -> None:
    kernel.disk()
    (kernel.root / "sys/fs/btrfs/0-1/devices/sdq2").mkdir(parents=True)
    assert "btrfs" in _refusal(kernel)


def test_a_disk_with_a_mapped_volume_that_is_not_mounted(kernel: Kernel) -> None:
    kernel.holder(kernel.disk() / "sdq1", "dm-0", "253:0", "vg-data")
    assert "vg-data" in _refusal(kernel)


def test_a_disk_behind_a_loop_device(kernel: Kernel, tmp_path: Path) -> None:
    _block_node(tmp_path / "sdq2", 2)
    kernel.disk()
    kernel.loop(str(tmp_path / "sdq2"))
    assert "loop3" in _refusal(kernel)


def test_a_partition_names_its_disk(kernel: Kernel) -> None:
    kernel.disk()
    with pytest.raises(flash.Refused) as refused:
        flash.disk_of("/dev/sdq1", "240:1", kernel.machine())
    assert "/dev/sdq" in refused.value.hint


@pytest.mark.parametrize(
    ("attribute", "value", "word"),
    [
        ("ro", "1", "read-only"),
        ("size", "0", "medium"),
        ("queue/logical_block_size", "4096", "4096"),
        ("dm/name", "vg-x", "mapped"),
    ],
)
def test_a_disk_that_cannot_take_an_image(kernel: Kernel, attribute: str, value: str, word: str) -> None:
    put(kernel.disk() / attribute, value)
    assert word in _refusal(kernel)


def test_a_machine_that_lists_no_mounts_is_not_trusted(image: Path, device: Path, kernel: Kernel) -> None:
    kernel.mounts.clear()
    assert run(image, device, "--yes", machine=kernel.machine()) == 8


def test_a_device_node_is_looked_up_by_its_number(
    image: Path, kernel: Kernel, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    node = _block_node(tmp_path / "sdq", 0)
    kernel.disk()
    kernel.mount("240:1", "/media/stick")
    assert run(image, node, "--yes", machine=kernel.machine()) == 6
    assert "/media/stick" in capsys.readouterr().err


def test_what_is_on_a_disk_is_shown_without_control_characters(kernel: Kernel, tmp_path: Path) -> None:
    node = _block_node(tmp_path / "sdq", 0)
    kernel.disk()
    target = flash.inspect(str(node), kernel.machine())
    out = io.StringIO()
    flash.show(target, flash.Report(out))
    assert "old2" in out.getvalue()
    assert "Stick" in out.getvalue()
    assert "\x1b" not in out.getvalue()
