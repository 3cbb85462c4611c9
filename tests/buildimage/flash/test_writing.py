"""What `flash` writes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.buildimage.flash.disk import (
    IMAGE_SIZE,
    MIB,
    SCRIPT,
    run,
    starts_with,
)


def test_a_raw_image_is_on_the_device_afterwards(image: Path, device: Path, idle: Any) -> None:
    assert run(image, device, "--yes", machine=idle) == 0
    assert starts_with(device, image)


def test_a_zstd_image_is_unpacked_onto_the_device(packed: Path, image: Path, device: Path, idle: Any) -> None:
    assert run(packed, device, "--yes", machine=idle) == 0
    assert starts_with(device, image)


def test_a_device_of_exactly_the_images_size_is_large_enough(image: Path, device: Path, idle: Any) -> None:
    os.truncate(device, IMAGE_SIZE)
    assert run(image, device, "--yes", machine=idle) == 0
    assert starts_with(device, image)


def test_an_older_backup_table_at_the_end_is_gone(image: Path, device: Path, idle: Any) -> None:
    assert run(image, device, "--yes", machine=idle) == 0
    assert device.read_bytes()[-MIB:] == bytes(MIB)


def test_it_stands_alone_and_explains_itself(image: Path, device: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copy(SCRIPT, tmp_path / "flash"))
    assert os.access(SCRIPT, os.X_OK)
    text = subprocess.run(
        [sys.executable, "-I", copy, "--help"], capture_output=True, text=True, check=True, timeout=60
    ).stdout
    assert "130" in text
    assert "systemd-repart" in text
    done = subprocess.run([sys.executable, "-I", copy, image, device, "--yes"], timeout=60, check=False)
    assert done.returncode == 0
    assert starts_with(device, image)
