from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.audio.chimes import tone
from assistant.audio.format import FRAME_SAMPLES, SAMPLE_RATE, Samples
from assistant.audio.frame_cutter import FrameCutter
from common.errors import InvalidInput


def cut(cutter: FrameCutter, parts: list[Samples]) -> Samples:
    """All frames that the parts give, one after the other."""
    frames: list[Samples] = []
    for part in parts:
        found = cutter.cut(part)
        assert all(frame.shape == (FRAME_SAMPLES,) for frame in found)
        frames += [frame.copy() for frame in found]
    return np.concatenate([np.zeros(0, np.int16), *frames])


@given(st.lists(st.integers(0, 350), max_size=12))
def test_a_stream_of_the_right_format_passes_unchanged_however_it_comes(pairs: list[int]) -> None:
    # The mean of each part is 0, so that no offset is removed.
    half = np.arange(1, sum(pairs) + 1, dtype=np.int16)
    whole = np.stack([half, -half], axis=1).reshape(-1)
    ends = 2 * np.cumsum(pairs[:-1])
    got = cut(FrameCutter(SAMPLE_RATE, 1), np.split(whole, ends) if pairs else [])
    assert np.array_equal(got, whole[: len(whole) // FRAME_SAMPLES * FRAME_SAMPLES])


@pytest.mark.parametrize(("rate", "channels"), [(16_000, 2), (48_000, 1), (44_100, 2)])
def test_another_format_becomes_ours(rate: int, channels: int) -> None:
    wave = tone(rate, 440, 1.0)
    samples = np.repeat(wave, channels)
    size = rate // 50 * channels
    parts = [samples[at : at + size] for at in range(0, len(samples), size)]
    heard = cut(FrameCutter(rate, channels), parts).astype(float)
    assert len(heard) > 0.9 * SAMPLE_RATE
    pitch = np.argmax(np.abs(np.fft.rfft(heard))) * SAMPLE_RATE / len(heard)
    assert abs(pitch - 440) < 2


def test_the_offset_of_a_cheap_microphone_is_removed() -> None:
    wave = (tone(SAMPLE_RATE, 440, 2.0).astype(np.int32) + 4000).astype(np.int16)
    heard = cut(FrameCutter(SAMPLE_RATE, 1), list(wave.reshape(-1, 320)))
    assert abs(float(heard[1600:].mean())) < 20


def test_a_rate_that_no_microphone_has_is_refused() -> None:
    with pytest.raises(InvalidInput):
        FrameCutter(1, 1)
