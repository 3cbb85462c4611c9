"""Looks at the machine: finds its accelerators, gathers the evidence for each, and climbs the ladder."""

from __future__ import annotations

import ctypes.util
from dataclasses import dataclass, replace
from importlib.metadata import distribution
from importlib.util import find_spec
from itertools import islice
from pathlib import Path

from assistant.hardware.cpu import CPUINFO, Cores, read_cores
from assistant.hardware.devices import read_devices
from assistant.hardware.ladder import Evidence, Opening, Rung, Standing, climb
from assistant.hardware.match import Found, match
from assistant.hardware.probing import LIMITS, Limits, make_trial, open_nodes
from assistant.hardware.table import Entry, Runtime, Table, load_table
from assistant.serving.registry import BY_ENGINE, installed

#: More accelerators, and nodes of one of them, than any machine has that answers a household.
MOST_ACCELERATORS = 64
_MOST_NODES = 64


@dataclass(frozen=True)
class Accelerator:
    """One accelerator of this machine, and how far it can be used.

    Attributes:
        entry: what it is, from the table.
        place: PCI address or USB port; "" for a part of the chip.
        driver: the driver that is bound, or "".
        openings: its nodes, and whether they can be opened.
        runtimes: names of the runtimes that are installed.
        standing: the rung that it has reached, and the reason.
    """

    entry: Entry
    place: str
    driver: str
    openings: tuple[Opening, ...]
    runtimes: tuple[str, ...]
    standing: Standing


@dataclass(frozen=True)
class Scan:
    """What a look at the machine has found; `problems` says what could not be read."""

    cores: tuple[Cores, ...]
    accelerators: tuple[Accelerator, ...]
    problems: tuple[str, ...]


def scan(
    *, trials: bool = True, root: Path = Path("/"), table: Table | None = None, limits: Limits = LIMITS
) -> Scan:
    """Look at this machine. A device that cannot be read is a problem of its own and ends nothing.

    Args:
        trials: make inferences where an engine serves the accelerator.
        root: where /proc, /dev and the list of drivers lie; devices come from libudev whatever it is.
        table: accelerators; the one that belongs to Sotto by default.
        limits: how long a driver may take to answer.

    Raises:
        Unavailable: `hardware.no-udev`: devices cannot be listed at all.
    """
    table = load_table() if table is None else table
    devices, notes = read_devices(table.subsystems(), table.locations())
    problems = list(notes)
    try:
        cores = read_cores(table.features, root)
    except OSError as error:
        cores = ()
        problems.append(f"/{CPUINFO} cannot be read: {error.strerror or error}")
    found = match(table, devices, MOST_ACCELERATORS + 1)
    if len(found) > MOST_ACCELERATORS:
        problems.append(f"there are more than {MOST_ACCELERATORS} accelerators; the rest is left out")
        found = found[:MOST_ACCELERATORS]
    nodes = [(*each.nodes, *_paths(each.entry, root)) for each in found]
    opened = open_nodes([node for some in nodes for node in some], limits)
    accelerators = tuple(
        _climbed(each, tuple(opened[node] for node in its), root, trials, limits)
        for each, its in zip(found, nodes, strict=True)
    )
    return Scan(cores, accelerators, tuple(problems))


def _climbed(
    found: Found, openings: tuple[Opening, ...], root: Path, trials: bool, limits: Limits
) -> Accelerator:
    entry = found.entry
    engines = tuple(engine for engine in entry.served_by if installed(engine).usable)
    names = [engine.name for engine in engines]
    names += [runtime.name for runtime in entry.runtimes if is_installed(runtime)]
    evidence = Evidence(
        driver=found.driver,
        made_by_driver=found.is_made_by_driver,
        loaded=_loaded(found, root),
        openings=openings,
        runtimes=tuple(dict.fromkeys(names)),
        engines=tuple(engine.id for engine in engines),
    )
    standing = climb(entry, evidence)
    for engine in evidence.engines if trials else ():
        # The first engine that is right is enough; if none is, the last one says why.
        if standing.rung is Rung.RUNTIME:
            trial = make_trial(BY_ENGINE, [engine], limits)
            standing = climb(entry, replace(evidence, trial=trial))
    return Accelerator(entry, found.place, found.driver, openings, evidence.runtimes, standing)


def is_installed(runtime: Runtime) -> bool:
    """Whether all that the runtime is made of is there. Nothing is imported for it."""
    try:
        if runtime.module and find_spec(runtime.module) is None:
            return False
        if runtime.package:
            distribution(runtime.package)
    except (ImportError, ValueError):
        return False
    return not runtime.library or ctypes.util.find_library(runtime.library) is not None


def _paths(entry: Entry, root: Path) -> tuple[str, ...]:
    """Nodes that are known by their path alone."""
    found = (str(path) for pattern in entry.paths for path in sorted(root.glob(pattern)))
    return tuple(islice(found, _MOST_NODES))


def _loaded(found: Found, root: Path) -> tuple[str, ...]:
    """Drivers that the accelerator needs and that the kernel has."""
    buses = {device.subsystem for device in found.devices}
    return tuple(
        driver
        for driver in found.entry.drivers
        if any((root / "sys/bus" / bus / "drivers" / driver).exists() for bus in buses)
    )
