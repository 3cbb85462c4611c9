"""Where a whole recording is recognised."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from assistant.audio.format import SAMPLE_RATE, Samples
from assistant.hearing.activity import VoiceActivity
from assistant.hearing.silero import WINDOW_SAMPLES
from assistant.hearing.stretches import Stretch, speech_stretches
from assistant.hearing.vad_gate import VadGate

LOUD, FAINT = 3000, 20


class OpenGate(VadGate):
    """A gate that is always open."""

    def process(self, frame: Samples) -> bool:
        return True


class LoudIsSpeech:
    """A network that takes a window for speech if one of its samples is loud."""

    def __init__(self) -> None:
        self._window = np.zeros(0, np.int16)

    @property
    def pending(self) -> int:
        return len(self._window)

    def process(self, frame: Samples) -> float | None:
        self._window = np.concatenate([self._window, frame])
        if len(self._window) < WINDOW_SAMPLES:
            return None
        window, self._window = np.split(self._window, [WINDOW_SAMPLES])
        return float(np.abs(window).max() >= LOUD)

    def reset(self) -> None:
        self._window = np.zeros(0, np.int16)


def piece(level: int, seconds: float) -> Samples:
    """A wave of that level, without a mean."""
    return np.where(np.arange(int(seconds * SAMPLE_RATE)) % 2, level, -level).astype(np.int16)


def stretches(*pieces: tuple[int, float]) -> list[Stretch]:
    audio = np.concatenate([piece(level, seconds) for level, seconds in pieces])
    return speech_stretches(audio, VoiceActivity(OpenGate(), LoudIsSpeech()))  # type: ignore[arg-type]


def rounded(found: list[Stretch]) -> list[tuple[float, float]]:
    return [(round(each.start / SAMPLE_RATE, 1), round(each.end / SAMPLE_RATE, 1)) for each in found]


def test_without_speech_there_is_no_stretch() -> None:
    assert stretches((LOUD // 2, 5.0)) == []


def test_a_recording_without_samples_has_no_stretch() -> None:
    assert stretches((0, 0.0)) == []


def test_noise_around_speech_is_left_out() -> None:
    found = stretches((1000, 3.0), (LOUD, 1.0), (1000, 3.0))
    assert rounded(found) == [(2.5, 4.2)]
    assert round(found[0].speech_s, 1) == 1.0


def test_the_quiet_around_speech_stays_beside_its_core() -> None:
    found = stretches((FAINT, 3.0), (LOUD, 1.0), (FAINT, 3.0))
    assert rounded(found) == [(0.0, 7.0)]
    assert round(found[0].core_start / SAMPLE_RATE, 1) == 2.5
    assert round(found[0].core_end / SAMPLE_RATE, 1) == 4.2


def test_a_long_quiet_does_not_stay() -> None:
    assert rounded(stretches((FAINT, 8.0), (LOUD, 1.0), (FAINT, 8.0))) == [(7.5, 9.2)]


def test_a_pause_of_a_speaker_does_not_divide() -> None:
    assert rounded(stretches((LOUD, 1.0), (1000, 1.5), (LOUD, 1.0))) == [(0.0, 3.5)]


def test_noise_between_two_sentences_divides_them() -> None:
    assert rounded(stretches((LOUD, 1.0), (1000, 4.0), (LOUD, 1.0))) == [(0.0, 1.2), (4.5, 6.0)]


def test_quiet_between_two_sentences_does_not_divide_them() -> None:
    assert rounded(stretches((LOUD, 1.0), (FAINT, 4.0), (LOUD, 1.0))) == [(0.0, 6.0)]


@given(
    st.lists(
        st.tuples(st.sampled_from([0, FAINT, 1000, LOUD]), st.floats(0.005, 3.0)), min_size=1, max_size=6
    )
)
def test_stretches_are_in_order_and_hold_all_speech(pieces: list[tuple[int, float]]) -> None:
    found = stretches(*pieces)
    length = sum(len(piece(level, seconds)) for level, seconds in pieces)
    for each in found:
        assert 0 <= each.start <= each.core_start <= each.core_end <= each.end <= length
        assert each.core_start <= each.speech_start < each.speech_end <= each.end
    for one, next_one in pairwise(found):
        assert one.end <= next_one.start
    if any(level == LOUD and seconds > 0.1 for level, seconds in pieces):
        assert found
