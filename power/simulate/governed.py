"""A simulated machine under one of our profiles: what the power manager knows and wants."""

from __future__ import annotations

from collections.abc import Sequence

from power.demand import Demand, Phase
from power.policy import Desired, Readings, decide, next_change
from power.profiles.profile import Profile
from power.simulate.domain import Domain
from power.topology import Topology


class Governed:
    """The policy of one machine; it decides, and the engine applies.

    Args:
        profile: the profile in force.
        topology: of the machine.
        demand: what the assistant had reported before the first second.
    """

    def __init__(self, profile: Profile, topology: Topology, demand: Demand) -> None:
        self._profile = profile
        self._topology = topology
        self._demand = demand
        self._readings = Readings()
        self._busy_before = [[0.0] * len(cluster.cpus) for cluster in topology.clusters]
        self._desired: Desired | None = None

    def report(self, phase: Phase, when: float) -> None:
        """Take a phase that the assistant reported at `when`."""
        self._demand = self._demand.report(phase, when)

    def measure(self, domains: Sequence[Domain], busy: Sequence[Sequence[float]], seconds: float) -> None:
        """Read the sensors: the load of the last `seconds`, from the busy seconds of each core so far."""
        load, work = {}, 0.0
        for number, cluster in enumerate(self._topology.clusters):
            khz = domains[number].silicon.khz[domains[number].step]
            shares = [
                (now - before) / seconds
                for now, before in zip(busy[number], self._busy_before[number], strict=True)
            ]
            self._busy_before[number] = list(busy[number])
            load[cluster.policy] = max(shares) * khz
            work += sum(shares) * khz
        self._readings = Readings(load=load, work_khz=work)

    def is_due(self, now: float) -> bool:
        """Whether the decision is another one by now."""
        return self._decide(now) != self._desired

    def bound(self, domains: Sequence[Domain], now: float) -> float | None:
        """Decide, and set floors, ceilings and sleep of the clusters.

        Returns:
            Seconds until the decision changes by time alone; None if it does not.
        """
        self._desired = desired = self._decide(now)
        for domain, cluster in zip(domains, self._topology.clusters, strict=True):
            wanted = desired.clusters[cluster.policy]
            domain.floor = domain.silicon.khz.index(wanted.floor_khz)
            domain.ceiling = domain.silicon.khz.index(wanted.ceiling_khz)
            latency = desired.latency_us
            domain.may_sleep = latency is None or domain.silicon.wake_us <= latency
        return next_change(self._demand, self._profile, now)

    @property
    def weakest(self) -> int:
        """The weakest cluster that services may use: small work is put there."""
        if self._desired is not None and self._desired.awake:
            for number, cluster in enumerate(self._topology.clusters):
                if cluster.cpus & self._desired.awake:
                    return number
        return 0

    @property
    def strong_rests(self) -> bool:
        """Whether services may not use the strongest cluster."""
        strong = self._topology.clusters[-1].cpus
        return self._desired is not None and not strong & self._desired.awake

    def _decide(self, now: float) -> Desired:
        return decide(self._topology, self._demand, self._readings, self._profile, now)
