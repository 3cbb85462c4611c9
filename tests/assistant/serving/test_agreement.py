"""Comparing results with the processor's."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from assistant.serving.agreement import compare, error, is_finite

values = arrays.arrays(
    np.float32, arrays.array_shapes(max_dims=2, max_side=5), elements=st.floats(-1e4, 1e4, width=32)
)
Floats = NDArray[np.float32]


@settings(max_examples=50)
@given(values)
def test_a_result_agrees_with_itself(array: Floats) -> None:
    assert error(array, array) == 0
    assert compare([array], [array], 0.0).is_right


@settings(max_examples=50)
@given(values, st.floats(0.125, 1024))
def test_the_error_does_not_depend_on_the_scale(array: Floats, scale: float) -> None:
    noise = np.sin(np.arange(array.size, dtype=np.float64)).reshape(array.shape)
    plain = error(array + noise, array)
    scaled = error((array + noise) * scale, array.astype(np.float64) * scale)
    assert math.isclose(plain, scaled, rel_tol=1e-3) or plain == scaled == math.inf


def test_values_far_from_zero_and_close_together_are_told_apart() -> None:
    """Log-probabilities of two sentences that have nothing in common: their cosine is 0.98."""
    random = np.random.default_rng(1)
    one, other = (-16 + 2 * random.standard_normal(1000) for _ in range(2))
    assert error(one, other) > 1
    assert error(other + 0.01, other) < 0.01


@pytest.mark.parametrize(
    ("found", "words"),
    [
        ([], "0 outputs instead of 1"),
        ([np.zeros((3, 2), np.float32)], "output 0 is (3, 2) instead of (2, 3)"),
        ([np.full((2, 3), np.nan, np.float32)], "output 0 has values that are no numbers"),
        ([np.full((2, 3), np.inf, np.float32)], "output 0 has values that are no numbers"),
    ],
)
def test_what_cannot_be_compared_is_wrong(found: list[Floats], words: str) -> None:
    result = compare(found, [np.arange(6, dtype=np.float32).reshape(2, 3)], 1e9)
    assert not result.is_right
    assert result.detail == words


def test_the_worst_output_counts() -> None:
    right = np.arange(4, dtype=np.float32)
    result = compare([right, right + 1, right], [right, right, right], 0.1)
    assert not result.is_right
    assert result.error == pytest.approx(error(right + 1, right))


def test_of_chosen_tokens_only_the_shape_counts() -> None:
    assert compare([np.array([[3]])], [np.array([[4]])], 0.0).is_right
    assert not compare([np.array([3])], [np.array([[4]])], 0.0).is_right


def test_whole_numbers_are_finite() -> None:
    assert is_finite(np.array([1, 2]))
    assert is_finite(np.zeros(0, np.float32))
