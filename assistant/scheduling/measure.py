"""Measures one model on its placements, in turn, so that what disturbs the machine disturbs all of them."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from assistant.scheduling.devices import Placement
from assistant.scheduling.energy import EnergyMeter
from assistant.scheduling.figures import Figure
from common.errors import SottoError

#: Each placement is measured in so many blocks, one after the other by turns.
BLOCKS = 5
#: A block has as many inferences as fit into this time, within the bounds.
_BLOCK_S = 0.2
_LEAST_RUNS, _MOST_RUNS = 3, 25
#: Inferences before the first block: the first one may compile kernels and touch the weights.
_WARM_UP = 2
_SHARE_OF_P95 = 0.95
_LONGEST_REASON = 200


@dataclass(frozen=True)
class Candidate:
    """One model on one placement, to be measured.

    Attributes:
        model: its name.
        digest: hash of its files.
        placement: where it is to run.
        runtime: name and version of what runs it.
        on_package: whether the package's counter counts the energy of the device.
        open: opens the model there, and compares its result with the processor's; returns what runs the
            model's sample once. Both raise if the model cannot be run there, the first also if the result is
            wrong.
    """

    model: str
    digest: str
    placement: Placement
    runtime: str
    on_package: bool
    open: Callable[[], Callable[[], object]]


@dataclass
class _Series:
    """What was measured of one candidate so far."""

    candidate: Candidate
    run: Callable[[], object]
    runs_a_block: int
    blocks: list[list[float]] = field(default_factory=list)
    energies_mj: list[float] = field(default_factory=list)


class Measurer:
    """Measures models.

    Args:
        meter: of energy.
        clock: seconds, for durations.
        wall_clock: seconds since the epoch.
        pause: waits so many seconds.
    """

    def __init__(
        self,
        meter: EnergyMeter | None = None,
        clock: Callable[[], float] = time.perf_counter,
        wall_clock: Callable[[], float] = time.time,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._meter = meter or EnergyMeter()
        self._clock = clock
        self._wall_clock = wall_clock
        self._pause = pause
        self._idle_mw: float | None = None

    def measure(
        self, candidates: Sequence[Candidate], step: Callable[[], None] = lambda: None
    ) -> list[Figure]:
        """Figures of one model on several placements.

        Args:
            candidates: of one model.
            step: called after each of `BLOCKS` rounds.

        Returns:
            One figure for each candidate, in that order: those that cannot be used have a reason.
        """
        reasons: dict[Placement, str] = {}
        series = [each for c in candidates if (each := self._opened(c, reasons)) is not None]
        if self._idle_mw is None:
            self._idle_mw = self._power_mw()
        for number in range(BLOCKS):
            for place in range(len(series)):
                # Another one begins each round: what comes right after another engine finds cold caches.
                each = series[(place + number) % len(series)]
                if each.candidate.placement not in reasons:
                    self._block(each, reasons)
            step()
        by_placement = {each.candidate.placement: each for each in series}
        return [
            self._figure(c, by_placement.get(c.placement), reasons.get(c.placement, "")) for c in candidates
        ]

    def _opened(self, candidate: Candidate, reasons: dict[Placement, str]) -> _Series | None:
        try:
            run = candidate.open()
            for _ in range(_WARM_UP):
                began = self._clock()
                run()
                took_s = self._clock() - began
        except Exception as error:
            reasons[candidate.placement] = _reason(error)
            return None
        runs = math.ceil(_BLOCK_S / took_s) if took_s > 0 else _MOST_RUNS
        return _Series(candidate, run, min(_MOST_RUNS, max(_LEAST_RUNS, runs)))

    def _block(self, series: _Series, reasons: dict[Placement, str]) -> None:
        before = self._meter.read() if series.candidate.on_package else None
        began = self._clock()
        times = []
        try:
            for _ in range(series.runs_a_block):
                start = self._clock()
                series.run()
                times.append(self._clock() - start)
        except Exception as error:
            reasons[series.candidate.placement] = _reason(error)
            return
        took_s = self._clock() - began
        series.blocks.append(times)
        spent_mj = self._meter.spent_mj(before, self._meter.read()) if before is not None else None
        if spent_mj is not None and self._idle_mw is not None:
            series.energies_mj.append(max(0.0, spent_mj - self._idle_mw * took_s) / len(times))

    def _figure(self, candidate: Candidate, series: _Series | None, reason: str) -> Figure:
        what = (candidate.model, candidate.digest, candidate.placement, candidate.runtime)
        now = self._wall_clock()
        if reason or series is None:
            return Figure(*what, reason=reason or "it was not measured", measured_at=now)
        times = sorted(seconds for block in series.blocks for seconds in block)
        medians = [statistics.median(block) for block in series.blocks]
        # A clock of a microsecond may see no time pass; a figure of nothing would be none.
        least_ms = 1e-6
        return Figure(
            *what,
            p50_ms=max(least_ms, statistics.median(times) * 1e3),
            p95_ms=max(least_ms, times[math.ceil(_SHARE_OF_P95 * len(times)) - 1] * 1e3),
            noise_ms=(max(medians) - min(medians)) / 2 * 1e3,
            n=len(times),
            energy_mj=statistics.median(series.energies_mj) if series.energies_mj else None,
            measured_at=now,
        )

    def _power_mw(self) -> float | None:
        """What the packages take while nothing is measured, in mW."""
        before, began = self._meter.read(), self._clock()
        if before is None:
            return None
        self._pause(1.0)
        spent_mj = self._meter.spent_mj(before, self._meter.read())
        took_s = self._clock() - began
        return spent_mj / took_s if spent_mj is not None and took_s > 0 else None


def _reason(error: Exception) -> str:
    """What an engine or a driver raised, in one line; they raise anything."""
    text = error.message if isinstance(error, SottoError) else str(error)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return (lines[0] if lines else type(error).__name__)[:_LONGEST_REASON]
