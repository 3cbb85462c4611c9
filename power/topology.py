"""What a machine has that can be governed: clusters, rest, accelerators. Plain data."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

CPU = "sys/devices/system/cpu"


@dataclass(frozen=True)
class Cluster:
    """Processors that share a clock: one cpufreq policy.

    Attributes:
        policy: number of the policy, that of its first processor.
        cpus: all processors that belong to it, whether online or not.
        low_khz, high_khz: what the hardware can do.
        steps_khz: the frequencies there are, rising; empty where the driver takes any.
        capacity: of one processor at full speed, 1024 for the strongest of the machine.
        driver: such as "acpi-cpufreq".
        governors: those that can be chosen.
        hints: energy-performance preferences that the driver knows; empty where it knows none.
    """

    policy: int
    cpus: frozenset[int]
    low_khz: int
    high_khz: int
    steps_khz: tuple[int, ...] = ()
    capacity: int = 1024
    driver: str = ""
    governors: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()

    @property
    def folder(self) -> str:
        """Its folder in sysfs."""
        return f"{CPU}/cpufreq/policy{self.policy}"

    def at_least(self, khz: float) -> int:
        """The lowest frequency that is not below `khz`; the highest where there is none."""
        if self.steps_khz:
            return next((step for step in self.steps_khz if step >= khz), self.steps_khz[-1])
        return int(min(self.high_khz, max(self.low_khz, khz)))

    def share(self, share: float) -> int:
        """The lowest frequency that gives at least `share` (0 to 1) of the highest."""
        return self.at_least(share * self.high_khz)


@dataclass(frozen=True)
class Accelerator:
    """A GPU, NPU or memory whose clock has a floor of its own (devfreq); frequencies in Hz."""

    name: str
    low_hz: int
    high_hz: int

    @property
    def floor_file(self) -> str:
        """Where its floor is written."""
        return f"sys/class/devfreq/{self.name}/min_freq"


@dataclass(frozen=True)
class Missing:
    """A mechanism that this kernel does not offer, and why."""

    what: str
    why: str


@dataclass(frozen=True)
class Topology:
    """Everything that can be governed on a machine.

    Attributes:
        clusters: by rising policy.
        possible: processors there could be; `online` those that were on before we switched any off.
        offlinable: processors that can be switched off.
        cpuset: file that says on which processors the services run, or "" where there is none.
        latency_device: whether ``/dev/cpu_dma_latency`` is there.
        missing: what is not there, by name.
    """

    clusters: tuple[Cluster, ...] = ()
    possible: frozenset[int] = frozenset({0})
    online: frozenset[int] = frozenset({0})
    offlinable: frozenset[int] = frozenset()
    cpuset: str = ""
    accelerators: tuple[Accelerator, ...] = ()
    latency_device: bool = False
    missing: tuple[Missing, ...] = ()

    # Asked for on the way of a sentence, and never change.
    @cached_property
    def strong(self) -> tuple[Cluster, ...]:
        """Clusters that heavy work belongs on: those within a fifth of the strongest."""
        most = max((cluster.capacity for cluster in self.clusters), default=0)
        return tuple(cluster for cluster in self.clusters if cluster.capacity >= 0.8 * most)

    @cached_property
    def governed(self) -> frozenset[int]:
        """Processors whose clock can be governed."""
        return frozenset[int]().union(*(cluster.cpus for cluster in self.clusters))

    @cached_property
    def is_mixed(self) -> bool:
        """Whether there are weaker processors beside the strong ones (big.LITTLE)."""
        return len(self.strong) < len(self.clusters)
