"""Limits on the frames of a WebSocket."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.inbound.control_frames import BURST, MAX_FRAGMENTS, PER_S, FrameLimit


@given(st.lists(st.floats(0.0, 10.0), min_size=1, max_size=300))
def test_no_time_has_more_than_its_burst_and_its_rate(waits: list[float]) -> None:
    limit, now, taken = FrameLimit(0.0), 0.0, 0
    for wait in waits:
        now += wait
        taken += limit.control(now)
    assert taken <= BURST + PER_S * now + 1e-6


@given(st.lists(st.floats(1.0 / PER_S, 100.0), max_size=300))
def test_who_pings_slowly_enough_always_may(waits: list[float]) -> None:
    limit, now = FrameLimit(0.0), 0.0
    for wait in waits:
        now += wait
        assert limit.control(now)


def test_a_message_has_so_many_frames_and_the_next_one_too() -> None:
    limit = FrameLimit(0.0)
    for _ in range(2):
        assert all(limit.fragment(last=False) for _ in range(MAX_FRAGMENTS - 1))
        assert limit.fragment(last=True)
    assert all(limit.fragment(last=False) for _ in range(MAX_FRAGMENTS))
    assert not limit.fragment(last=True)
