"""What decides the clock of a modelled cluster: the kernel's governors, and ours on top of one of them.

Sources of the behaviour, from Linux 6.12:
- schedutil: kernel/sched/cpufreq_schedutil.c and effective_cpu_util() in kernel/sched/syscalls.c. The next
  clock is 1.25 x highest x utilisation / capacity; a runnable real-time task means the highest one, because
  Debian's kernels are built without CONFIG_UCLAMP_TASK. It is asked when tasks come, go, or at a tick;
  never while a core sleeps.
- utilisation: PELT, kernel/sched/pelt.c, half-life 32 ms, invariant of clock and capacity; UTIL_EST holds
  a task's recent peak while it is runnable (kernel/sched/fair.c).
- ondemand, powersave, performance: Documentation/admin-guide/pm/cpufreq.rst. ondemand samples the busy
  share and takes the highest clock above 95 %, else one in proportion.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import Protocol

from power.simulate.domain import Domain

_ONDEMAND_S = 0.010
_UP_THRESHOLD = 0.95


class Governor(Protocol):
    """Answers with the step a cluster should go to, or None to leave it."""

    def decide(self, domain: Domain, now: float) -> int | None:
        """Called when a task came, went, or at a tick."""


class Fixed:
    """powersave and performance: the lowest or the highest clock."""

    def __init__(self, *, highest: bool) -> None:
        self._highest = highest

    def decide(self, domain: Domain, now: float) -> int | None:
        """Always the same."""
        return len(domain.silicon.khz) - 1 if self._highest else 0


class Schedutil:
    """schedutil between a floor and a ceiling, which `power.policy` sets and the kernel alone leaves open."""

    def decide(self, domain: Domain, now: float) -> int | None:
        """The step for the busiest core, by the kernel's formula."""
        khz = domain.silicon.khz
        if any(core.realtime for core in domain.cores):
            wanted = khz[-1]
        else:
            share = max(core.wanted(now) for core in domain.cores) / (domain.silicon.capacity / 1024)
            wanted = min(khz[-1], int(1.25 * khz[-1] * share))
        step = bisect_left(khz, wanted)
        return max(domain.floor, min(domain.ceiling, step, len(khz) - 1))


class Ondemand:
    """ondemand: the busy share of the last ten milliseconds or more."""

    def decide(self, domain: Domain, now: float) -> int | None:
        """The step for the share the busiest core was busy."""
        since = now - domain.sampled_at
        if since < _ONDEMAND_S:
            return None
        load = max(core.take_busy(now) for core in domain.cores) / since
        domain.sampled_at = now
        khz = domain.silicon.khz
        if load > _UP_THRESHOLD:
            return len(khz) - 1
        wanted = khz[0] + load * (khz[-1] - khz[0])
        return min(range(len(khz)), key=lambda step: abs(khz[step] - wanted))
