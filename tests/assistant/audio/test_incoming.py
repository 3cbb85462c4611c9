"""A sound that is played while it is received."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.audio.incoming import IncomingSound
from common.errors import InvalidInput, TooLarge

SAMPLES = np.arange(1000, dtype=np.int16)


def _heard(sound: IncomingSound) -> list[int]:
    return [int(sample) for chunk in sound.chunks() for sample in chunk]


@given(st.lists(st.integers(0, 2000), max_size=20))
def test_however_it_is_cut_it_comes_out_the_same(cuts: list[int]) -> None:
    sound, data = IncomingSound(16_000, 16_000), SAMPLES.tobytes()
    for start, end in zip([0, *sorted(cuts)], [*sorted(cuts), len(data)], strict=True):
        sound.put(data[start:end])
    sound.end()
    assert _heard(sound) == SAMPLES.tolist()
    assert sound.is_whole


def test_what_comes_behind_its_end_is_dropped() -> None:
    sound = IncomingSound(16_000, 16_000)
    sound.end()
    sound.put(SAMPLES.tobytes())
    assert _heard(sound) == []


def test_one_that_is_cut_is_played_as_far_as_it_came() -> None:
    sound = IncomingSound(16_000, 16_000)
    sound.put(SAMPLES.tobytes())
    sound.cut()
    assert _heard(sound) == SAMPLES.tolist()
    assert not sound.is_whole


def test_one_that_goes_on_for_too_long_ends_there() -> None:
    sound = IncomingSound(16_000, 16_000, max_s=0.1)
    sound.put(SAMPLES.tobytes())
    with pytest.raises(TooLarge):
        sound.put(SAMPLES.tobytes())
    assert _heard(sound) == SAMPLES.tolist()


def test_one_of_which_nothing_comes_any_more_is_given_up() -> None:
    sound = IncomingSound(16_000, 16_000, stall_s=0.05)
    sound.put(SAMPLES.tobytes())
    assert _heard(sound) == SAMPLES.tolist()
    assert not sound.is_whole


def test_another_rate_is_brought_to_that_of_the_loudspeaker() -> None:
    sound = IncomingSound(16_000, 22_050)
    sound.put(np.zeros(16_000, np.int16).tobytes())
    sound.end()
    assert len(_heard(sound)) == pytest.approx(22_050, abs=2)


def test_a_rate_that_no_sound_has_is_refused() -> None:
    with pytest.raises(InvalidInput):
        IncomingSound(1, 22_050)
