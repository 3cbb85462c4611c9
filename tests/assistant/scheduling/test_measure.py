from __future__ import annotations

from collections.abc import Callable

import pytest

from assistant.scheduling.devices import Placement
from assistant.scheduling.energy import EnergyMeter
from assistant.scheduling.measure import BLOCKS, Candidate, Measurer
from assistant.scheduling.preference import fastest
from common.errors import ModelError


class _Clock:
    """A clock that only the inferences move."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.order: list[str] = []

    def read(self) -> float:
        return self.now

    def engine(self, engine: str, seconds: list[float], device: str = "cpu") -> Candidate:
        """An engine whose inferences take these times, over and over."""
        count = [0]

        def run() -> None:
            self.order.append(engine)
            self.now += seconds[count[0] % len(seconds)]
            count[0] += 1

        return _candidate(engine, lambda: run, device)


class _Meter(EnergyMeter):
    """Counts as many watts as it is told."""

    def __init__(self, clock: _Clock, watts: Callable[[], float]) -> None:
        self._clock = clock
        self._watts = watts
        self._last = clock.now
        self._total_uj = 0.0

    def read(self) -> tuple[int, ...] | None:
        self._total_uj += (self._clock.now - self._last) * self._watts() * 1e6
        self._last = self._clock.now
        return (round(self._total_uj),)

    def spent_mj(self, before: tuple[int, ...] | None, after: tuple[int, ...] | None) -> float | None:
        return None if before is None or after is None else (after[0] - before[0]) / 1e3


def _candidate(engine: str, opened: Callable[[], Callable[[], object]], device: str = "cpu") -> Candidate:
    return Candidate("ears", "hash", Placement(device, engine), f"{engine} 1", device == "cpu", opened)


def _measurer(clock: _Clock, **options: object) -> Measurer:
    return Measurer(clock=clock.read, wall_clock=clock.read, pause=lambda _s: None, **options)  # type: ignore[arg-type]


def test_medians_percentiles_and_noise() -> None:
    clock = _Clock()
    (figure,) = _measurer(clock).measure([clock.engine("a", [0.1, 0.1, 0.1, 0.1, 0.3])])
    assert figure.right
    assert figure.n == 3 * BLOCKS
    assert figure.p50_ms == pytest.approx(100)
    assert figure.p95_ms == pytest.approx(300)
    assert figure.noise_ms == pytest.approx(0, abs=1e-6)


def test_engines_are_measured_by_turns_and_the_slower_one_is_not_chosen() -> None:
    clock = _Clock()
    figures = _measurer(clock).measure([clock.engine("slow", [0.08]), clock.engine("fast", [0.04])])
    best = fastest(figures)
    assert best is not None
    assert best.placement.engine == "fast"
    changes = sum(1 for one, other in zip(clock.order, clock.order[1:], strict=False) if one != other)
    assert changes >= BLOCKS


def test_what_slows_the_machine_down_for_a_while_slows_all_of_them() -> None:
    """The machine becomes three times slower in the middle; the faster engine is still the faster one."""
    clock = _Clock()
    slower = [1.0]

    def engine(name: str, seconds: float) -> Candidate:
        def run() -> None:
            clock.now += seconds * slower[0]

        return _candidate(name, lambda: run)

    rounds = [0]

    def step() -> None:
        rounds[0] += 1
        slower[0] = 3.0 if rounds[0] >= 2 else 1.0

    figures = _measurer(clock).measure([engine("slow", 0.05), engine("fast", 0.04)], step)
    assert rounds[0] == BLOCKS
    best = fastest(figures)
    assert best is not None
    assert best.placement.engine == "fast"
    assert all(figure.noise_ms > 10 for figure in figures)


def test_an_engine_that_cannot_open_or_is_wrong_has_a_reason() -> None:
    clock = _Clock()

    def wrong() -> Callable[[], object]:
        raise ModelError("the result is wrong: the relative error is 0.7")

    def crashes() -> Callable[[], object]:
        raise RuntimeError("\n[ov] Exception from src/inference\nmore")

    right, *others = _measurer(clock).measure(
        [clock.engine("a", [0.01]), _candidate("b", wrong), _candidate("c", crashes)]
    )
    assert right.right
    assert [figure.reason for figure in others] == [
        "the result is wrong: the relative error is 0.7",
        "[ov] Exception from src/inference",
    ]


def test_an_engine_that_fails_while_it_is_measured_has_a_reason() -> None:
    clock = _Clock()
    left = [6]

    def run() -> None:
        left[0] -= 1
        if left[0] < 0:
            raise RuntimeError("device lost")
        clock.now += 0.01

    figures = _measurer(clock).measure([clock.engine("a", [0.01]), _candidate("b", lambda: run, "gpu")])
    assert [figure.reason for figure in figures] == ["", "device lost"]


def test_energy_is_that_above_doing_nothing() -> None:
    clock = _Clock()
    watts = [2.0]
    meter = _Meter(clock, lambda: watts[0])

    def pause(seconds: float) -> None:
        clock.now += seconds

    def run() -> None:
        meter.read()
        watts[0] = 7.0
        clock.now += 0.1
        meter.read()
        watts[0] = 2.0

    measurer = Measurer(meter, clock=clock.read, wall_clock=clock.read, pause=pause)
    figures = measurer.measure([_candidate("a", lambda: run), _candidate("b", lambda: run, "gpu")])
    assert figures[0].energy_mj == pytest.approx(500, rel=0.01)
    assert figures[1].energy_mj is None


def test_without_a_counter_there_is_no_energy(tmp_path_factory: pytest.TempPathFactory) -> None:
    clock = _Clock()
    meter = EnergyMeter(tmp_path_factory.mktemp("sys"))
    (figure,) = _measurer(clock, meter=meter).measure([clock.engine("a", [0.01])])
    assert figure.energy_mj is None
