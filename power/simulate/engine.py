"""The clockwork: events in order, tasks that come and end, clocks that follow.

Work is given in milliseconds of the reference core (docs/performance.md); where each figure is from stands
beside it.
Cores that wait long enough are switched off by the kernel, under every governor alike, unless our policy
bounds their wake-up. Small work stays on the weakest cores that our policy lets services use.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from itertools import count

from power.demand import Demand, Phase
from power.policy import Desired, Readings, decide, next_change
from power.profiles import Profile
from power.simulate.domain import Domain, Task
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
        self._profile = profile
        self._topology = model.topology()
        # As if it had been silent for long: cores rest, credit is full unless it was given.
        self._demand = demand or Demand(since=-1e4, quiet_since=-1e4)
        self._readings = Readings()
        self._desired: Desired | None = None
        self._busy_before = [[0.0] * silicon.cores for silicon in model.clusters]
        self._busy = [[0.0] * silicon.cores for silicon in model.clusters]
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()
        self._ends: dict[str, Callable[[], None]] = {}
        self.ears = Task("ears")
        self.brain = Task("brain")
        self._audio = Task("audio", realtime=True)
        self._ears_every, self._ears_ms = 0.12, 2.0
        for domain in self.domains:
            self._govern(domain)
        if profile is not None:
            self._policy()
            self.at(_REFRESH_S, self._refresh)
        self.at(0.0, self._sound)
        self.at(0.005, self._hear)

    def at(self, when: float, what: Callable[[], None]) -> None:
        """Do something at a time of the simulation, in seconds."""
        heapq.heappush(self._events, (when, next(self._order), what))

    def run(self, until: float) -> None:
        """Let time pass."""
        while True:
            ends = [domain.next_end() for domain in self.domains]
            first = min(end for end, _ in ends)
            tick = float("inf")
            if first < float("inf"):
                tick = (int(self.now / _TICK_S + 1e-6) + 1) * _TICK_S
            event = self._events[0][0] if self._events else float("inf")
            then = min(first, tick, event, until)
            self._advance(then)
            if then == until and until < min(first, tick, event):
                return
            if then == first:
                self._end(ends)
            elif then == event:
                heapq.heappop(self._events)[2]()
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
        strong = self._topology.clusters[-1].cpus
        resting = self._desired is not None and not strong & self._desired.awake
        self.submit(task, work_ms, 0 if resting else len(self.domains) - 1, 2, then)

    def listen(self, every_s: float, work_ms: float) -> None:
        """How often the ears look, and what it costs them each time."""
        self._ears_every, self._ears_ms = every_s, work_ms

    def report(self, phase: Phase) -> None:
        """The assistant says what it is at; without our profile nobody listens."""
        if self._profile is not None:
            said = self.now
            self.at(self.now + REPORT_S, lambda: self._reported(phase, said))

    def _reported(self, phase: Phase, said: float) -> None:
        self._demand = self._demand.report(phase, said)
        self._policy()

    def _policy(self) -> None:
        assert self._profile is not None
        self._desired = decide(self._topology, self._demand, self._readings, self._profile, self.now)
        for domain, cluster in zip(self.domains, self._topology.clusters, strict=True):
            wanted = self._desired.clusters[cluster.policy]
            domain.floor = domain.silicon.khz.index(wanted.floor_khz)
            domain.ceiling = domain.silicon.khz.index(wanted.ceiling_khz)
            bound = self._desired.latency_us
            domain.may_sleep = bound is None or domain.silicon.wake_us <= bound
            step = max(domain.floor, min(domain.ceiling, domain.step))
            if step != domain.step:
                self._switch(domain, step)
        wait = next_change(self._demand, self._profile, self.now)
        if wait is not None:
            self.at(self.now + wait + 1e-6, self._policy_if_due)

    def _policy_if_due(self) -> None:
        assert self._profile is not None
        due = decide(self._topology, self._demand, self._readings, self._profile, self.now)
        if due != self._desired:
            self._policy()

    def _refresh(self) -> None:
        load, work = {}, 0.0
        for number, cluster in enumerate(self._topology.clusters):
            khz = self.domains[number].silicon.khz[self.domains[number].step]
            shares = [
                (now - before) / _REFRESH_S
                for now, before in zip(self._busy[number], self._busy_before[number], strict=True)
            ]
            self._busy_before[number] = list(self._busy[number])
            load[cluster.policy] = max(shares) * khz
            work += sum(shares) * khz
        self._readings = Readings(load=load, work_khz=work)
        self._policy()
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
                # A real-time task that goes tells nobody: schedutil is asked when such a task comes.
                if not task.realtime:
                    self._govern(domain)
                self._ends.pop(task.name, _nothing)()

    def _govern(self, domain: Domain) -> None:
        step = self._governor.decide(domain, self.now)
        if step is not None and step != domain.step:
            self._switch(domain, step)

    def _switch(self, domain: Domain, step: int) -> None:
        def done() -> None:
            domain.step = max(domain.floor, min(domain.ceiling, step)) if self._profile else step

        self.at(self.now + domain.silicon.switch_us * 1e-6, done)

    def _weakest(self) -> int:
        """The weakest cluster that services may use: small work is put there."""
        if self._desired is not None and self._desired.awake:
            for number, cluster in enumerate(self._topology.clusters):
                if cluster.cpus & self._desired.awake:
                    return number
        return 0

    def _sound(self) -> None:
        self.submit(self._audio, AUDIO_MS, self._weakest(), 0, _nothing)
        self.at(self.now + AUDIO_S, self._sound)

    def _hear(self) -> None:
        place = self._weakest()
        # Beside the sound where the heavy work of a turn has core 1 of the same cluster to itself.
        core = 0 if place else 1
        if place:
            self.domains[place].cores[core].inherit(self.domains[0].cores[1])
        self.submit(self.ears, self._ears_ms, place, core, _nothing)
        self.at(self.now + self._ears_every, self._hear)


def _nothing() -> None:
    """The end of a task that nobody waits for."""
