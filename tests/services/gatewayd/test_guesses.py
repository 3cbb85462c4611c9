"""How often the pairing code may be tried."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import Unavailable
from services.gatewayd.guesses import (
    ANOTHER_S,
    FIRST_WAIT_S,
    FORGET_S,
    FREE_TRIES,
    LONGEST_WAIT_S,
    MOST_TRIES,
    Guesses,
)

#: Doublings until the wait is the longest.
_DOUBLINGS = 8


def _accepted(guesses: Guesses, source: str, now: float) -> bool:
    try:
        guesses.take(source, now)
    except Unavailable:
        return False
    return True


def test_the_wait_begins_after_some_tries_and_doubles() -> None:
    guesses = Guesses()
    assert all(_accepted(guesses, "a", 0.0) for _ in range(FREE_TRIES))
    assert not _accepted(guesses, "a", FIRST_WAIT_S - 0.1)
    assert _accepted(guesses, "a", FIRST_WAIT_S)
    assert not _accepted(guesses, "a", FIRST_WAIT_S + 2 * FIRST_WAIT_S - 0.1)
    assert _accepted(guesses, "a", FIRST_WAIT_S + 2 * FIRST_WAIT_S)


def test_the_right_code_forgives_its_source() -> None:
    guesses = Guesses()
    for _ in range(FREE_TRIES):
        guesses.take("a", 0.0)
    guesses.give_back("a")
    assert all(_accepted(guesses, "a", 0.0) for _ in range(FREE_TRIES))
    assert not _accepted(guesses, "a", 0.0)


@given(st.lists(st.tuples(st.floats(0, 2 * ANOTHER_S), st.integers(0, 200)), min_size=1, max_size=600))
def test_all_sources_together_get_few_tries(steps: list[tuple[float, int]]) -> None:
    guesses, now, tries = Guesses(), 0.0, 0
    for gap, source in steps:
        now += gap
        tries += _accepted(guesses, str(source), now)
    assert tries <= MOST_TRIES + now / ANOTHER_S + 1


@given(st.lists(st.floats(0, 4000), min_size=1, max_size=400))
def test_one_source_gets_fewer_and_never_closes_pairing_for_another(gaps: list[float]) -> None:
    guesses, now, tries = Guesses(), 0.0, 0
    for gap in gaps:
        now += gap
        tries += _accepted(guesses, "guesser", now)
    assert tries <= FREE_TRIES + _DOUBLINGS + now / LONGEST_WAIT_S
    assert _accepted(guesses, "somebody else", now)


def test_who_asks_as_soon_as_allowed_for_a_month_closes_it_for_nobody_else() -> None:
    guesses, now = Guesses(), 0.0
    while now < 30 * 86_400:
        if not _accepted(guesses, "guesser", now):
            now += FIRST_WAIT_S
            continue
        assert _accepted(guesses, "somebody else", now)
        guesses.give_back("somebody else")


def test_many_sources_do_close_it_until_the_next_try_is_due() -> None:
    guesses = Guesses()
    assert all(_accepted(guesses, str(source), 0.0) for source in range(MOST_TRIES))
    with pytest.raises(Unavailable, match="many addresses"):
        guesses.take("another", ANOTHER_S - 1.0)
    assert _accepted(guesses, "another", ANOTHER_S)


def test_sources_are_forgotten_after_a_day() -> None:
    guesses = Guesses()
    for _ in range(FREE_TRIES):
        guesses.take("a", 0.0)
    assert all(_accepted(guesses, "a", FORGET_S) for _ in range(FREE_TRIES))
    assert not _accepted(guesses, "a", FORGET_S)
