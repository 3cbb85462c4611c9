"""Finds out what this machine's kernel offers, and names what it lacks."""

from __future__ import annotations

from dataclasses import replace

from power import cpulist
from power.errors import SysfsError
from power.sysfs import Sysfs
from power.topology import CPU, Accelerator, Cluster, Missing, Topology

#: More policies or accelerators than any machine has.
_MOST = 256
LATENCY_DEVICE = "dev/cpu_dma_latency"
#: Where services run: under systemd on cgroup v2, on v1, and without systemd. The first that is there counts.
_CPUSETS = (
    "sys/fs/cgroup/system.slice/cpuset.cpus",
    "sys/fs/cgroup/cpuset/system.slice/cpuset.cpus",
    "sys/fs/cgroup/sotto/cpuset.cpus",
    "sys/fs/cgroup/cpuset/sotto/cpuset.cpus",
)
#: Devfreq devices by a part of their name. Memory and buses are left to the kernel.
_ACCELERATORS = ("gpu", "npu")


def discover(sysfs: Sysfs) -> Topology:
    """Read what the kernel offers. Raises nothing: what cannot be read is listed as missing."""
    online = _cpus(sysfs, "online") or frozenset({0})
    possible = _cpus(sysfs, "present") or online
    clusters, missing = _clusters(sysfs)
    offlinable = frozenset(cpu for cpu in possible if cpu != 0 and sysfs.exists(f"{CPU}/cpu{cpu}/online"))
    cpuset = next((path for path in _CPUSETS if sysfs.exists(path)), "")
    accelerators = _accelerators(sysfs)
    latency = sysfs.exists(LATENCY_DEVICE)
    if not cpuset:
        missing.append(
            Missing("core parking", "no cpuset of the services: the controller is off or not there")
        )
    if not offlinable:
        missing.append(Missing("switching cores off", "no processor has an 'online' file"))
    if not accelerators:
        missing.append(Missing("accelerator clocks", "no GPU or NPU with devfreq"))
    if not latency:
        missing.append(Missing("latency bound", "there is no /dev/cpu_dma_latency"))
    return Topology(
        clusters=clusters,
        possible=possible,
        online=online,
        offlinable=offlinable,
        cpuset=cpuset,
        accelerators=accelerators,
        latency_device=latency,
        missing=tuple(missing),
    )


def drivers(sysfs: Sysfs) -> dict[int, str]:
    """By policy, the driver; a policy whose processors are all off is left out."""
    reported = {
        policy: sysfs.maybe(f"{CPU}/cpufreq/policy{policy}/scaling_driver") for policy in _policies(sysfs)
    }
    return {policy: driver for policy, driver in reported.items() if driver is not None}


def _policies(sysfs: Sysfs) -> list[int]:
    numbers = (name.removeprefix("policy") for name in sysfs.names(f"{CPU}/cpufreq"))
    return sorted(int(number) for number in numbers if number.isdigit())[:_MOST]


def _cpus(sysfs: Sysfs, name: str) -> frozenset[int]:
    try:
        return cpulist.parse(sysfs.maybe(f"{CPU}/{name}") or "")
    except ValueError:
        return frozenset()


def _clusters(sysfs: Sysfs) -> tuple[tuple[Cluster, ...], list[Missing]]:
    clusters: list[Cluster] = []
    missing: list[Missing] = []
    for policy in _policies(sysfs):
        try:
            clusters.append(_cluster(sysfs, policy))
        except (SysfsError, ValueError) as error:
            # All processors of a policy are off: reads answer EBUSY until one is back.
            missing.append(Missing(f"clock of policy{policy}", str(error)))
    if not clusters:
        missing.append(Missing("clocks", "the kernel has no cpufreq driver here (a virtual machine?)"))
    elif not any(cluster.hints for cluster in clusters):
        missing.append(Missing("energy preference", f"the driver {clusters[0].driver} has none"))
    return _ranked(sysfs, clusters), missing


def _cluster(sysfs: Sysfs, policy: int) -> Cluster:
    folder = f"{CPU}/cpufreq/policy{policy}"
    low, high = sysfs.read_int(f"{folder}/cpuinfo_min_freq"), sysfs.read_int(f"{folder}/cpuinfo_max_freq")
    cpus = cpulist.parse(sysfs.read(f"{folder}/related_cpus"))
    if not 0 < low <= high or not cpus:
        raise SysfsError(
            folder, 0, "read", f"it says {low} to {high} kHz for {cpulist.render(cpus) or 'no processor'}"
        )
    steps = sorted(
        {int(word) for word in (sysfs.maybe(f"{folder}/scaling_available_frequencies") or "").split()}
    )
    return Cluster(
        policy=policy,
        cpus=cpus,
        low_khz=low,
        high_khz=high,
        steps_khz=tuple(step for step in steps if low <= step <= high),
        capacity=0,
        driver=sysfs.maybe(f"{folder}/scaling_driver") or "",
        governors=tuple((sysfs.maybe(f"{folder}/scaling_available_governors") or "").split()),
        hints=_hints(sysfs, folder),
    )


def _hints(sysfs: Sysfs, folder: str) -> tuple[str, ...]:
    if sysfs.maybe(f"{folder}/energy_performance_preference") is None:
        return ()
    # Under the governor "performance" the kernel lists that preference alone; the others come with
    # "powersave".
    listed = tuple((sysfs.maybe(f"{folder}/energy_performance_available_preferences") or "").split())
    return tuple(dict.fromkeys((*listed, "performance", "balance_performance", "balance_power", "power")))


def _ranked(sysfs: Sysfs, clusters: list[Cluster]) -> tuple[Cluster, ...]:
    """With capacities: the kernel's own, else in proportion to the highest clock."""
    reported = {c.policy: sysfs.maybe_int(f"{CPU}/cpu{min(c.cpus)}/cpu_capacity") for c in clusters}
    fastest = max((cluster.high_khz for cluster in clusters), default=1)
    own = {c.policy: 1024 * c.high_khz // fastest for c in clusters}
    known = all(value is not None and value > 0 for value in reported.values())
    return tuple(
        replace(c, capacity=(reported[c.policy] if known else None) or own[c.policy]) for c in clusters
    )


def _accelerators(sysfs: Sysfs) -> tuple[Accelerator, ...]:
    found = []
    for name in sysfs.names("sys/class/devfreq")[:_MOST]:
        if not any(word in name for word in _ACCELERATORS):
            continue
        words = (sysfs.maybe(f"sys/class/devfreq/{name}/available_frequencies") or "").split()
        steps = sorted(int(word) for word in words if word.isdigit())
        if steps:
            found.append(Accelerator(name, steps[0], steps[-1]))
    return tuple(found)
