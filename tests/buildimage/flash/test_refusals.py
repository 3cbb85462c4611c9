"""What `flash` refuses before anything is written: images, devices and command lines."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.buildimage.flash.disk import (
    IMAGE_SIZE,
    MIB,
    Terminal,
    flash,
    run,
)


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("compressed", [False, True])
def test_a_device_that_is_too_small(
    image: Path, packed: Path, device: Path, idle: Any, capsys: pytest.CaptureFixture[str], compressed: bool
) -> None:
    small = device.with_name("small")
    small.write_bytes(b"\xa5" * (IMAGE_SIZE - 512))
    assert run(packed if compressed else image, small, "--yes", machine=idle) == 4
    assert small.read_bytes() == b"\xa5" * (IMAGE_SIZE - 512)
    assert str(IMAGE_SIZE) in capsys.readouterr().err


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("what", ["empty", "zeros", "noise", "header", "entries"])
def test_a_file_that_is_no_disk_image(image: Path, device: Path, idle: Any, what: str) -> None:
    content = bytearray(image.read_bytes())
    if what == "header":
        content[512 + 40] ^= 1
    elif what == "entries":
        content[2 * 512 + 40] ^= 1
    other = {"empty": b"", "zeros": bytes(MIB * 3), "noise": os.urandom(MIB * 3)}.get(what, bytes(content))
    image.write_bytes(other)
    assert run(image, device, "--yes", machine=idle) == 2


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("length", [IMAGE_SIZE - 512, IMAGE_SIZE + 512])
def test_a_raw_image_of_another_length_than_its_table_says(
    image: Path, device: Path, idle: Any, length: int
) -> None:
    os.truncate(image, length)
    assert run(image, device, "--yes", machine=idle) == 7


@pytest.mark.usefixtures("untouched")
def test_an_image_above_the_limit(
    image: Path, device: Path, idle: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flash, "MAX_IMAGE", IMAGE_SIZE - 1)
    assert run(image, device, "--yes", machine=idle) == 4


@pytest.mark.usefixtures("untouched")
def test_an_image_that_is_not_what_sha256sums_lists(
    image: Path, device: Path, idle: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    image.with_name("SHA256SUMS").write_text(f"{'0' * 64}  other\n{'1' * 64} *{image.name}\n")
    assert run(image, device, "--yes", machine=idle) == 7
    assert "Nothing was written" in capsys.readouterr().err


def test_an_image_that_is_what_sha256sums_lists(image: Path, device: Path, idle: Any) -> None:
    sums = subprocess.run(["sha256sum", image.name], cwd=image.parent, capture_output=True, check=True)
    image.with_name("SHA256SUMS").write_bytes(sums.stdout)
    assert run(image, device, "--yes", machine=idle) == 0


def test_a_list_that_does_not_name_the_image_is_said(
    image: Path, device: Path, idle: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    image.with_name("SHA256SUMS").write_text(f"{'1' * 64}  other\n")
    assert run(image, device, "--yes", machine=idle) == 0
    assert "not checked" in capsys.readouterr().out


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("arguments", [["{image}"], ["--config-only", "{device}"], [], ["--config-only"]])
def test_a_wrong_command_line(image: Path, device: Path, arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run(*[argument.format(image=image, device=device) for argument in arguments])
    assert ended.value.code == 2


@pytest.mark.usefixtures("untouched")
def test_no_terminal_to_ask(image: Path, device: Path, idle: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("disk\n"))
    assert run(image, device, machine=idle) == 10


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("answer", ["", "\n", "yes\n", "sdq\n"])
def test_another_word_than_the_devices_name(
    image: Path, device: Path, idle: Any, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal(answer))
    assert run(image, device, machine=idle) == 10


def test_the_devices_name_confirms_what_is_shown(
    image: Path, device: Path, idle: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal("disk\n"))
    assert run(image, device, machine=idle) == 0
    assert "sotto_1" in capsys.readouterr().out


@pytest.mark.usefixtures("untouched")
def test_without_zstd(
    packed: Path, device: Path, idle: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert run(packed, device, "--yes", machine=idle) == 5


@pytest.mark.parametrize(("path", "status"), [("missing", 3), (".", 6), ("/dev/null", 6)])
def test_something_that_is_no_disk(image: Path, tmp_path: Path, idle: Any, path: str, status: int) -> None:
    assert run(image, tmp_path / path, "--yes", machine=idle) == status
    assert not (tmp_path / "missing").exists()


def test_the_image_itself_as_the_device(image: Path, idle: Any) -> None:
    assert run(image, image, "--yes", machine=idle) == 6


@pytest.mark.usefixtures("untouched")
def test_an_image_that_is_a_pipe(device: Path, tmp_path: Path, idle: Any) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert run(tmp_path / "pipe", device, "--yes", machine=idle) == 2
