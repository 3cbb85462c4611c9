from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from assistant.audio.chimes import tone
from assistant.audio.convert import (
    Resampler,
    level_dbfs,
    remove_dc,
    resample,
    to_floats,
    to_int16,
    to_mono_int16,
)
from assistant.audio.format import Samples
from common.errors import InvalidInput

int16s = hnp.arrays(np.int16, st.integers(1, 200))


@given(int16s)
def test_floats_and_back_is_exact(samples: Samples) -> None:
    assert np.array_equal(to_int16(to_floats(samples)), samples)


@given(hnp.arrays(np.float32, st.integers(1, 50), elements=st.floats(-8, 8, width=32)))
def test_too_loud_is_clipped_and_never_wrapped(values: NDArray[np.float32]) -> None:
    result = to_int16(values)
    assert np.all(result[values >= 1] == 32_767)
    assert np.all(result[values <= -1] == -32_768)


@given(int16s)
def test_equal_channels_mix_to_themselves(samples: Samples) -> None:
    assert np.array_equal(to_mono_int16(np.stack([samples, samples], axis=1)), samples)


def test_loud_channels_mix_without_wrapping() -> None:
    assert to_mono_int16(np.full((4, 2), 32_767, np.int16)).tolist() == [32_767] * 4


def test_32_bit_samples_keep_their_scale() -> None:
    assert to_mono_int16(np.array([2**30, -(2**30)], np.int32)).tolist() == [16_384, -16_384]


@pytest.mark.parametrize("block", [np.zeros((2, 2, 2), np.int16), np.zeros(4, np.complex64)])
def test_what_is_not_sound_is_refused(block: NDArray[np.generic]) -> None:
    with pytest.raises(InvalidInput) as caught:
        to_mono_int16(block)
    assert caught.value.code == "audio.format"


def test_a_full_sine_is_3_db_below_full_scale() -> None:
    assert level_dbfs(tone(16_000, 1000, 1.0, 1.0)[1600:-1600]) == pytest.approx(-3.01, abs=0.02)


@pytest.mark.parametrize("samples", [np.zeros(160, np.int16), np.full(160, 9000, np.int16)])
def test_without_movement_there_is_no_level(samples: Samples) -> None:
    assert level_dbfs(samples) == -100


def test_an_empty_block_has_no_level() -> None:
    assert level_dbfs(np.zeros(0, np.int16)) == -100


def test_a_large_offset_is_taken_off() -> None:
    wave = tone(16_000)
    shifted = (wave.astype(np.int32) + 3000).astype(np.int16)
    assert np.abs(remove_dc(shifted).astype(np.int32) - wave).max() <= 2


def test_a_small_offset_leaves_the_clip_as_it_is() -> None:
    shifted = (tone(16_000) + 100).astype(np.int16)
    assert remove_dc(shifted) is shifted


@pytest.mark.parametrize("rate", [8_000, 22_050, 44_100, 48_000])
def test_resampling_a_stream_equals_resampling_the_whole(rate: int) -> None:
    wave = tone(rate, 440, 0.7)
    resampler = Resampler(rate, 16_000)
    parts = [resampler.process(wave[at : at + 441]) for at in range(0, len(wave), 441)]
    streamed = np.concatenate([*parts, resampler.flush()])
    whole = resample(wave, rate, 16_000)
    assert abs(len(streamed) - 11_200) <= 2
    assert np.abs(streamed.astype(np.int32) - whole).max() <= 2


def test_the_same_rate_changes_nothing() -> None:
    wave = tone(16_000)
    resampler = Resampler(16_000, 16_000)
    assert np.array_equal(np.concatenate([resampler.process(wave), resampler.flush()]), wave)


@pytest.mark.parametrize("rate", [0, -16_000, 1_000, 10_000_000])
def test_an_unreasonable_rate_is_refused(rate: int) -> None:
    with pytest.raises(InvalidInput) as caught:
        Resampler(rate, 16_000)
    assert caught.value.code == "audio.rate"


def test_channels_that_cancel_out_are_still_heard() -> None:
    wave = (8000 * np.sin(np.arange(1600) / 5)).astype(np.int16)
    assert level_dbfs(to_mono_int16(np.stack([wave, -wave], axis=1))) > -20
    quiet = to_mono_int16(np.stack([wave, np.zeros_like(wave)], axis=1))
    assert np.abs(quiet - wave / 2).max() <= 1
