"""From text to phonemes, and to the ids of a voice."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.models.store import ModelStore
from assistant.speech.espeak import clause_phonemes
from assistant.speech.phonemes import VoiceConfig, phoneme_ids, phonemes, sentences
from common.errors import InvalidInput, ModelError

VOICE = "en-us"


@pytest.fixture(scope="module")
def config(store: ModelStore) -> VoiceConfig:
    return VoiceConfig.read(store.path("piper-joe-en-us", "en_US-joe-medium.onnx.json"))


def test_a_word_has_its_sounds() -> None:
    assert clause_phonemes("hello", VOICE).replace("\u02c8", "") == "h\u0259lo\u028a"


def test_punctuation_is_kept_at_its_place() -> None:
    spoken = phonemes("Hello, world; fine: thanks!", VOICE)
    assert [char for char in spoken if char in ",;:!?."] == [",", ";", ":", "!"]


def test_a_point_inside_a_number_is_no_clause() -> None:
    assert "." not in phonemes("version 3.5", VOICE)


def test_brackets_and_control_characters_do_no_harm() -> None:
    assert phonemes("a [[b]] <c>\x00\n d", VOICE)


def test_nothing_to_say_has_no_phonemes() -> None:
    assert phonemes("", VOICE) == ""


def test_unknown_voice_is_named() -> None:
    with pytest.raises(InvalidInput) as caught:
        clause_phonemes("hello", "xx-none")
    assert "xx-none" in caught.value.message


def test_threads_get_the_phonemes_of_their_own_text() -> None:
    words = ["kitchen", "bedroom", "hallway", "garage"] * 8
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda word: clause_phonemes(word, VOICE), words))
    assert together == [clause_phonemes(word, VOICE) for word in words]


def test_ids_are_padded_between_start_and_end(config: VoiceConfig) -> None:
    assert phoneme_ids("a", config) == [1, 0, 14, 0, 2]


def test_unknown_phonemes_are_left_out(config: VoiceConfig) -> None:
    assert phoneme_ids("\u2603", config) == phoneme_ids("", config)


def test_damaged_configuration_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "voice.json"
    path.write_text('{"audio": {}}')
    with pytest.raises(ModelError):
        VoiceConfig.read(path)


def test_sentences_end_at_their_marks() -> None:
    assert list(sentences("It is 3.5. Really? Yes! ok")) == ["It is 3.5.", "Really?", "Yes!", "ok"]


def test_marks_alone_are_no_sentence() -> None:
    assert list(sentences(" ... !! ")) == []


@given(st.text(alphabet=st.sampled_from("abc ,.?!;:\n3"), max_size=600))
def test_no_letter_is_lost_and_no_piece_is_long(text: str) -> None:
    pieces = list(sentences(text))
    kept = [char for piece in pieces for char in piece if char.isalnum()]
    assert kept == [char for char in text if char.isalnum()]
    assert all(len(piece) <= 240 for piece in pieces)


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=60))
def test_any_text_has_ids(config: VoiceConfig, text: str) -> None:
    ids = phoneme_ids(phonemes(text, config.espeak_voice), config)
    assert ids[0] == 1 and ids[-1] == 2
