from __future__ import annotations

from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from assistant.audio.files import read_audio
from assistant.speech.recogniser import Recogniser
from assistant.speech.rejection import Evidence, RejectionSettings, is_accepted
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
