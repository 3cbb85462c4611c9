"""Puts the library together: one machine, one profile, one demand. Time is an argument everywhere.

`report` is the hot path: it decides and writes the difference, and nothing else. `refresh` reads sensors and
reads back what the kernel accepted; it may be called a moment later.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from power.actuator import Actuator, Report
from power.choice import ACTIONS, Choice
from power.demand import Demand, Phase
from power.discover import discover, drivers
from power.errors import ProfileError, SysfsError
from power.journal import Journal
from power.policy import Desired, Readings, decide, next_change
from power.profiles.profile import Profile
from power.sensors import Sensors
from power.sysfs import Sysfs
from power.topology import Topology

#: From this temperature on a box is reported as degraded, even if no cooling device is at work.
HOT_C = 90.0


@dataclass(frozen=True)
class State:
    """The state of the machine at one moment.

    Attributes:
        chosen, profile: the one set and the one in force, which differ on a battery that runs low.
        degraded: in the words of PowerProfiles why it is slower than asked for; "" if it is not.
        clocks_khz: by policy, at present.
    """

    topology: Topology
    chosen: str
    profile: str
    demand: Demand
    readings: Readings
    desired: Desired
    report: Report
    cooling: tuple[str, ...]
    degraded: str
    clocks_khz: Mapping[int, int]


class Manager:
    """Governs the machine below ``sysfs.root`` until `close`.

    It first puts back what an earlier process left behind, so that process must have ended.

    Args:
        profiles: by name, as `power.profiles.load.load` gives them.
        journal: where the undo log lies, on a file system that a restart empties.
        now: seconds on a clock that never goes back; the same clock in every call.

    Raises:
        UndoLogError: the undo log is damaged or cannot be written.
    """

    def __init__(
        self,
        sysfs: Sysfs,
        profiles: Mapping[str, Profile],
        journal: Path,
        now: float,
        chosen: str = "balanced",
    ) -> None:
        self._sysfs = sysfs
        log = Journal(journal)
        self.left_behind: tuple[SysfsError, ...] = log.undo(sysfs) if log.entries else ()
        self._drivers = drivers(sysfs)
        self.topology = discover(sysfs)
        self._sensors = Sensors(sysfs, self.topology)
        self._actuator = Actuator(sysfs, self.topology, log)
        self._choice = Choice.of(profiles, chosen)
        self._demand = Demand(since=now, quiet_since=now)
        self._readings = self._sensors.read({})
        self._cooling: tuple[str, ...] = self._sensors.cooling()
        self._desired = self._decide(now, self.topology.online)
        self._report = self._actuator.apply(self._desired)

    @property
    def profile(self) -> str:
        """Name of the profile that was chosen."""
        return self._choice.profile.name

    @property
    def desired(self) -> Desired:
        """What was decided last."""
        return self._desired

    def report(self, phase: Phase, now: float) -> None:
        """Take a phase of the assistant; the clocks follow before this returns."""
        self._demand = self._demand.report(phase, now)
        self._apply(now)

    def choose(self, name: str, now: float) -> None:
        """Use another profile from now on.

        Raises:
            ProfileError: there is none of that name.
        """
        self._choice = self._choice.choose(name)
        self._apply(now)

    def actions(self) -> dict[str, bool]:
        """The mechanisms this machine has, and whether each is used."""
        here = {
            "core-parking": bool(self.topology.cpuset),
            "latency-bound": self.topology.latency_device,
            "accelerator-clocks": bool(self.topology.accelerators),
        }
        return {name: name not in self._choice.disabled for name in ACTIONS if here[name]}

    def set_action(self, name: str, enabled: bool, now: float) -> None:
        """Use a mechanism, or leave it alone.

        Raises:
            ProfileError: this machine has none of that name.
        """
        known = self.actions()
        if name not in known:
            raise ProfileError(
                f"there is no action {name[:40]!r}", hint=f"known here: {', '.join(known) or 'none'}"
            )
        self._choice = self._choice.with_action(name, enabled)
        self._apply(now)

    def refresh(self, now: float) -> None:
        """Read the sensors, decide again, and read back what the kernel accepted.

        Raises:
            UndoLogError: another driver governs the clocks, and the undo log cannot be written.
        """
        changed = self._changed_drivers()
        again = bool(changed) and self._adopt_drivers(changed)
        self._readings = self._sensors.read(self._report.limits_khz)
        self._cooling = self._sensors.cooling()
        self._apply(now, again=again)
        if again or not changed:
            self._report = self._actuator.verify()

    def advance(self, now: float) -> None:
        """Decide again because time has passed; `next_change` says when."""
        self._apply(now)

    def settle(self) -> None:
        """Read back what the kernel accepted of the last writes, without reading sensors."""
        # A file of the last driver may be missing under the next one.
        if not self._changed_drivers():
            self._report = self._actuator.verify()

    def next_change(self, now: float) -> float | None:
        """Seconds until something has to change by time alone."""
        return next_change(self._demand, self._in_force(), now)

    def state(self) -> State:
        """The present state."""
        return State(
            topology=self.topology,
            chosen=self._choice.profile.name,
            profile=self._in_force().name,
            demand=self._demand,
            readings=self._readings,
            desired=self._desired,
            report=self._report,
            cooling=self._cooling,
            degraded=self.degraded(),
            clocks_khz=self._sensors.clocks_khz(),
        )

    def residency_ms(self) -> dict[int, dict[int, int]]:
        """By policy, milliseconds at each frequency since boot."""
        return self._sensors.residency_ms()

    def degraded(self) -> str:
        """Why the machine is slower than it could be, in the words of PowerProfiles; "" if it is not.

        A cooling device at work means heat; a warm sensor alone does not.
        """
        hottest = self._readings.hottest_c
        if self._cooling or (hottest is not None and hottest >= HOT_C):
            return "high-operating-temperature"
        return "firmware-limit" if self._readings.limits_khz else ""

    def close(self) -> tuple[SysfsError, ...]:
        """Put everything back as it was; returns what refused."""
        return self._actuator.undo()

    def _changed_drivers(self) -> frozenset[int]:
        """Policies that another driver governs than when they were looked at; also those that are new."""
        now = drivers(self._sysfs)
        return frozenset(policy for policy, driver in now.items() if self._drivers.get(policy) != driver)

    def _adopt_drivers(self, changed: frozenset[int]) -> bool:
        """Use what other drivers offer; `amd_pstate/status`, for example, changes them at any time.

        The last one's governor may mean something else: "powersave" leaves the clock to a driver with energy
        preferences, and pins it under one without.
        """
        now, topology = drivers(self._sysfs), discover(self._sysfs)
        if not self.topology.governed & topology.online <= topology.governed:
            # Drivers take processors over one after the other, and this change is not complete yet.
            return False
        gone = {cluster.policy for cluster in self.topology.clusters} - set(now)
        self._actuator.adopt(topology, changed | gone)
        self._sensors = Sensors(self._sysfs, topology)
        # A core that is off because of us must not be taken for one that the owner has switched off.
        topology = replace(topology, online=self.topology.online | topology.online)
        self.topology, self._drivers, self._report = topology, now, Report()
        return True

    def _apply(self, now: float, *, again: bool = False) -> None:
        desired = self._decide(now, self._desired.online)
        if again or desired != self._desired:
            done = self._actuator.apply(desired)
            self._report = Report(done.problems, self._report.limits_khz, done.written)
            self._desired = desired

    def _decide(self, now: float, on: frozenset[int]) -> Desired:
        return decide(self.topology, self._demand, self._readings, self._in_force(), now, on)

    def _in_force(self) -> Profile:
        return self._choice.in_force(self._readings)
