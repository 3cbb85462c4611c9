"""The catalogue names every model once and the lock pins every package."""

from __future__ import annotations

import re

import pytest

from assistant.models.catalogue import CATALOGUE, REQUIRED, by_task, entry
from assistant.models.fetch import LOCK, requirement_blocks
from common.errors import NotFound


def test_names_are_unique() -> None:
    names = [model.name for model in CATALOGUE]
    assert len(names) == len(set(names))


def test_basenames_are_unique_within_an_entry() -> None:
    for model in CATALOGUE:
        basenames = [file.basename for file in model.files]
        assert len(basenames) == len(set(basenames)), model.name


def test_digests_and_sizes_are_plausible() -> None:
    for model in CATALOGUE:
        for file in model.files:
            assert re.fullmatch("[0-9a-f]{64}", file.sha256), file.path
            assert 0 < file.size < 1 << 30, file.path


def test_paths_stay_inside_the_wheel() -> None:
    for model in CATALOGUE:
        for file in model.files:
            assert not file.path.startswith("/") and ".." not in file.path.split("/")


def test_lock_pins_every_package_with_the_catalogued_version() -> None:
    blocks = requirement_blocks(LOCK.read_text())
    for model in CATALOGUE:
        assert blocks[model.package].startswith(f"{model.package}=={model.version} ")
        assert "--hash=sha256:" in blocks[model.package]


def test_every_wake_model_has_its_configuration_beside_it() -> None:
    for model in by_task("wake"):
        stems = {file.basename.split(".")[0] for file in model.files if "." in file.basename}
        assert len(stems) == 1, model.name


def test_unknown_model_lists_the_known_ones() -> None:
    with pytest.raises(NotFound) as caught:
        entry("whisper")
    assert "moonshine-tiny-en" in caught.value.hint


def test_unknown_file_lists_the_known_ones() -> None:
    with pytest.raises(NotFound) as caught:
        entry("silero-vad").file("x.onnx")
    assert "silero_vad_16k_op15.onnx" in caught.value.hint


def test_an_optional_model_is_catalogued_but_not_required() -> None:
    optional = {model.name for model in CATALOGUE if model.optional}
    assert "smart-turn" in optional
    assert optional.isdisjoint(model.name for model in REQUIRED)
    assert len(REQUIRED) + len(optional) == len(CATALOGUE)
