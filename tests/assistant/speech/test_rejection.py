from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.audio.files import read_audio
from assistant.speech.recogniser import Recogniser
from assistant.speech.rejection import Evidence, RejectionSettings, ends_in_a_loop, is_accepted, is_invented
from tests.assistant.speech.conftest import ListGrammar

nats = st.floats(-20, 0)


@given(st.integers(1, 40), nats, nats, nats, st.floats(0, 5))
def test_better_evidence_is_never_believed_less(
    tokens: int, ratio: float, mean: float, worst: float, more: float
) -> None:
    settings = RejectionSettings()
    if is_accepted(Evidence(tokens, ratio, mean, worst), settings):
        assert is_accepted(Evidence(tokens, ratio + more, mean + more, worst + more), settings)


@given(nats, nats, nats)
def test_a_shorter_sentence_needs_no_less_evidence(ratio: float, mean: float, worst: float) -> None:
    settings = RejectionSettings()
    believed = [is_accepted(Evidence(tokens, ratio, mean, worst), settings) for tokens in (3, 6, 12)]
    assert believed == sorted(believed)


def test_one_word_is_believed_as_people_say_it_and_not_as_noise_has_it() -> None:
    assert is_accepted(Evidence(3, 0.0, -0.52, -1.56), RejectionSettings())
    assert not is_accepted(Evidence(3, 0.0, -1.06, -3.19), RejectionSettings())


def test_kitchen_noise_says_neither_yes_nor_no(recogniser: Recogniser, speech_dir: Path) -> None:
    grammar = ListGrammar(["yes", "yeah", "no", "stop"])
    noise = read_audio(speech_dir / "noise" / "kitchen.wav", max_seconds=200)
    rng = np.random.default_rng(1)
    for _ in range(60):
        length = int(rng.uniform(0.5, 3) * 16_000)
        at = int(rng.integers(0, len(noise) - length))
        assert not grammar.parses(recogniser.transcribe(noise[at : at + length], grammar).text)


@given(st.integers(1, 40), nats, st.floats(0, 10), st.floats(0, 5))
def test_more_evidence_never_makes_a_text_invented(
    tokens: int, mean: float, speech_s: float, more: float
) -> None:
    settings = RejectionSettings()
    if not is_invented("words", tokens, mean, speech_s, settings):
        assert not is_invented("words", tokens, min(mean + more, 0.0), speech_s + more, settings)


@pytest.mark.parametrize(
    ("text", "tokens", "mean", "speech_s"),
    [
        ("Yes.", 2, -0.52, 0.16),
        ("Alexa, Alexa,", 6, -0.29, 0.544),
        ("Mignan ice-mocavits, sweetener and soymer.", 17, -0.71, 3.392),
        ("I'd like a twelve ounce mocha.", 11, -0.28, 1.44),
    ],
)
def test_what_people_said_is_not_invented(text: str, tokens: int, mean: float, speech_s: float) -> None:
    """Of real commands, the least certain and the fastest ones."""
    assert not is_invented(text, tokens, mean, speech_s, RejectionSettings())


@pytest.mark.parametrize(
    ("text", "tokens", "mean", "speech_s"),
    [
        ("♪♪♪♪♪", 5, -0.1, 4.0),
        ("Should we?", 3, -1.33, 0.224),
        ("Thank you for watching.", 5, -0.45, 0.192),
        ("So,", 2, -0.8, 0.032),
        ("Alexa, Alexa, Alexa, Alexa, Alexa, Alexa", 17, -0.21, 0.736),
    ],
)
def test_what_was_found_in_other_sound_is(text: str, tokens: int, mean: float, speech_s: float) -> None:
    assert is_invented(text, tokens, mean, speech_s, RejectionSettings())


def test_without_a_time_of_speech_the_text_alone_counts() -> None:
    assert not is_invented("Thank you for watching.", 5, -0.45, None, RejectionSettings())
    assert is_invented("...", 1, -0.1, None, RejectionSettings())


@pytest.mark.parametrize(
    ("text", "loop"),
    [
        ("I'd like to, a little, louder, I'd like to. I'd like to.", True),
        ("Turn it off. Turn it off.", True),
        ("Set a timer for ten minutes, please, can you, can you", True),
        ("Stop. Stop.", False),
        ("I'd like to, I'd like to turn on the light.", False),
        ("Turn on the light.", False),
        ("", False),
    ],
)
def test_a_text_that_repeats_its_end_is_a_loop(text: str, loop: bool) -> None:
    assert ends_in_a_loop(text) is loop
