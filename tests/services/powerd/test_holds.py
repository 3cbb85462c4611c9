from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import InvalidInput, NotFound, TooLarge
from services.powerd.holds import Holds


def test_the_thrifty_hold_wins() -> None:
    holds = Holds()
    holds.add("performance", "", "a", ":1.1")
    holds.add("power-saver", "", "b", ":1.2")
    assert holds.profile == "power-saver"
    holds.drop(":1.2")
    assert holds.profile == "performance"


def test_nobody_releases_anothers_hold() -> None:
    holds = Holds()
    cookie = holds.add("performance", "", "a", ":1.1")
    with pytest.raises(NotFound):
        holds.release(cookie, ":1.2")
    assert holds.profile == "performance"


def test_what_cannot_be_held_is_refused() -> None:
    with pytest.raises(InvalidInput):
        Holds().add("balanced", "", "a", ":1.1")
    with pytest.raises(TooLarge):
        Holds().add("performance", "x" * 1000, "a", ":1.1")


@given(st.lists(st.tuples(st.sampled_from(["add", "drop"]), st.integers(0, 3)), max_size=200))
def test_a_cookie_is_never_used_twice_and_holds_have_an_end(steps: list[tuple[str, int]]) -> None:
    holds, seen = Holds(), set()
    for step, owner in steps:
        if step == "drop":
            holds.drop(f":1.{owner}")
            continue
        try:
            cookie = holds.add("performance", "", "", f":1.{owner}")
        except TooLarge:
            continue
        assert cookie not in seen and cookie > 0
        seen.add(cookie)
    assert len(list(holds)) <= 64
