"""Applies decisions to the machine: the smallest difference, in a valid order, undone at the end.

Writing and reading back are two steps. What an utterance waits for is written at once; what the kernel
accepted is read back afterwards.
"""

from __future__ import annotations

import errno
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from power.cooling import coolers, steps
from power.errors import SysfsError
from power.journal import Journal
from power.latency import LatencyBound
from power.plan import Kind, Write, in_order, plan
from power.policy import Desired
from power.sysfs import Sysfs
from power.topology import CPU, Topology

#: A file that another program has changed back so many times is left to that program.
_MOST_REWRITES = 3
_Value = TypeVar("_Value")


@dataclass(frozen=True)
class Report:
    """The result of writing and reading back.

    Attributes:
        problems: by path, in words: refused, ignored, gone, or governed by another program.
        limits_khz: by policy, ceilings below ours that kernel or firmware hold at present.
        written: how many files were written.
    """

    problems: Mapping[str, str] = field(default_factory=dict)
    limits_khz: Mapping[int, int] = field(default_factory=dict)
    written: int = 0


class Actuator:
    """Applies decisions to the machine below ``sysfs.root``.

    It records every file that may be written in `journal`, and opens it at once: later writes wait neither
    for the log nor for a path look-up.

    Raises:
        UndoLogError: the log cannot be written.
    """

    def __init__(self, sysfs: Sysfs, topology: Topology, journal: Journal) -> None:
        self._sysfs = sysfs
        self._topology = topology
        self._journal = journal
        self._latency = LatencyBound(sysfs.root)
        self._set: dict[str, str] = {}
        self._problems: dict[str, str] = {}
        self._rewrites: dict[str, int] = {}
        self._refused: set[str] = set()
        self._known: dict[str, Write] = {}
        self._before = _present(sysfs, topology)
        journal.remember(self._before)
        for path in self._before:
            sysfs.prepare(path)

    def apply(self, desired: Desired) -> Report:
        """Write what differs from what was written last; refusals are noted, never raised."""
        written = 0
        for write in self._difference(desired):
            self._known[write.path] = write
            try:
                self._sysfs.write(write.path, write.value)
                self._problems.pop(write.path, None)
                self._refused.discard(write.path)
                written += 1
            except SysfsError as error:
                self._problems[write.path] = _words(error)
                self._refused.add(write.path)
            # A refusal counts as set too: what a sleeping cluster refuses is tried again by `verify`.
            self._set[write.path] = write.value
        if self._topology.latency_device:
            try:
                self._latency.set(desired.latency_us)
            except SysfsError as error:
                self._problems[error.path] = str(error)
        return Report(dict(self._problems), {}, written)

    def verify(self) -> Report:
        """Read back what the kernel accepted; write a difference again a few times, then report it."""
        limits: dict[int, int] = {}
        written = 0
        foreign: set[int] = set()
        for path, write in self._known.items():
            found = self._sysfs.maybe(path)
            wanted = self._set[path]
            if write.kind is Kind.GOVERNOR and found not in (None, wanted):
                foreign.add(write.policy)
            if found == wanted:
                self._problems.pop(path, None)
                self._refused.discard(path)
            elif write.kind is Kind.HINT and write.policy in foreign:
                # It changed with the governor; no program has changed the preference itself.
                written += self._again(path, wanted)
            elif found is None or path in self._refused:
                # Gone or busy: it may be back by now, and no program has changed it.
                self._problems.setdefault(path, "it cannot be read at present")
                written += self._again(path, wanted)
            elif self._is_limit(write, found):
                if write.kind is Kind.CEILING:
                    limits[write.policy] = int(found)
            elif self._rewrites.get(path, 0) < _MOST_REWRITES:
                self._rewrites[path] = self._rewrites.get(path, 0) + 1
                written += self._again(path, wanted)
                if self._sysfs.maybe(path) != wanted:
                    self._problems[path] = f"the kernel took {wanted!r} and says {self._sysfs.maybe(path)!r}"
            else:
                self._problems[path] = f"it says {found!r} against {wanted!r}: somebody else governs it"
        return Report(dict(self._problems), limits, written)

    def adopt(self, topology: Topology, policies: Collection[int]) -> None:
        """Use another topology, after other drivers have taken over `policies`.

        What was written there, what refused, and the values before are forgotten with the driver that left.
        The present values are put back at the end, except those that were written here meanwhile.

        Raises:
            UndoLogError: the log cannot be written.
        """
        folders = tuple(f"{CPU}/cpufreq/policy{policy}/" for policy in policies)
        gone = {path for path in (*self._before, *self._problems) if path.startswith(folders)}
        before = {**_present(self._sysfs, topology), **_without(self._before, gone)}
        for cluster in topology.clusters:
            for name, fresh in (("min", cluster.low_khz), ("max", cluster.high_khz)):
                path = f"{cluster.folder}/scaling_{name}_freq"
                if path in gone and path in before and before[path] == self._set.get(path):
                    before[path] = str(fresh)
        self._journal.remember(before, instead_of=gone)
        self._topology, self._before = topology, before
        self._set, self._known = _without(self._set, gone), _without(self._known, gone)
        self._problems, self._rewrites = _without(self._problems, gone), _without(self._rewrites, gone)
        self._refused -= gone
        for path in gone:
            self._sysfs.forget(path)
        for path in before:
            self._sysfs.prepare(path)

    def undo(self) -> tuple[SysfsError, ...]:
        """Put everything back as it was before the first write; returns what refused."""
        self._latency.close()
        failed = self._journal.undo(self._sysfs)
        self._set.clear()
        self._known.clear()
        self._problems.clear()
        self._sysfs.close()
        return failed

    def _again(self, path: str, value: str) -> int:
        try:
            self._sysfs.write(path, value)
        except SysfsError as error:
            self._problems[path] = _words(error)
            self._refused.add(path)
            return 0
        self._refused.discard(path)
        if self._sysfs.maybe(path) == value:
            self._problems.pop(path, None)
        return 1

    def _is_limit(self, write: Write, found: str) -> bool:
        """Whether a value is lower than written because something stronger holds the clock down."""
        if write.kind not in (Kind.FLOOR, Kind.CEILING) or not found.isdigit():
            return False
        if write.kind is Kind.CEILING:
            return int(found) < int(write.value)
        ceiling = self._sysfs.maybe_int(write.path.replace("scaling_min_freq", "scaling_max_freq"))
        return ceiling is not None and ceiling < int(write.value) and int(found) <= ceiling

    def _difference(self, desired: Desired) -> Iterator[Write]:
        """Writes that change something; the first one is given before the others are computed."""
        ceiling: Write | None = None
        for write in plan(self._topology, desired):
            if write.path not in self._before:
                continue
            if write.kind is Kind.CEILING:
                ceiling = write  # its floor comes next, and which goes first depends on both
            elif write.kind is Kind.FLOOR and ceiling is not None:
                yield from self._limits(write, ceiling)
                ceiling = None
            elif self._now(write.path) != write.value and not self._is_left_alone(write.path):
                yield write

    def _limits(self, floor: Write, ceiling: Write) -> list[Write]:
        if self._is_left_alone(floor.path) or self._is_left_alone(ceiling.path):
            return []
        now = (int(self._now(floor.path) or 0), int(self._now(ceiling.path) or 0))
        by_kind = {Kind.FLOOR: floor, Kind.CEILING: ceiling}
        return [by_kind[kind] for kind in in_order(*now, int(floor.value), int(ceiling.value))]

    def _now(self, path: str) -> str:
        return self._set.get(path) or self._before.get(path, "")

    def _is_left_alone(self, path: str) -> bool:
        return self._rewrites.get(path, 0) >= _MOST_REWRITES


