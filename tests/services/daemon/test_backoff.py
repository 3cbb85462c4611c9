from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.daemon.backoff import LONGEST_S, REFUSED_S, delay_s, failures_after


@given(st.integers(1, 10_000), st.booleans(), st.floats(0, 1))
def test_the_next_try_is_neither_at_once_nor_never(failures: int, refused: bool, jitter: float) -> None:
    wait = delay_s(failures, refused, jitter)
    assert 0.5 <= wait <= (REFUSED_S if refused else LONGEST_S)


def test_a_connection_that_held_begins_anew() -> None:
    assert (failures_after(7, 60.0), failures_after(7, 1.0)) == (1, 8)
