"""The budget of memory, and the shares of it."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import Unavailable
from services.inbound.memory import FULL, SHARE, Holding, MemoryBudget, MemoryShares

SHARES = MemoryShares(whole=100, token=50, address=75, strangers=12)
_CALLERS = [("a", "1"), ("b", "1"), ("c", "2"), ("", "1"), ("", "2"), ("local", "")]


@given(
    st.lists(
        st.tuples(st.sampled_from(_CALLERS), st.integers(0, 4), st.integers(0, 60)),
        max_size=60,
    )
)
def test_no_share_is_exceeded_and_nothing_is_lost(steps: list[tuple[tuple[str, str], int, int]]) -> None:
    budget = MemoryBudget(SHARES)
    held: dict[tuple[tuple[str, str], int], Holding] = {}
    sizes: dict[tuple[tuple[str, str], int], int] = {}
    for caller, which, size in steps:
        holding = held.setdefault((caller, which), budget.hold(*caller))
        with suppress(Unavailable):
            holding.resize(size)
            sizes[caller, which] = size
        assert budget.held == sum(sizes.values()) <= SHARES.whole
        for token in ("a", "b", "c", "local"):
            assert sum(n for ((name, _), _), n in sizes.items() if name == token) <= SHARES.token
        assert sum(n for ((name, _), _), n in sizes.items() if not name) <= SHARES.strangers
        for address in ("1", "2"):
            assert sum(n for ((_, place), _), n in sizes.items() if place == address) <= SHARES.address
    for holding in held.values():
        with holding:
            pass
    assert budget.held == 0


def test_a_refusal_says_whether_it_is_the_share_or_the_whole() -> None:
    budget = MemoryBudget(SHARES)
    with pytest.raises(Unavailable) as share:
        budget.hold("a", "1").resize(51)
    budget.hold("a", "1").resize(50)
    budget.hold("b", "2").resize(45)
    with pytest.raises(Unavailable) as full:
        budget.hold("c", "3").resize(10)
    assert (share.value.code, full.value.code) == (SHARE, FULL)


def test_what_one_caller_may_not_have_is_left_for_others() -> None:
    budget = MemoryBudget(SHARES)
    with suppress(Unavailable):
        for _ in range(100):
            budget.hold("greedy", "1").resize(10)
    budget.hold("other", "2").resize(50)
