"""The synthesiser: its speech is understood, begins early, and its chunks join exactly."""

from __future__ import annotations

import numpy as np
import pytest
import soxr
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy
from numpy.typing import NDArray

from assistant.audio.format import SAMPLE_RATE, Samples
from assistant.serving.serving import Serving
from assistant.speech.phonemes import phoneme_ids, phonemes
from assistant.speech.recogniser import Recogniser
from assistant.speech.synthesiser import (
    FRAME_SAMPLES,
    Synthesiser,
    SynthesiserSettings,
    chunk_bounds,
    limited,
)
from common.errors import InvalidInput, TooLarge
from tests.hearsay import was_said

SENTENCE = "Turned on the kitchen light."
LONG = "The front door is locked, and the heating is off."


def resampled(sound: Samples, rate: int) -> Samples:
    return np.asarray(soxr.resample(sound, rate, SAMPLE_RATE), np.int16)


@pytest.mark.parametrize("text", [SENTENCE, "Ten minutes, starting now.", "The timer for pasta is done."])
def test_speech_is_understood(synthesiser: Synthesiser, recogniser: Recogniser, text: str) -> None:
    heard = recogniser.transcribe(resampled(synthesiser.synthesise(text), synthesiser.sample_rate))
    words = heard.text.replace("10", "ten")
    assert was_said(words, text), words


def test_first_chunk_is_short(synthesiser: Synthesiser) -> None:
    first = next(synthesiser.stream(SENTENCE))
    assert len(first) == SynthesiserSettings().first_frames * FRAME_SAMPLES


@pytest.mark.parametrize(
    "sizes", [(7, 23), (SynthesiserSettings().first_frames, SynthesiserSettings().max_frames)]
)
@pytest.mark.parametrize("text", ["Okay.", SENTENCE, LONG])
def test_chunks_join_as_if_made_at_once(synthesiser: Synthesiser, text: str, sizes: tuple[int, int]) -> None:
    ids = phoneme_ids(phonemes(text, "en-us"), synthesiser._config)
    latent, mask = synthesiser._run_front(ids, 1.0)
    frames = latent.shape[2]
    whole = synthesiser._sound(latent, mask, 0, frames)
    joined = np.concatenate(
        [synthesiser._sound(latent, mask, *each) for each in chunk_bounds(frames, *sizes)]
    )
    assert joined.shape == whole.shape
    # One step of int16, -90 dB: sums of floats in another order differ by half of one on some renderings.
    assert np.max(np.abs(joined - whole)) < 1 / 32768
    error, signal = np.sum((joined - whole) ** 2), np.sum(whole**2)
    assert 10 * np.log10(error / signal + 1e-20) < -60


def test_level_is_steady_and_not_clipped(synthesiser: Synthesiser) -> None:
    peak = np.max(np.abs(synthesiser.synthesise(SENTENCE).astype(int)))
    assert 8_000 < peak < 32_767


def test_sentences_are_spoken_one_after_the_other(synthesiser: Synthesiser) -> None:
    one = len(synthesiser.synthesise("Okay."))
    both = len(synthesiser.synthesise("Okay. Done for today."))
    assert both > 1.5 * one


def test_faster_speech_is_shorter(serving: Serving, synthesiser: Synthesiser) -> None:
    faster = Synthesiser(serving, SynthesiserSettings(speed=1.6))
    assert len(faster.synthesise(SENTENCE)) < 0.8 * len(synthesiser.synthesise(SENTENCE))


@pytest.mark.parametrize("text", ["", "   ", "...", "\n\t!"])
def test_nothing_to_say_is_silence(synthesiser: Synthesiser, text: str) -> None:
    assert len(synthesiser.synthesise(text)) == 0


def test_long_text_is_refused_before_any_work(synthesiser: Synthesiser) -> None:
    with pytest.raises(TooLarge) as caught:
        synthesiser.stream("a" * 2001)
    assert "2000" in caught.value.message


def test_impossible_speed_is_refused(serving: Serving) -> None:
    with pytest.raises(InvalidInput):
        Synthesiser(serving, SynthesiserSettings(speed=0.0))


def test_closing_the_stream_stops_the_work(synthesiser: Synthesiser) -> None:
    stream = synthesiser.stream("word " * 300)
    next(stream)
    stream.close()
    with pytest.raises(StopIteration):
        next(stream)


@given(st.integers(0, 3000), st.integers(1, 50), st.integers(1, 300))
def test_chunks_cover_all_frames_without_gaps(frames: int, first: int, most: int) -> None:
    bounds = list(chunk_bounds(frames, first, most))
    edges = [0, *(end for _, end in bounds)]
    assert [begin for begin, _ in bounds] == edges[:-1]
    assert edges[-1] == frames
    assert all(0 < end - begin <= 1.5 * max(first, most) + 1 for begin, end in bounds)


@given(st_numpy.arrays(np.float32, 20, elements=st.floats(-4, 4, width=32)), st.floats(0.125, 4.0))
def test_limiting_keeps_order_and_range(sound: NDArray[np.float32], gain: float) -> None:
    ordered = limited(np.sort(sound), gain).astype(int)
    assert np.all(np.diff(ordered) >= 0)
    assert np.max(np.abs(ordered)) <= 32_767


def test_quiet_sound_is_only_scaled() -> None:
    sound = np.array([0.0, 0.1, -0.25], np.float32)
    assert limited(sound, 2.0).tolist() == [0, 6553, -16384]
