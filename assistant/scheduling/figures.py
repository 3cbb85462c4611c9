"""Figures: what was measured of a model on a placement."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from assistant.scheduling.devices import Placement

#: More figures than a machine with three devices and two engines each has for all models, twice over.
MOST_FIGURES = 400
_LONGEST_TEXT = 200


@dataclass(frozen=True)
class Figure:
    """What was measured of one model on one placement.

    Attributes:
        model: its name, for people, or that of a whole kind of job ("asr") where the device takes no single
            models.
        digest: hash of the model's files.
        placement: where it ran.
        runtime: name and version of what ran it.
        p50_ms, p95_ms: time of one inference of the model's sample, in ms; 0 where the result is wrong.
        noise_ms: half of the range of the medians of the blocks in which it was measured, in ms.
        n: inferences that were timed.
        energy_mj: energy of one inference above that of doing nothing, in mJ; None if it was not measured.
        reason: why it must not be used: it failed, or its result is wrong; "" if the result is right.
        measured_at: seconds since the epoch.

    Raises:
        ValueError: a number that no measurement gives.
    """

    model: str
    digest: str
    placement: Placement
    runtime: str
    p50_ms: float = 0.0
    p95_ms: float = 0.0
    noise_ms: float = 0.0
    n: int = 0
    energy_mj: float | None = None
    reason: str = ""
    measured_at: float = 0.0

    def __post_init__(self) -> None:
        numbers = (self.p50_ms, self.p95_ms, self.noise_ms, self.energy_mj or 0.0, self.measured_at)
        if not all(math.isfinite(number) and number >= 0 for number in numbers):
            raise ValueError(f"{self.model}: a number is negative or not finite")
        if self.right and not (self.n > 0 and 0 < self.p50_ms <= self.p95_ms):
            raise ValueError(f"{self.model}: p50 {self.p50_ms}, p95 {self.p95_ms} ms, n={self.n}")

    @property
    def right(self) -> bool:
        """Whether its result is that of the processor, so that it may be used."""
        return not self.reason

    @property
    def key(self) -> tuple[str, Placement, str]:
        """What it is a figure of: model hash, placement, runtime."""
        return self.digest, self.placement, self.runtime


@dataclass(frozen=True)
class Installed:
    """What figures must be of so that they count now.

    Attributes:
        digests: name of a model, or of a kind of job -> hash of its files.
        runtimes: name of an engine -> name and version of what runs the models.
    """

    digests: dict[str, str]
    runtimes: dict[str, str]


class Figures:
    """Figures of one machine, by model hash, placement and runtime. Does not change.

    Args:
        figures: of several for one key the last counts; at most the `MOST_FIGURES` newest are kept.
    """

    def __init__(self, figures: Iterable[Figure] = ()) -> None:
        by_key = {figure.key: figure for figure in figures}
        newest = sorted(by_key.values(), key=lambda figure: figure.measured_at)[-MOST_FIGURES:]
        self._by_key = {figure.key: figure for figure in newest}

    def __len__(self) -> int:
        return len(self._by_key)

    def __iter__(self) -> Iterator[Figure]:
        return iter(self._by_key.values())

    def of(self, model: str, placement: Placement, installed: Installed) -> Figure | None:
        """The figure of a model as it is installed now; None if there is none."""
        digest = installed.digests.get(model)
        runtime = installed.runtimes.get(placement.engine)
        if digest is None or runtime is None:
            return None
        return self.by_key((digest, placement, runtime))

    def by_key(self, key: tuple[str, Placement, str]) -> Figure | None:
        """The figure of that key; None if there is none."""
        return self._by_key.get(key)

    def with_more(self, figures: Iterable[Figure]) -> Figures:
        """These figures and those, which replace the ones of the same key."""
        return Figures((*self, *figures))


def to_json(figure: Figure) -> dict[str, Any]:
    """A figure as JSON values."""
    return {
        "model": figure.model,
        "digest": figure.digest,
        "device": figure.placement.device,
        "engine": figure.placement.engine,
        "runtime": figure.runtime,
        "p50_ms": round(figure.p50_ms, 6),
        "p95_ms": round(figure.p95_ms, 6),
        "noise_ms": round(figure.noise_ms, 6),
        "n": figure.n,
        "energy_mj": None if figure.energy_mj is None else round(figure.energy_mj, 3),
        "reason": figure.reason[:_LONGEST_TEXT],
        "measured_at": round(figure.measured_at, 1),
    }


def from_json(values: Any) -> Figure:
    """The figure that `to_json` wrote.

    Raises:
        ValueError, KeyError, TypeError: it is none.
    """
    texts = {name: values[name] for name in ("model", "digest", "device", "engine", "runtime", "reason")}
    for name, text in texts.items():
        if not isinstance(text, str) or len(text) > _LONGEST_TEXT:
            raise ValueError(f"{name} is no text of at most {_LONGEST_TEXT} characters")
    energy = values["energy_mj"]
    return Figure(
        model=texts["model"],
        digest=texts["digest"],
        placement=Placement(texts["device"], texts["engine"]),
        runtime=texts["runtime"],
        p50_ms=float(values["p50_ms"]),
        p95_ms=float(values["p95_ms"]),
        noise_ms=float(values["noise_ms"]),
        n=int(values["n"]),
        energy_mj=None if energy is None else float(energy),
        reason=texts["reason"],
        measured_at=float(values["measured_at"]),
    )
