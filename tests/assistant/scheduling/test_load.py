from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.scheduling.load import PARTS, WINDOW_S, BusyShare

#: Times between events, and how many slots are taken after each.
_steps = st.lists(st.tuples(st.floats(0, 12), st.integers(0, 3)), max_size=60)


def _exact(history: list[tuple[float, float, int]], now: float, slots: int) -> float:
    """Busy share of the last `WINDOW_S` seconds; a piece of history is (from, to, running)."""
    begin = now - WINDOW_S
    busy = sum(max(0.0, min(to, now) - max(since, begin)) * running for since, to, running in history)
    return busy / (slots * WINDOW_S)


@given(_steps, st.floats(0, 1e9))
def test_the_share_is_that_of_the_window(steps: list[tuple[float, int]], start: float) -> None:
    share = BusyShare(3, start)
    now, history = start, []
    for pause, running in steps:
        history.append((now, now + pause, share.running))
        now += pause
        while share.running < running:
            share.began(now)
        while share.running > running:
            share.ended(now)
        assert 0 <= share.share(now) <= 1
        assert share.share(now) == pytest.approx(_exact(history, now, 3), abs=1 / PARTS)


def test_what_is_busy_all_the_time_has_the_share_one_and_then_none() -> None:
    share = BusyShare(1, 0.0)
    share.began(0.0)
    assert share.share(2 * WINDOW_S) == pytest.approx(1)
    share.ended(2 * WINDOW_S)
    assert share.share(2.5 * WINDOW_S) == pytest.approx(0.5, abs=1 / PARTS)
    assert share.share(3.1 * WINDOW_S) == 0


def test_a_clock_that_goes_back_counts_as_standing_still() -> None:
    share = BusyShare(1, 10.0)
    share.began(12.0)
    share.ended(11.0)
    assert share.share(5.0) == 0


def test_the_memory_does_not_grow() -> None:
    share = BusyShare(2, 0.0)

    def size() -> int:
        return sum(sys.getsizeof(value) for value in (share._parts, *share._parts))

    before = size()
    for number in range(5000):
        share.began(number * 0.1)
        share.ended(number * 0.1 + 0.05)
    assert size() <= before + 200
