"""An image, a device that was used before, and a machine that uses neither."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.buildimage.flash.disk import (
    CONFIG,
    ESP_AT,
    ESP_SIZE,
    IMAGE_SIZE,
    MIB,
    Kernel,
    need,
    partition,
)


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A disk image of 20 MiB: FAT on the ESP, noise in the slot."""
    need("mcopy")
    mkfs = need("mkfs.vfat")
    folder = tmp_path_factory.mktemp("image")
    path = folder / "sotto_1.raw"
    with path.open("wb") as file:
        file.truncate(IMAGE_SIZE)
    partition(path)
    esp = folder / "esp"
    with esp.open("wb") as file:
        file.truncate(ESP_SIZE)
    subprocess.run([mkfs, str(esp)], check=True, capture_output=True, timeout=60)
    with path.open("r+b") as file:
        file.seek(ESP_AT)
        file.write(esp.read_bytes())
        file.seek(ESP_AT + ESP_SIZE)
        file.write(os.urandom(6 * MIB))
    return path


@pytest.fixture
def image(made: Path, tmp_path: Path) -> Path:
    """The image in a folder of this test's own."""
    return Path(shutil.copy(made, tmp_path / made.name))


@pytest.fixture
def packed(image: Path) -> Path:
    """The image compressed with zstd, as a download has it."""
    path = image.with_name("sotto_1.raw.zst")
    subprocess.run([need("zstd"), "-q", "-1", str(image), "-o", str(path)], check=True, timeout=60)
    return path


@pytest.fixture
def device(made: Path, tmp_path: Path) -> Path:
    """A file of 24 MiB with an older table at both ends and old data between."""
    path = tmp_path / "disk"
    path.write_bytes(b"\xa5" * (24 * MIB))
    with path.open("r+b") as file:
        file.write(made.read_bytes()[: 34 * 512])
        file.seek(-512, os.SEEK_END)
        file.write(b"EFI PART")
    return path


@pytest.fixture
def kernel(tmp_path: Path) -> Kernel:
    return Kernel(tmp_path / "kernel")


@pytest.fixture
def idle(kernel: Kernel) -> Any:
    """A machine that uses none of the test's devices."""
    return kernel.machine()


@pytest.fixture
def untouched(device: Path) -> Iterator[None]:
    before = device.read_bytes()
    yield
    assert device.read_bytes() == before, "the device was written to"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A `sotto.toml` to place."""
    path = tmp_path / "mine.toml"
    path.write_bytes(CONFIG)
    return path
