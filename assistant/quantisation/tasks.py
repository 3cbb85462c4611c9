"""What a model is judged by: tasks that give each example a point from 0 to 1.

The score of a model is the mean of its points in percent. What a variant loses is the difference to the score
of the given model, in percentage points; the budget bounds that.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from assistant.quantisation.calibration import Feed
from assistant.quantisation.errors import unusable
from assistant.quantisation.workshop import open_model, run_model

Points = NDArray[np.float64]
Array = NDArray[Any]
#: Standard deviations on each side of a mean that hold 95 % of a normal distribution.
_WIDTH = 1.96


class Task(Protocol):
    """Judges models."""

    @property
    def name(self) -> str:
        """What a point stands for, for reports."""

    def points(self, model: Path) -> Points:
        """A point for each example, float64 (n,), each in [0, 1].

        Raises:
            SottoError: the model cannot be opened or run.
        """


@dataclass(frozen=True)
class Loss:
    """What a variant loses against the given model on the same examples.

    Attributes:
        score: of the variant, percent.
        points: score of the given model less that of the variant, percentage points; negative is better.
        interval: half of the 95 % interval of `points`, from the differences example by example.
        worse, better: examples whose point sank or rose by more than a half.
        count: of the examples.
    """

    score: float
    points: float
    interval: float
    worse: int
    better: int
    count: int


def loss(given: Points, variant: Points) -> Loss:
    """Compare the points of two models on the same examples."""
    lost = given - variant
    count = len(lost)
    spread = float(np.std(lost, ddof=1)) / math.sqrt(count) if count > 1 else 0.0
    return Loss(
        score=100 * float(np.mean(variant)),
        points=100 * float(np.mean(lost)),
        interval=100 * _WIDTH * spread,
        worse=int(np.sum(lost > 0.5)),
        better=int(np.sum(lost < -0.5)),
        count=count,
    )


class Agreement:
    """How well the outputs agree with those of the given model; needs no labels.

    The point of an example is the mean over the outputs: for floating point 1 - |y - w|^2 / |w|^2, at least
    0, with y the output and w that of the given model, for other types the share of equal elements.

    Args:
        given: the given model.
        feeds: the examples.
    """

    name = "agreement with the given model"

    def __init__(self, given: Path, feeds: Sequence[Feed]) -> None:
        self._feeds = feeds
        session = open_model(given)
        self._wanted = [run_model(session, feed) for feed in feeds]

    def points(self, model: Path) -> Points:
        """See `Task`."""
        session = open_model(model)
        return np.array(
            [
                np.mean([_agreement(*pair) for pair in zip(run_model(session, feed), wanted, strict=True)])
                for feed, wanted in zip(self._feeds, self._wanted, strict=True)
            ]
        )


def _agreement(found: Array, wanted: Array) -> float:
    if found.shape != wanted.shape:
        return 0.0
    if not np.issubdtype(wanted.dtype, np.floating):
        return float(np.mean(found == wanted)) if wanted.size else 1.0
    left, right = found.astype(np.float64).ravel(), wanted.astype(np.float64).ravel()
    # Scores of what is impossible are minus infinity in both.
    unequal = (left != right) | np.isfinite(right)
    left, right = left[unequal], right[unequal]
    if not np.all(np.isfinite(left)) or not np.all(np.isfinite(right)):
        return 0.0
    error, power = float(np.sum((left - right) ** 2)), float(np.sum(right**2))
    if error == 0.0:
        return 1.0
    return max(0.0, 1.0 - error / power) if power > 0.0 else 0.0


class NearestCentroid:
    """Whether a sentence vector lies nearest to the mean of the few examples of its own label.

    Args:
        shots, shot_labels: the examples that the means are made of.
        queries, query_labels: those that are judged.
        what: the data, for reports.
    """

    def __init__(
        self,
        shots: Sequence[Feed],
        shot_labels: Sequence[str],
        queries: Sequence[Feed],
        query_labels: Sequence[str],
        what: str,
    ) -> None:
        self.name = f"nearest centroid, {what}"
        self._shots, self._queries = shots, queries
        self._names = sorted(set(shot_labels))
        self._members = [
            [place for place, label in enumerate(shot_labels) if label == name] for name in self._names
        ]
        self._wanted = np.array([self._names.index(label) for label in query_labels])

    def points(self, model: Path) -> Points:
        """See `Task`; the first output of the model is the vector."""
        session = open_model(model)
        shots = _vectors(session, self._shots)
        queries = _vectors(session, self._queries)
        centroids = _unit(np.array([shots[members].mean(axis=0) for members in self._members]))
        found = (queries @ centroids.T).argmax(axis=1)
        return np.asarray(found == self._wanted, np.float64)


class TopOne:
    """Whether the largest element of the first output stands at the place that the label names.

    Args:
        feeds: the examples.
        labels: the place of each, as a number.
        what: the data, for reports.

    Raises:
        InvalidInput: `quantise.labels`, a label is no number.
    """

    def __init__(self, feeds: Sequence[Feed], labels: Sequence[str], what: str) -> None:
        self.name = f"top-1 accuracy, {what}"
        self._feeds = feeds
        try:
            self._wanted = [int(label) for label in labels]
        except ValueError as error:
            raise unusable(
                f"a label is no place of the output: {error}", "labels are numbers from 0", "quantise.labels"
            ) from error

    def points(self, model: Path) -> Points:
        """See `Task`."""
        session = open_model(model)
        found = [int(np.argmax(run_model(session, feed)[0])) for feed in self._feeds]
        return np.array([a == b for a, b in zip(found, self._wanted, strict=True)], np.float64)


def _vectors(session: Any, feeds: Sequence[Feed]) -> NDArray[np.float64]:
    return _unit(np.array([np.ravel(run_model(session, feed)[0]) for feed in feeds], np.float64))


def _unit(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    units: NDArray[np.float64] = vectors / np.maximum(lengths, np.finfo(np.float64).tiny)
    return units
