"""Whether an engine computes what the processor computes. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Agreement:
    """How far the outputs of one run are from the processor's.

    Attributes:
        error: the largest of the outputs (`error`); infinite where they cannot be compared.
        tolerance: the largest that is right.
        detail: in words.
    """

    error: float
    tolerance: float
    detail: str

    @property
    def is_right(self) -> bool:
        """Whether the outputs agree."""
        return self.error <= self.tolerance


def error(found: NDArray[Any], expected: NDArray[Any]) -> float:
    """The relative error, ||found - expected|| / ||expected - mean(expected)||; 0 where nothing differs.

    The mean is taken out of the divisor, because log-probabilities lie far from zero and close together:
    against their plain norm any of them would look right. It stays in where all values are the same.
    """
    values = np.asarray(expected, np.float64)
    difference = float(np.linalg.norm(np.asarray(found, np.float64) - values))
    if difference == 0:
        return 0.0
    spread, size = float(np.linalg.norm(values - values.mean())), float(np.linalg.norm(values))
    # The mean of equal values is not exactly their value.
    divisor = spread if spread > 1e-9 * size else size
    return difference / divisor if divisor > 0 else float("inf")


def compare(found: Sequence[NDArray[Any]], expected: Sequence[NDArray[Any]], tolerance: float) -> Agreement:
    """Compare the outputs of a run with those of the processor.

    Of whole numbers (chosen tokens) only the shape is compared: of two nearly equal ones either is right.
    """
    if len(found) != len(expected):
        return Agreement(float("inf"), tolerance, f"{len(found)} outputs instead of {len(expected)}")
    worst = 0.0
    for place, (ours, theirs) in enumerate(zip(found, expected, strict=True)):
        if ours.shape != theirs.shape:
            return Agreement(
                float("inf"), tolerance, f"output {place} is {ours.shape} instead of {theirs.shape}"
            )
        if not is_finite(ours):
            return Agreement(float("inf"), tolerance, f"output {place} has values that are no numbers")
        if theirs.dtype.kind == "f":
            worst = max(worst, error(ours, theirs))
    return Agreement(worst, tolerance, f"the relative error is {worst:.2g}, {tolerance:g} is allowed")


def is_finite(array: NDArray[Any]) -> bool:
    """Whether all values are numbers."""
    return array.dtype.kind != "f" or bool(np.isfinite(array).all())
