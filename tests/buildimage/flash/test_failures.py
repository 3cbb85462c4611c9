"""What a failure or an interruption amid writing leaves."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.buildimage.flash.disk import (
    IMAGE_SIZE,
    MIB,
    SCRIPT,
    WRITES,
    flash,
    has_table,
    need,
    run,
    starts_with,
)

PAUSED_IN_A_WRITE = """
import os, runpy, signal, sys, time
# Where these tests run in the background, a shell has switched SIGINT off for all that it started.
signal.signal(signal.SIGINT, signal.default_int_handler)
real, calls = os.pwrite, 0
def slow(fd, data, offset):
    global calls
    calls += 1
    if calls == 5:
        print("in a write", flush=True)
        time.sleep(60)
    return real(fd, data, offset)
os.pwrite = slow
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 130), (signal.SIGKILL, -signal.SIGKILL)]
)
def test_a_signal_amid_writing_leaves_no_table(
    packed: Path, image: Path, device: Path, number: signal.Signals, status: int
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", PAUSED_IN_A_WRITE, SCRIPT, packed, device, "--yes"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert any("in a write" in line for line in process.stdout), "it ended before the write"
        process.send_signal(number)
        _, complaint = process.communicate(timeout=120)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == status
    assert not has_table(device)
    if status == 130:
        assert f"{device} is incomplete" in complaint


@pytest.mark.parametrize("cut", range(3, WRITES + 1))
def test_a_device_that_goes_away_at_any_write_has_no_table(
    image: Path, device: Path, idle: Any, monkeypatch: pytest.MonkeyPatch, cut: int
) -> None:
    writes = _count_writes(monkeypatch, cut)
    assert run(image, device, "--yes", machine=idle) == 8
    assert len(writes) >= cut
    assert not has_table(device)


def test_the_table_is_the_last_thing_written(
    image: Path, device: Path, idle: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    writes = _count_writes(monkeypatch, None)
    assert run(image, device, "--yes", machine=idle) == 0
    assert len(writes) == WRITES
    assert writes[-1] == 0


def _count_writes(monkeypatch: pytest.MonkeyPatch, cut: int | None) -> list[int]:
    """Offsets of all writes; from the write number `cut` on the device is gone."""
    real, writes = flash.write_at, list[int]()

    def write_at(fd: int, data: bytes, offset: int) -> None:
        writes.append(offset)
        if cut is not None and len(writes) >= cut:
            raise flash.Failed("the device is gone")
        real(fd, data, offset)

    monkeypatch.setattr(flash, "write_at", write_at)
    return writes


@pytest.mark.parametrize("damaged", [700, MIB, 5 * MIB + 12345, IMAGE_SIZE - 1])
def test_a_byte_that_comes_back_different_is_named(
    image: Path,
    device: Path,
    idle: Any,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    damaged: int,
) -> None:
    os.truncate(device, IMAGE_SIZE)
    monkeypatch.setattr(flash, "write_at", _worn(damaged))
    assert run(image, device, "--yes", machine=idle) == 9
    assert f"first at byte {damaged}\n" in capsys.readouterr().err.replace(".", "\n")
    assert not has_table(device)


def test_without_reading_back_a_worn_device_is_not_noticed(
    image: Path, device: Path, idle: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flash, "write_at", _worn(5 * MIB))
    assert run(image, device, "--yes", "--no-verify", machine=idle) == 0
    assert not starts_with(device, image)


def _worn(damaged: int) -> Callable[[int, bytes, int], None]:
    """A `write_at` to a device whose byte at `damaged` has one bit that flips."""
    real = flash.write_at

    def write_at(fd: int, data: bytes, offset: int) -> None:
        # Zeros in such a piece only take away what was there.
        if data != bytes(MIB) and offset <= damaged < offset + len(data):
            changed = bytearray(data)
            changed[damaged - offset] ^= 0x10
            data = bytes(changed)
        real(fd, data, offset)

    return write_at


@pytest.mark.parametrize("damage", ["cut off", "one byte", "checksum", "longer than its table says"])
def test_a_damaged_zstd_image_leaves_no_table(
    packed: Path, device: Path, idle: Any, capsys: pytest.CaptureFixture[str], damage: str
) -> None:
    content = bytearray(packed.read_bytes())
    if damage == "cut off":
        del content[-MIB:]
    elif damage == "one byte":
        content[-MIB] ^= 1
    elif damage == "checksum":
        # Every block unpacks; only zstd's last word says that something is wrong.
        content[-1] ^= 1
    else:
        more = subprocess.run([need("zstd"), "-c"], input=b"more", capture_output=True, check=True)
        content += more.stdout
    packed.write_bytes(content)
    assert run(packed, device, "--yes", machine=idle) == 7
    assert "incomplete" in capsys.readouterr().err
    assert not has_table(device)


def test_an_image_that_changes_between_two_readings(
    image: Path, device: Path, idle: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = flash.write_at

    def write_at(fd: int, data: bytes, offset: int) -> None:
        if offset == 4 * MIB:
            with image.open("r+b") as file:
                file.seek(2 * MIB)
                file.write(b"changed")
        real(fd, data, offset)

    monkeypatch.setattr(flash, "write_at", write_at)
    assert run(image, device, "--yes", "--no-verify", machine=idle) == 7
    assert not has_table(device)


def test_a_device_may_take_less_than_it_is_given(
    image: Path, device: Path, idle: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.pwrite
    monkeypatch.setattr(os, "pwrite", lambda fd, data, offset: real(fd, data[:1000000], offset))
    assert run(image, device, "--yes", "--no-verify", machine=idle) == 0
    assert starts_with(device, image)


def test_a_write_that_fails_says_where(
    image: Path, device: Path, idle: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real = os.pwrite

    def pwrite(fd: int, data: Any, offset: int) -> int:
        if 8 * MIB <= offset < IMAGE_SIZE:
            raise OSError(5, "Input/output error")
        return real(fd, data, offset)

    monkeypatch.setattr(os, "pwrite", pwrite)
    assert run(image, device, "--yes", machine=idle) == 8
    complaint = capsys.readouterr().err
    assert "Input/output error" in complaint
    assert "incomplete" in complaint
