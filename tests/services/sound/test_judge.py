"""Judging one second of an input."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from services.sound.judge import Block, judge
from services.sound.reading import Health

RATE = 8_000


def noise(level_dbfs: float, channels: int = 1, seed: int = 1) -> Block:
    rng = np.random.default_rng(seed)
    return rng.normal(0, 10 ** (level_dbfs / 20), (RATE, channels)).astype(np.float32)


@pytest.mark.parametrize("level", [-90, -60, -30])
def test_noise_of_a_room_is_alive_and_measured(level: float) -> None:
    heard = judge(noise(level), RATE, RATE)
    assert heard.health is Health.ALIVE
    assert heard.noise_dbfs == pytest.approx(level, abs=1.5)


@pytest.mark.parametrize(("value", "word"), [(0.0, "silence"), (0.25, "same value"), (-1.0, "same value")])
def test_what_never_changes_is_stuck(value: float, word: str) -> None:
    heard = judge(np.full((RATE, 2), value, np.float32), RATE)
    assert heard.health is Health.STUCK
    assert word in heard.words


@pytest.mark.parametrize("shape", [(0, 1), (RATE // 10 - 1, 1), (RATE, 0)])
def test_too_little_is_nothing(shape: tuple[int, int]) -> None:
    assert judge(np.ones(shape, np.float32), RATE).health is Health.NOTHING


def test_clipping_is_a_fault() -> None:
    heard = judge(np.clip(noise(-20) * 8, -1, 1), RATE)
    assert heard.health is Health.FLAWED
    assert "clipped" in heard.words


def test_an_offset_is_a_fault_and_does_not_count_as_noise() -> None:
    heard = judge(noise(-60) + np.float32(0.3), RATE)
    assert heard.health is Health.FLAWED
    assert heard.offset == pytest.approx(0.3, abs=0.01)
    assert heard.noise_dbfs < -55


def test_never_being_quiet_is_a_fault() -> None:
    assert "never quiet" in judge(noise(-9), RATE).words


@pytest.mark.parametrize(
    ("arrived", "health"), [(0.97, Health.ALIVE), (0.9, Health.FLAWED), (2.0, Health.FLAWED)]
)
def test_another_rate_than_asked_for_is_a_fault(arrived: float, health: Health) -> None:
    assert judge(noise(-60), RATE, RATE * arrived).health is health


def test_channels_that_are_the_same_or_stuck_count_once_or_not() -> None:
    one, other = noise(-60, seed=1), noise(-60, seed=2)
    block = np.hstack([one, one, other, np.zeros_like(one)])
    heard = judge(block, RATE)
    assert (heard.channels, heard.distinct) == (4, 2)
    assert heard.health is Health.ALIVE


def test_speech_in_a_quiet_room_does_not_raise_its_floor() -> None:
    block = noise(-70)
    block[: RATE // 2] += noise(-10)[: RATE // 2]
    assert judge(block, RATE).noise_dbfs < -65


@given(
    arrays(np.float32, st.tuples(st.integers(0, 1200), st.integers(0, 4)), elements=st.floats(width=32)),
    st.floats(0, 1e6),
)
def test_any_recording_is_judged_with_finite_figures(block: Block, rate_hz: float) -> None:
    heard = judge(block, RATE, rate_hz)
    figures = (heard.noise_dbfs, heard.peak, heard.clipped, heard.offset)
    assert all(np.isfinite(figure) for figure in figures)
