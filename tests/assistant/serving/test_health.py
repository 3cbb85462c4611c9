"""Health: an engine that was left comes back only after a wait and a proof, and waits longer each time."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.serving.health import (
    FIRST_WAIT_S,
    FORGIVEN_S,
    LEAST_DEADLINE_S,
    LONGEST_WAIT_S,
    MOST_HUNG,
    Health,
    Standing,
    Why,
    deadline_s,
)

times = st.floats(0, 1e7)
whys = st.sampled_from(Why)
#: What may happen to an engine, with the seconds since the last event.
event = st.tuples(st.sampled_from(("leave", "prove", "trust")), st.floats(0, 1e5), whys)
events = st.lists(event, max_size=60)


def after(happened: list[tuple[str, float, Why]]) -> tuple[Health, float]:
    health, now_s = Health(), 0.0
    for what, later_s, why in happened:
        now_s += later_s
        match what:
            case "leave":
                health = health.left(why, "it did", now_s)
            case "prove":
                health = health.proving(now_s)
            case _:
                health = health.trusted(now_s)
    return health, now_s


@settings(max_examples=50)
@given(events, times)
def test_an_engine_that_was_left_waits(happened: list[tuple[str, float, Why]], later_s: float) -> None:
    health, now_s = after(happened)
    allowed = health.may_prove(now_s + later_s, 0)
    if health.standing is Standing.LEFT:
        assert allowed == (now_s + later_s - health.since_s >= health.wait_s)
        assert FIRST_WAIT_S <= health.wait_s <= LONGEST_WAIT_S
        assert health.why is not None
    else:
        assert allowed


@settings(max_examples=50)
@given(events, whys)
def test_it_waits_longer_each_time_it_is_left_anew(happened: list[tuple[str, float, Why]], why: Why) -> None:
    health, now_s = after(happened)
    once = health.left(why, "", now_s)
    twice = once.proving(now_s).trusted(now_s).left(why, "", now_s + FORGIVEN_S / 2)
    assert twice.wait_s >= once.wait_s
    assert twice.wait_s in (LONGEST_WAIT_S, 2 * once.wait_s)


def test_what_was_right_for_hours_is_forgiven() -> None:
    health = Health()
    for _ in range(5):
        health = health.left(Why.FAILED, "", 0)
    assert health.trusted(0).left(Why.FAILED, "", FORGIVEN_S).wait_s == FIRST_WAIT_S


@given(st.integers(0, 5000))
def test_the_wait_stays_finite(times_left: int) -> None:
    assert Health(Standing.LEFT, leaves=times_left + 1).wait_s <= LONGEST_WAIT_S


@settings(max_examples=50)
@given(events, times)
def test_nothing_is_tried_any_more_once_too_many_calls_hang(
    happened: list[tuple[str, float, Why]], later_s: float
) -> None:
    health, now_s = after(happened)
    assert not health.may_prove(now_s + later_s, MOST_HUNG)


@given(st.floats(0, 100))
def test_a_deadline_is_never_short(sample_s: float) -> None:
    assert deadline_s(sample_s) >= max(LEAST_DEADLINE_S, 20 * sample_s)
