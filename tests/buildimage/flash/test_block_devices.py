"""Real block devices, where this machine lends one."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.buildimage.flash.disk import (
    CONFIG,
    IMAGE_SIZE,
    MIB,
    need,
    placed,
    run,
)


@pytest.fixture
def loop(device: Path) -> Iterator[str]:
    losetup = need("losetup")
    attached = subprocess.run(
        [losetup, "-f", "--show", str(device)], capture_output=True, text=True, timeout=60, check=False
    )
    if attached.returncode != 0:
        pytest.skip(f"no loop device here: {attached.stderr.strip()}")
    name = attached.stdout.strip()
    yield name
    subprocess.run([losetup, "-d", name], check=True, timeout=60)


def test_a_real_block_device_takes_image_and_configuration(
    image: Path, device: Path, loop: str, config: Path
) -> None:
    assert run(image, loop, "--yes", "--config", config) == 0
    assert device.read_bytes()[:MIB] == image.read_bytes()[:MIB]
    assert device.read_bytes()[9 * MIB : IMAGE_SIZE] == image.read_bytes()[9 * MIB :]
    assert placed(device) == CONFIG


def test_a_file_that_is_really_a_loop_devices(image: Path, device: Path, loop: str) -> None:
    before = device.read_bytes()
    assert run(image, device, "--yes") == 6
    assert device.read_bytes() == before


def test_a_device_that_is_really_mounted(
    image: Path, loop: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # Kernels for containers often know no FAT.
    subprocess.run([need("mkfs.ext4"), "-qF", loop], check=True, capture_output=True, timeout=60)
    where = tmp_path / "mounted"
    where.mkdir()
    mounted = subprocess.run(["mount", loop, where], capture_output=True, text=True, timeout=60, check=False)
    if mounted.returncode != 0:
        pytest.skip(f"mounting does not work here: {mounted.stderr.strip()}")
    try:
        assert run(image, loop, "--yes") == 6
        assert str(where) in capsys.readouterr().err
    finally:
        subprocess.run(["umount", where], check=True, timeout=60)


def test_a_device_that_the_kernel_gives_to_somebody_else(image: Path, loop: str, device: Path) -> None:
    before = device.read_bytes()
    taken = os.open(loop, os.O_RDONLY | os.O_EXCL)
    try:
        assert run(image, loop, "--yes") == 6
    finally:
        os.close(taken)
    assert device.read_bytes() == before
