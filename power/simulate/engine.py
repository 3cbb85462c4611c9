"""Runs a simulated machine: events in order, tasks that begin and end, clocks that follow.

Work is given in milliseconds of the reference core (docs/performance.md); where each figure is from stands
beside it.
Cores that wait long enough are switched off by the kernel, under every governor alike, unless our policy
bounds their wake-up. Small work stays on the weakest cores that our policy lets services use.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from itertools import count
from typing import NamedTuple

from power.demand import Demand, Phase
from power.profiles.profile import Profile
from power.simulate.domain import Domain, Task
from power.simulate.governed import Governed
from power.simulate.governors import Governor
from power.simulate.machine import Model

#: CONFIG_HZ=250 on Debian.
_TICK_S = 0.004
#: powerd reads its sensors so often.
_REFRESH_S = 2.0
#: From the assistant's report to the write: p95 of a call to its answer (docs/power.md).
REPORT_S = 0.003
#: The sound server's real-time thread: 1024 frames at 48 kHz; estimate of its work with two streams.
AUDIO_S, AUDIO_MS = 1024 / 48_000, 0.1


class _Listening(NamedTuple):
    """How often the ears look, in seconds, and the work of each look, in ms of the reference core."""

    every_s: float
    work_ms: float


class _Events:
    """What is due, by time; at the same time, in the order in which it was added."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()

    def add(self, when: float, what: Callable[[], None]) -> None:
        heapq.heappush(self._heap, (when, next(self._order), what))

    def next_at(self) -> float:
        return self._heap[0][0] if self._heap else float("inf")

    def take(self) -> Callable[[], None]:
        return heapq.heappop(self._heap)[2]