def _present(sysfs: Sysfs, topology: Topology) -> dict[str, str]:
    """The present values of all files that may be written."""
    values: dict[str, str] = {}
    for cluster in topology.clusters:
        for name in ("scaling_governor", "scaling_max_freq", "scaling_min_freq"):
            if (value := sysfs.maybe(f"{cluster.folder}/{name}")) is not None:
                values[f"{cluster.folder}/{name}"] = value
        hint = sysfs.maybe(f"{cluster.folder}/energy_performance_preference")
        if hint is not None and cluster.hints:
            values[f"{cluster.folder}/energy_performance_preference"] = hint
        ceiling = f"{cluster.folder}/scaling_max_freq"
        if ceiling in values and _is_limited(sysfs, topology, cluster.folder, values[ceiling]):
            # What shows is kernel or firmware holding the clock down, not what the owner has set.
            values[ceiling] = str(cluster.high_khz)
    paths = [each.floor_file for each in topology.accelerators]
    paths += [f"{CPU}/cpu{cpu}/online" for cpu in sorted(topology.offlinable)]
    for path in paths:
        if (value := sysfs.maybe(path)) is not None:
            values[path] = value
    if topology.cpuset and (value := sysfs.maybe(topology.cpuset)) is not None:
        # An empty list means that of the parent; the kernel takes none back while processes live in the group
        # (ENOSPC, validate_change in kernel/cgroup/cpuset.c), but the same list written out.
        values[topology.cpuset] = value or sysfs.maybe(f"{topology.cpuset}.effective") or ""
    return values


def _is_limited(sysfs: Sysfs, topology: Topology, folder: str, ceiling: str) -> bool:
    """Whether a ceiling below the hardware's is that of the firmware or of cooling."""
    bios = sysfs.maybe(f"{folder}/bios_limit")
    if bios is not None and bios == ceiling:
        return True
    return bool(steps(sysfs, coolers(sysfs)))


def _without(values: Mapping[str, _Value], gone: Collection[str]) -> dict[str, _Value]:
    return {path: value for path, value in values.items() if path not in gone}


def _words(error: SysfsError) -> str:
    if error.errno == errno.EBUSY:
        return "busy: all its cores are off, or the governor forbids it (EBUSY)"
    return str(error.message)
