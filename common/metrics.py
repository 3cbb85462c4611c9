"""Counters, gauges and histograms of one process.

A metric is a module constant, declared where it is counted:

    TURNS = Counter("sotto_turns_total", "Turns by outcome", ("outcome",))
    TURNS.inc("accepted")

It registers itself and thereby appears in `/metrics` of the gateway. Counting takes a lock for about a
microsecond and never fails. `services.wire.metrics` carries the metrics of a process to another one,
`common.exposition` writes them down.
"""

from __future__ import annotations

import logging
import math
import re
import threading
from bisect import bisect_left
from collections.abc import Callable, Collection
from dataclasses import dataclass
from enum import StrEnum

log = logging.getLogger(__name__)

#: Label sets of one metric; the values of further ones are counted together, under `OVERFLOW`.
MAX_SERIES = 100
OVERFLOW = "other"
#: Seconds; what the box does by itself takes milliseconds, an answer with speech a tenth of a second.
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)

# Colons are reserved for recording rules, and labels that begin with an underscore for Prometheus itself
# (prometheus.io/docs/concepts/data_model).
_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]{0,99}")
_LABEL = re.compile(r"[a-zA-Z][a-zA-Z0-9_]{0,49}")


class Kind(StrEnum):
    """Kinds of metrics; the value is the name in the text format."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True)
class Sample:
    """One number. `suffix` is "" or, of a histogram, "_bucket", "_count" or "_sum"."""

    suffix: str
    labels: tuple[tuple[str, str], ...]
    value: float


@dataclass(frozen=True)
class Family:
    """A metric as it is at one moment: all of its samples.

    Raises:
        ValueError: the name, or the name of a label, is none.
    """

    name: str
    kind: Kind
    about: str
    samples: tuple[Sample, ...]

    def __post_init__(self) -> None:
        names = {name for sample in self.samples for name, _ in sample.labels}
        check_names(self.name, names)


def check_names(metric: str, labels: set[str]) -> None:
    """Refuse names that the text format does not allow.

    Raises:
        ValueError: one of the names cannot be used.
    """
    if not _NAME.fullmatch(metric):
        raise ValueError(f"{metric[:100]!r} is no name of a metric")
    for label in labels:
        if not _LABEL.fullmatch(label):
            raise ValueError(f"{label[:100]!r} is no name of a label of {metric}")


class Registry:
    """The metrics of one process, by name."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._metrics: dict[str, _Metric] = {}

    def add(self, metric: _Metric) -> None:
        """Add a metric.

        Raises:
            ValueError: there is one of that name.
        """
        with self._lock:
            if metric.name in self._metrics:
                raise ValueError(f"there are two metrics with the name {metric.name}")
            self._metrics[metric.name] = metric

    def families(self) -> list[Family]:
        """All metrics as they are now, by name. One that cannot be read is left out."""
        with self._lock:
            metrics = sorted(self._metrics.values(), key=lambda metric: metric.name)
        return [family for metric in metrics if (family := metric.family()) is not None]


#: Of this process.
REGISTRY = Registry()


