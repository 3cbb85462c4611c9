"""Machines to simulate, from data files that give every figure's source."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from power.errors import SimulationError
from power.simulate.files import read_named, shipped
from power.topology import Cluster, Topology

MACHINES = Path(__file__).parent / "machines"
_FIGURES = ("capacity", "coefficient", "leak_w", "switch_us", "sleep_us", "wake_us")


@dataclass(frozen=True)
class Silicon:
    """One cluster of a model.

    Attributes:
        khz, volts: its steps.
        capacity: of one core at full speed, 1024 for the strongest.
        coefficient: dynamic power of one busy core, microwatts per MHz and square volt (as in device trees).
        leak_w: of one core at 1 V; in proportion to the square of the voltage.
        switch_us: until a new clock is in force.
        sleep_us: a core that has waited so long is switched off until it is needed; 0 where it cannot be.
        sleep_share: what it then still draws of its leakage.
        wake_us: what that sleep adds to a wake-up, which a bound on wake-ups forbids; 0 where there is none.
    """

    cores: int
    capacity: int
    khz: tuple[int, ...]
    volts: tuple[float, ...]
    coefficient: float
    leak_w: float
    switch_us: float
    sleep_us: float
    sleep_share: float
    wake_us: float

    def busy_w(self, step: int) -> float:
        """Power of a core that computes, leakage included."""
        square = self.volts[step] ** 2
        return self.coefficient * 1e-6 * self.khz[step] / 1000 * square + self.leak_w * square

    def idle_w(self, step: int) -> float:
        """Power of a core that waits, at the voltage it waits at."""
        return self.leak_w * self.volts[step] ** 2

    def speed(self, step: int) -> float:
        """Work a second, in units of the strongest core of the machine at full speed."""
        return self.capacity / 1024 * self.khz[step] / self.khz[-1]


@dataclass(frozen=True)
class Model:
    """A machine: its clusters from weak to strong, what the board draws besides, and how fast it is.

    `relative` is the speed of its strongest core against the core that docs/performance.md was measured on.
    """

    key: str
    name: str
    base_w: float
    relative: float
    clusters: tuple[Silicon, ...]

    def topology(self) -> Topology:
        """What `discover` would say of it."""
        clusters, cpu = [], 0
        for silicon in self.clusters:
            cpus = frozenset(range(cpu, cpu + silicon.cores))
            clusters.append(
                Cluster(cpu, cpus, silicon.khz[0], silicon.khz[-1], silicon.khz, silicon.capacity, "model")
            )
            cpu += silicon.cores
        every = frozenset(range(cpu))
        return Topology(tuple(clusters), every, every, every - {0}, "cpuset", (), True)


def names() -> tuple[str, ...]:
    """Models that come with the library."""
    return shipped(MACHINES)


def load_model(name: str) -> Model:
    """A model by name, or by the path of a file.

    Raises:
        SimulationError: there is none, or it has a mistake; names file and key.
    """
    file, table = read_named(MACHINES, name)
    try:
        clusters = tuple(_silicon(each, file) for each in table["cluster"])
        model = Model(
            file.stem, str(table["name"]), float(table["base_w"]), float(table["relative"]), clusters
        )
    except KeyError as error:
        raise SimulationError(f"{file}: {error} is missing", hint="compare with a shipped one") from error
    except (TypeError, ValueError) as error:
        raise SimulationError(f"{file}: {error}", hint="compare with a shipped one") from error
    if not clusters or not 0 < model.relative <= 10 or not 0 <= model.base_w < 1000:
        raise SimulationError(f"{file}: clusters, relative or base_w make no sense", hint="see docs/power.md")
    return model


def _silicon(table: dict[str, Any], file: Path) -> Silicon:
    for figure in (*_FIGURES, "steps"):
        if not table.get(f"{figure}_source"):
            raise SimulationError(
                f"{file}: {figure} has no source", hint=f"say where it is from: {figure}_source"
            )
    khz = tuple(int(each) for each in table["khz"])
    volts = tuple(float(each) for each in table["volts"])
    if not khz or len(khz) != len(volts) or list(khz) != sorted(set(khz)) or min(khz) <= 0:
        raise SimulationError(
            f"{file}: khz and volts must rise and be as many", hint="one volt for each clock"
        )
    if list(volts) != sorted(volts) or not 0 < volts[0] <= volts[-1] < 2:
        raise SimulationError(f"{file}: volts must rise and lie below 2", hint="one volt for each clock")
    share = float(table["sleep_share"])
    cores, capacity = int(table["cores"]), int(table["capacity"])
    figures = [float(table[name]) for name in _FIGURES]
    if not 1 <= cores <= 64 or not 1 <= capacity <= 1024 or min(figures) < 0 or not 0 <= share <= 1:
        raise SimulationError(
            f"{file}: cores, capacity or a figure is out of range", hint="see docs/power.md"
        )
    _, coefficient, leak_w, switch_us, sleep_us, wake_us = figures
    return Silicon(cores, capacity, khz, volts, coefficient, leak_w, switch_us, sleep_us, share, wake_us)
