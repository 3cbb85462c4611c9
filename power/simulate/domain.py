"""A cluster at work in the simulator: cores, their queues, the clock, and what they draw."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import NamedTuple

from power.simulate.machine import Silicon

#: PELT: what a millisecond ago counts, so that 32 ms ago counts half (kernel/sched/pelt.h).
_DECAY = 0.5 ** (1 / 0.032)


@dataclass
class Task:
    """Work to do, in seconds of the strongest core at full speed; `peak` is its UTIL_EST."""

    name: str
    left: float = 0.0
    realtime: bool = False
    peak: float = 0.0


class Core:
    """One core: real-time tasks before others, each in order of arrival."""

    def __init__(self) -> None:
        self.realtime: deque[Task] = deque()
        self.fair: deque[Task] = deque()
        self._util = 0.0
        self._at = 0.0
        self._busy = 0.0
        #: Since when it has had nothing to do.
        self.idle_since = 0.0

    @property
    def running(self) -> Task | None:
        """The task that has the core."""
        return self.realtime[0] if self.realtime else self.fair[0] if self.fair else None

    def advance(self, now: float, speed: float) -> None:
        """Let time pass up to `now` at `speed` units of work a second."""
        passed = now - self._at
        if passed <= 0:
            return
        task = self.running
        if task is not None:
            task.left -= passed * speed
            self._busy += passed
            # Invariance: PELT's own clock runs slower on a slow core, while it computes
            # (update_rq_clock_pelt).
            kept = _DECAY ** (passed * speed)
            self._util = self._util * kept + 1 - kept
        else:
            self._util *= _DECAY**passed
        self._at = now

    def wanted(self, now: float) -> float:
        """Utilisation as schedutil sees it, in units of the strongest core."""
        return max(self._util, max((task.peak for task in self.fair), default=0.0))

    def finish(self) -> Task:
        """Take the running task off; its peak follows the utilisation: up at once, down by quarters."""
        task = self.realtime.popleft() if self.realtime else self.fair.popleft()
        if not task.realtime:
            task.peak = max(self._util, task.peak + (self._util - task.peak) / 4)
        self.idle_since = self._at
        return task

    def take_busy(self, _now: float) -> float:
        """Seconds it was busy since this was asked last."""
        busy, self._busy = self._busy, 0.0
        return busy

    def inherit(self, other: Core) -> None:
        """A task that moves brings its utilisation along."""
        self._util = max(self._util, other._util)


class _Step(NamedTuple):
    """A clock of a cluster: work a second of one core, and its power while it computes and while it waits."""

    speed: float
    busy_w: float
    idle_w: float


class Domain:
    """A cluster: one clock for all its cores."""

    def __init__(self, silicon: Silicon) -> None:
        self.silicon = silicon
        self.cores = [Core() for _ in range(silicon.cores)]
        self.step = 0
        self.floor, self.ceiling = 0, len(silicon.khz) - 1
        #: Whether cores that wait may be switched off: no tighter bound on wake-ups is set.
        self.may_sleep = True
        self.sampled_at = 0.0
        self.joules = 0.0
        self.residency = [0.0] * len(silicon.khz)
        self._at = 0.0
        steps = range(len(silicon.khz))
        self._steps = [_Step(silicon.speed(n), silicon.busy_w(n), silicon.idle_w(n)) for n in steps]

    @property
    def speed(self) -> float:
        """Work a second of one core at the present clock."""
        return self._steps[self.step].speed

    def advance(self, now: float) -> None:
        """Let time pass: work is done, energy is drawn."""
        passed = now - self._at
        if passed <= 0:
            return
        for core in self.cores:
            if core.running is not None:
                self.joules += passed * self._steps[self.step].busy_w
            else:
                awake = self._awake_s(core, now)
                asleep = (passed - awake) * self.silicon.sleep_share
                self.joules += (awake + asleep) * self._steps[self.step].idle_w
        self.residency[self.step] += passed
        for core in self.cores:
            core.advance(now, self.speed)
        self._at = now

    def _awake_s(self, core: Core, now: float) -> float:
        """Seconds of the time up to `now` that an idle core waits before it is switched off."""
        if not (self.silicon.sleep_us and self.may_sleep):
            return now - self._at
        return min(now - self._at, max(0.0, core.idle_since + self.silicon.sleep_us * 1e-6 - self._at))

    def next_end(self) -> tuple[float, int]:
        """When the next task ends at the present clock, and on which core; infinity if none runs."""
        best, where = float("inf"), -1
        for number, core in enumerate(self.cores):
            task = core.running
            if task is not None and (end := self._at + max(0.0, task.left) / self.speed) < best:
                best, where = end, number
        return best, where

    @property
    def is_busy(self) -> bool:
        """Whether any core computes."""
        return any(core.running is not None for core in self.cores)
