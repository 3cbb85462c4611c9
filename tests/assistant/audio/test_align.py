from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.audio.align import Aligner, lag_of
from assistant.audio.format import FRAME_SAMPLES, SAMPLE_RATE, Samples

#: Samples by which the aligned reference is ahead of its echo (`align._AHEAD`).
AHEAD = 64


def noise(seconds: float, level: float = 3000.0, seed: int = 1) -> Samples:
    return np.random.default_rng(seed).normal(0, level, int(seconds * SAMPLE_RATE)).astype(np.int16)


def late(samples: Samples, by: int) -> Samples:
    return np.concatenate([np.zeros(by, np.int16), samples])[: len(samples)]


def run(aligner: Aligner, heard: Samples, played: Samples) -> Samples:
    pairs = zip(heard.reshape(-1, FRAME_SAMPLES), played.reshape(-1, FRAME_SAMPLES), strict=True)
    return np.concatenate([aligner.process(*pair) for pair in pairs])


@settings(max_examples=20, deadline=None)
@given(lag=st.integers(AHEAD, 7900), loud=st.floats(0.05, 1.0))
def test_the_lag_of_an_echo_is_found_to_the_sample(lag: int, loud: float) -> None:
    played = noise(1)
    heard = (late(played, lag) * loud).astype(np.int16) + noise(1, 20, seed=2)
    aligner = Aligner()
    aligned = run(aligner, heard, played)
    assert aligner.lag == lag
    last = slice(-FRAME_SAMPLES * 10, None)
    assert np.array_equal(aligned[last], late(played, lag - AHEAD)[last])


def test_each_reply_has_a_lag_of_its_own() -> None:
    aligner, played = Aligner(), noise(1)
    found: list[int | None] = []
    for lag in (400, 900):
        aligner.begin()
        assert aligner.lag is None
        run(aligner, late(played, lag), played)
        found.append(aligner.lag)
    assert found == [400, 900]


def test_a_device_that_ran_dry_is_followed() -> None:
    played = noise(3)
    heard = np.concatenate([late(played, 900)[:SAMPLE_RATE], late(played, 400)[SAMPLE_RATE:]])
    aligner = Aligner()
    run(aligner, heard, played)
    assert aligner.lag == 400


@pytest.mark.parametrize(
    "heard", [np.zeros(2 * SAMPLE_RATE, np.int16), noise(2, seed=3)], ids=["silence", "another"]
)
def test_without_an_echo_there_is_no_lag(heard: Samples) -> None:
    aligner = Aligner()
    run(aligner, heard, noise(2))
    assert aligner.lag is None


def test_silence_has_no_lag() -> None:
    aligner = Aligner()
    run(aligner, noise(2), np.zeros(2 * SAMPLE_RATE, np.int16))
    assert aligner.lag is None


def test_a_person_louder_than_the_echo_does_not_move_it() -> None:
    played, person = noise(4), np.zeros(4 * SAMPLE_RATE, np.int16)
    person[SAMPLE_RATE:] = noise(3, 9000, seed=5)
    aligner = Aligner()
    run(aligner, (late(played, 700) // 2 + person).astype(np.int16), played)
    assert aligner.lag == 700


def test_frames_are_replayed_with_the_newest_lag() -> None:
    played = noise(1)
    aligner = Aligner()
    run(aligner, late(played, 900), played)
    heard, given_to = zip(*aligner.replayed(), strict=True)
    assert len(heard) == 50
    assert np.array_equal(np.concatenate(given_to)[:-AHEAD], np.concatenate(heard)[AHEAD:])


def test_silence_has_no_correlation_peak() -> None:
    _, sharpness = lag_of(np.zeros(8192, np.float32), np.zeros(16192, np.float32))
    assert sharpness == 0