class Engine:
    """One machine under one governor, or under one of our profiles.

    Args:
        model: the machine.
        governor: what sets the clocks.
        profile: ours on top of it, or None for the kernel alone.
        demand: what the assistant had reported before the first second.
    """

    def __init__(
        self, model: Model, governor: Governor, profile: Profile | None, demand: Demand | None = None
    ) -> None:
        self.model = model
        self.domains = [Domain(silicon) for silicon in model.clusters]
        self.now = 0.0
        self._governor = governor
        # As if it had been silent for long: cores rest, credit is full unless it was given.
        silent = Demand(since=-1e4, quiet_since=-1e4)
        self._ours = Governed(profile, model.topology(), demand or silent) if profile is not None else None
        #: Seconds that each core was busy, by cluster.
        self._busy = [[0.0] * silicon.cores for silicon in model.clusters]
        self._events = _Events()
        self._ends: dict[str, Callable[[], None]] = {}
        self.ears = Task("ears")
        self.brain = Task("brain")
        self._audio = Task("audio", realtime=True)
        self._listening = _Listening(0.12, 2.0)
        for domain in self.domains:
            self._govern(domain)
        if self._ours is not None:
            self._apply(self._ours)
            self.at(_REFRESH_S, self._refresh)
        self.at(0.0, self._sound)
        self.at(0.005, self._listen_once)

    def at(self, when: float, what: Callable[[], None]) -> None:
        """Do something at a time of the simulation, in seconds."""
        self._events.add(when, what)

    def run(self, until: float) -> None:
        """Let time pass until `until`."""
        while True:
            ends = [domain.next_end() for domain in self.domains]
            first = min(end for end, _ in ends)
            tick = float("inf")
            if first < float("inf"):
                tick = (int(self.now / _TICK_S + 1e-6) + 1) * _TICK_S
            event = self._events.next_at()
            then = min(first, tick, event, until)
            self._advance(then)
            if then == until and until < min(first, tick, event):
                return
            if then == first:
                self._end(ends)
            elif then == event:
                self._events.take()()
            elif then == tick:
                for domain in self.domains:
                    if domain.is_busy:
                        self._govern(domain)
            else:
                return

    def submit(self, task: Task, work_ms: float, cluster: int, core: int, then: Callable[[], None]) -> None:
        """Give a task more work; `then` is called when it is done."""
        domain = self.domains[cluster]
        work = work_ms / 1000 / self.model.relative
        if any(task in queue for each in self.domains for c in each.cores for queue in (c.realtime, c.fair)):
            task.left += work
        else:
            task.left = work
            queue = domain.cores[core].realtime if task.realtime else domain.cores[core].fair
            queue.append(task)
        self._ends[task.name] = then
        self._govern(domain)

    def think(self, work_ms: float, then: Callable[[], None]) -> None:
        """Heavy work of a turn, on a strong core; the thread brings along what it did while listening."""
        self.domains[-1].cores[1].inherit(self.domains[0].cores[1])
        self.submit(self.brain, work_ms, len(self.domains) - 1, 1, then)

    def work(self, task: Task, work_ms: float, then: Callable[[], None]) -> None:
        """Other work: on a strong core, unless those rest."""
        resting = self._ours is not None and self._ours.strong_rests
        self.submit(task, work_ms, 0 if resting else len(self.domains) - 1, 2, then)

    def listen(self, every_s: float, work_ms: float) -> None:
        """How often the ears look, and what it costs them each time."""
        self._listening = _Listening(every_s, work_ms)

    def report(self, phase: Phase) -> None:
        """Take a phase of the assistant; without one of our profiles it has no effect."""
        ours = self._ours
        if ours is not None:
            said = self.now
            self.at(self.now + REPORT_S, lambda: self._reported(ours, phase, said))

    def _reported(self, ours: Governed, phase: Phase, said: float) -> None:
        ours.report(phase, said)
        self._apply(ours)

    def _apply(self, ours: Governed) -> None:
        wait = ours.bound(self.domains, self.now)
        for domain in self.domains:
            step = max(domain.floor, min(domain.ceiling, domain.step))
            if step != domain.step:
                self._switch(domain, step)
        if wait is not None:
            self.at(self.now + wait + 1e-6, lambda: self._apply_if_due(ours))

    def _apply_if_due(self, ours: Governed) -> None:
        if ours.is_due(self.now):
            self._apply(ours)

    def _refresh(self) -> None:
        if self._ours is not None:
            self._ours.measure(self.domains, self._busy, _REFRESH_S)
            self._apply(self._ours)
        self.at(self.now + _REFRESH_S, self._refresh)

    def _advance(self, then: float) -> None:
        passed = then - self.now
        for number, domain in enumerate(self.domains):
            for place, core in enumerate(domain.cores):
                if core.running is not None:
                    self._busy[number][place] += passed
            domain.advance(then)
        self.now = then

    def _end(self, ends: list[tuple[float, int]]) -> None:
        for domain, (end, core) in zip(self.domains, ends, strict=True):
            if end <= self.now and core >= 0:
                task = domain.cores[core].finish()
                # schedutil is not called when a real-time task ends, only when one begins.
                if not task.realtime:
                    self._govern(domain)
                self._ends.pop(task.name, _nothing)()

    def _govern(self, domain: Domain) -> None:
        step = self._governor.decide(domain, self.now)
        if step is not None and step != domain.step:
            self._switch(domain, step)

    def _switch(self, domain: Domain, step: int) -> None:
        def done() -> None:
            domain.step = max(domain.floor, min(domain.ceiling, step)) if self._ours else step

        self.at(self.now + domain.silicon.switch_us * 1e-6, done)

    def _weakest(self) -> int:
        return self._ours.weakest if self._ours is not None else 0

    def _sound(self) -> None:
        self.submit(self._audio, AUDIO_MS, self._weakest(), 0, _nothing)
        self.at(self.now + AUDIO_S, self._sound)

    def _listen_once(self) -> None:
        place = self._weakest()
        # Beside the sound where the heavy work of a turn has core 1 of the same cluster to itself.
        core = 0 if place else 1
        if place:
            self.domains[place].cores[core].inherit(self.domains[0].cores[1])
        self.submit(self.ears, self._listening.work_ms, place, core, _nothing)
        self.at(self.now + self._listening.every_s, self._listen_once)


def _nothing() -> None:
    """The end of a task that no other one waits for."""