class _Metric:
    """What all kinds share: a name, the names of the labels, and a bounded number of label sets.

    Args:
        name: unique in the process; ends with its unit ("_seconds", "_bytes"), a counter with "_total".
        about: one line for people.
        labels: names of the labels. Each method takes their values, in this order.
        max_series: label sets that are kept apart.
        registry: where it appears.

    Raises:
        ValueError: a name cannot be used or is taken.
    """

    kind: Kind

    def __init__(
        self,
        name: str,
        about: str,
        labels: tuple[str, ...] = (),
        *,
        max_series: int = MAX_SERIES,
        registry: Registry = REGISTRY,
    ) -> None:
        check_names(name, set(labels))
        self.name = name
        self.about = about
        self._labels = labels
        self._max_series = max_series
        self._lock = threading.Lock()
        registry.add(self)

    def family(self) -> Family | None:
        """As it is now; None where it cannot be read."""
        with self._lock:
            return Family(self.name, self.kind, self.about, tuple(self._samples()))

    def _samples(self) -> list[Sample]:
        raise NotImplementedError

    def _key(self, values: tuple[str, ...], known: Collection[tuple[str, ...]]) -> tuple[str, ...]:
        """The label set of these values, or that of all which are too many."""
        if len(values) != len(self._labels):
            log.error("%s has the labels %s, and was given %s", self.name, self._labels, values)
            return (OVERFLOW,) * len(self._labels)
        if values in known or len(known) < self._max_series:
            return values
        return (OVERFLOW,) * len(self._labels)

    def _pairs(self, key: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
        return tuple(zip(self._labels, key, strict=True))


class _Number(_Metric):
    """One number for each label set."""

    def __init__(
        self,
        name: str,
        about: str,
        labels: tuple[str, ...] = (),
        *,
        max_series: int = MAX_SERIES,
        registry: Registry = REGISTRY,
        read: Callable[[], float] | None = None,
    ) -> None:
        self._values: dict[tuple[str, ...], float] = {} if labels else {(): 0.0}
        self._read = read
        super().__init__(name, about, labels, max_series=max_series, registry=registry)

    def family(self) -> Family | None:
        """As it is now; None where it cannot be read."""
        if self._read is None:
            return super().family()
        try:
            return Family(self.name, self.kind, self.about, (Sample("", (), float(self._read())),))
        except Exception as error:
            log.info("%s cannot be read: %s", self.name, error)
            return None

    def _add(self, values: tuple[str, ...], by: float) -> None:
        with self._lock:
            key = self._key(values, self._values)
            self._values[key] = self._values.get(key, 0.0) + by

    def _samples(self) -> list[Sample]:
        return [Sample("", self._pairs(key), value) for key, value in sorted(self._values.items())]


class Counter(_Number):
    """Something that only grows. With `read`, its value is asked for when the metrics are read."""

    kind = Kind.COUNTER

    def inc(self, *labels: str, by: float = 1.0) -> None:
        """Count `by` more; less than nothing is not counted."""
        if by >= 0:
            self._add(labels, by)


class Gauge(_Number):
    """Something that goes up and down. With `read`, its value is asked for when the metrics are read."""

    kind = Kind.GAUGE

    def set(self, value: float, *labels: str) -> None:
        """It is `value` from now on."""
        with self._lock:
            self._values[self._key(labels, self._values)] = float(value)

    def inc(self, *labels: str, by: float = 1.0) -> None:
        """It is `by` more, or less when that is negative."""
        self._add(labels, by)


class Histogram(_Metric):
    """How often something took how long, in fixed buckets.

    Args:
        buckets: upper bounds, ascending and finite; one without a bound is added.
        name, about, labels, max_series, registry: as of every metric.
    """

    kind = Kind.HISTOGRAM

    def __init__(
        self,
        name: str,
        about: str,
        labels: tuple[str, ...] = (),
        *,
        buckets: tuple[float, ...] = SECONDS,
        max_series: int = MAX_SERIES,
        registry: Registry = REGISTRY,
    ) -> None:
        if not buckets or list(buckets) != sorted(set(buckets)) or not all(map(math.isfinite, buckets)):
            raise ValueError(f"the buckets of {name} are not ascending")
        self._bounds = buckets
        #: By label set: what fell into each bucket, and the sum of it.
        self._counts: dict[tuple[str, ...], list[int]] = {} if labels else {(): [0] * (len(buckets) + 1)}
        self._sums: dict[tuple[str, ...], float] = dict.fromkeys(self._counts, 0.0)
        super().__init__(name, about, labels, max_series=max_series, registry=registry)

    def observe(self, value: float, *labels: str) -> None:
        """Count one value, in the unit of the name."""
        with self._lock:
            key = self._key(labels, self._counts)
            counts = self._counts.setdefault(key, [0] * (len(self._bounds) + 1))
            counts[bisect_left(self._bounds, value)] += 1
            self._sums[key] = self._sums.get(key, 0.0) + value

    def _samples(self) -> list[Sample]:
        samples = []
        for key, counts in sorted(self._counts.items()):
            pairs, so_far = self._pairs(key), 0
            for bound, count in zip((*self._bounds, math.inf), counts, strict=True):
                so_far += count
                samples.append(Sample("_bucket", (*pairs, ("le", number(bound))), float(so_far)))
            samples.append(Sample("_count", pairs, float(so_far)))
            samples.append(Sample("_sum", pairs, self._sums[key]))
        return samples


def number(value: float) -> str:
    """A number as the text format has it."""
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return "NaN" if math.isnan(value) else repr(float(value))
