from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.home.model import Range

NUMBERS = st.integers(-10_000, 10_000).map(lambda number: number / 4)
STEPS = st.none() | st.sampled_from([0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 7.0])


@given(st.tuples(NUMBERS, NUMBERS).map(sorted), STEPS, NUMBERS)
def test_the_nearest_value_is_one_that_the_device_takes(
    bounds: list[float], step: float | None, wanted: float
) -> None:
    low, high = bounds
    nearest = Range(low, high, step).nearest(wanted)
    assert low <= nearest <= high
    if step is not None:
        steps = (nearest - low) / step
        assert math.isclose(steps, round(steps), abs_tol=1e-4)


@given(st.tuples(NUMBERS, NUMBERS, NUMBERS).map(sorted), STEPS)
def test_no_value_of_the_device_is_nearer(numbers: list[float], step: float | None) -> None:
    low, wanted, high = numbers
    nearest = Range(low, high, step).nearest(wanted)
    assert abs(nearest - wanted) <= (0 if step is None else step) + 1e-6
    assert step is None or nearest + step > high or abs(nearest - wanted) <= step / 2 + 1e-6


@pytest.mark.parametrize(
    ("low", "high", "step"), [(2, 1, None), (math.nan, 1, None), (0, math.inf, 1), (0, 1, 0), (0, 1, -1)]
)
def test_a_range_without_a_value_is_refused(low: float, high: float, step: float | None) -> None:
    with pytest.raises(ValueError, match=r"range|more|step"):
        Range(low, high, step)
