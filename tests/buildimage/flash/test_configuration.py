"""The `sotto.toml` that `flash` places."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from tests.buildimage.flash.disk import (
    CONFIG,
    ESP_AT,
    ESP_SIZE,
    IMAGE_SIZE,
    MIB,
    partition,
    placed,
    run,
    starts_with,
)


def test_a_configuration_is_on_the_esp(image: Path, device: Path, config: Path, idle: Any) -> None:
    assert run(image, device, "--yes", "--config", config, machine=idle) == 0
    assert placed(device) == CONFIG


def test_a_configuration_alone_replaces_the_one_before(
    image: Path, device: Path, config: Path, idle: Any
) -> None:
    assert run(image, device, "--yes", "--config", config, machine=idle) == 0
    slot = device.read_bytes()[ESP_AT + ESP_SIZE :]
    config.write_bytes(b'name = "Hall"\n')
    assert run("--config-only", device, "--config", config, machine=idle) == 0
    assert placed(device) == b'name = "Hall"\n'
    assert device.read_bytes()[ESP_AT + ESP_SIZE :] == slot


@pytest.mark.parametrize("label", ["", "other_1"])
def test_a_configuration_alone_for_a_disk_that_is_not_ours(
    device: Path, config: Path, idle: Any, label: str
) -> None:
    os.truncate(device, 0)
    os.truncate(device, IMAGE_SIZE)
    if label:
        partition(device, label)
    before = device.read_bytes()
    assert run("--config-only", device, "--config", config, machine=idle) == 6
    assert device.read_bytes() == before


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize(
    ("content", "status", "word"),
    [
        (b'name = "Kitchen', 2, "valid TOML"),
        ("name = “Kitchen”".encode(), 2, "straight quotes"),
        (b"name = \xff", 2, "byte 7"),
        (b"\xef\xbb\xbfname = 1", 2, "byte order mark"),
        (b"x = " + b"[" * 30000, 2, "nested"),
        (b"#" * (64 * 1024 + 1), 4, "64 KiB"),
    ],
    ids=["open text", "curly quotes", "not UTF-8", "byte order mark", "deep", "large"],
)
def test_a_configuration_that_cannot_be_used(
    image: Path,
    device: Path,
    config: Path,
    idle: Any,
    capsys: pytest.CaptureFixture[str],
    content: bytes,
    status: int,
    word: str,
) -> None:
    config.write_bytes(content)
    assert run(image, device, "--yes", "--config", config, machine=idle) == status
    assert word in capsys.readouterr().err


@pytest.mark.usefixtures("untouched")
def test_a_configuration_that_is_missing(image: Path, device: Path, tmp_path: Path, idle: Any) -> None:
    assert run(image, device, "--yes", "--config", tmp_path / "none.toml", machine=idle) == 3


@pytest.mark.usefixtures("untouched")
def test_a_password_is_not_in_the_complaint(
    image: Path, device: Path, config: Path, idle: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    config.write_bytes(b'[wifi]\npassword = "hunter2 is secret\n')
    assert run(image, device, "--yes", "--config", config, machine=idle) == 2
    assert "hunter2" not in "".join(capsys.readouterr())


@pytest.mark.usefixtures("untouched")
def test_without_mtools(
    image: Path, device: Path, config: Path, idle: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert run(image, device, "--yes", "--config", config, machine=idle) == 5


def test_an_esp_that_mtools_cannot_use_leaves_a_whole_image_and_says_so(
    image: Path, device: Path, config: Path, idle: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    with image.open("r+b") as file:
        file.seek(ESP_AT)
        file.write(bytes(MIB))
    assert run(image, device, "--yes", "--config", config, machine=idle) == 8
    assert starts_with(device, image)
    assert "--config-only" in capsys.readouterr().err
