"""The catalogue names every model once and the lock pins every package."""

from __future__ import annotations

import re

import pytest

from assistant.models.catalogue import CATALOGUE, LANGUAGES, REQUIRED, WAKE_WORDS, by_task, choose, entry
from assistant.models.fetch import LOCK, requirement_blocks
from common.errors import InvalidInput, NotFound


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


@pytest.mark.parametrize("task", ["asr", "tts", "wake"])
def test_what_can_be_chosen_has_an_id_of_its_own_and_is_always_fetched(task: str) -> None:
    ids = [model.id for model in by_task(task)]
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch("[a-z][a-z0-9_]*", each) for each in ids)
    assert not any(model.optional for model in by_task(task))


def test_a_wake_word_says_its_phrase() -> None:
    assert WAKE_WORDS
    assert all(re.fullmatch("[a-z]+( [a-z]+)*", word.phrase) for word in WAKE_WORDS.values())


@pytest.mark.parametrize("task", ["asr", "tts"])
def test_the_first_of_a_language_is_chosen_unless_another_is_named(task: str) -> None:
    for language in LANGUAGES:
        first, *_ = [model for model in by_task(task) if model.language == language]
        assert choose(task, language) == first == choose(task, language, first.id)


@pytest.mark.parametrize(("language", "wanted"), [("tlh", ""), (next(iter(LANGUAGES)), "nobody")])
def test_a_voice_that_is_not_there_lists_those_that_are(language: str, wanted: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        choose("tts", language, wanted)
    assert by_task("tts")[0].id in (caught.value.hint or "")


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
