"""The decision: demand, load, temperature, supply, profile and time in; what the machine should be like out.

Pure: no clock, no file. The same inputs give the same answer, and `next_change` says when it will be
another one although no input has changed, so that the caller can sleep until then.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from power.demand import Demand, Phase
from power.profiles.profile import Profile
from power.topology import Cluster, Topology

#: A ceiling leaves this share of itself free; above it the load needs a higher one.
_BUSY = 0.7
#: Governors in the order wanted where the present one would pin the clocks.
_GOVERNORS = ("schedutil", "ondemand", "conservative")


@dataclass(frozen=True)
class Readings:
    """What sensors say.

    Attributes:
        load: by policy, the busiest processor's work in kHz: its busy share times its clock.
        work_khz: the same, of all processors of the machine together.
        hottest_c: of all processors' zones; None where there is no sensor.
        limits_khz: by policy, what kernel or firmware allow at present, where that is less than the hardware.
        throttled: the kernel is holding processors down against heat.
        on_battery, battery_percent: of the box itself, not of a mouse; percent is None without a battery.
        governors: by policy, the one in force.
    """

    load: Mapping[int, float] = field(default_factory=dict)
    work_khz: float = 0.0
    hottest_c: float | None = None
    limits_khz: Mapping[int, int] = field(default_factory=dict)
    throttled: bool = False
    on_battery: bool = False
    battery_percent: int | None = None
    governors: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ClusterState:
    """What one cluster should be set to; "" leaves governor or hint as they are."""

    floor_khz: int
    ceiling_khz: int
    governor: str = ""
    hint: str = ""


@dataclass(frozen=True)
class Desired:
    """What the machine should be like.

    Attributes:
        clusters: by policy.
        awake: processors that services may run on; empty leaves the cpuset alone.
        online: processors that should be on.
        latency_us: bound on the wake-up of a core; None for none.
        accelerators_hz: floors by name.
        phase: the one in force, after time-outs.
        reasons: in words, why.
    """

    clusters: Mapping[int, ClusterState]
    awake: frozenset[int]
    online: frozenset[int]
    latency_us: int | None
    accelerators_hz: Mapping[str, int]
    phase: Phase
    reasons: tuple[str, ...]


def phase_at(demand: Demand, profile: Profile, now: float) -> Phase:
    """The phase in force: one that has not been renewed in time is over."""
    return demand.phase if now < demand.since + _limit(demand, profile) else Phase.IDLE


def next_change(demand: Demand, profile: Profile, now: float) -> float | None:
    """Seconds until the decision changes by time alone; None if it does not."""
    times = [demand.since + _limit(demand, profile)]
    if demand.is_quiet or phase_at(demand, profile, now) is Phase.IDLE:
        quiet = _quiet_since(demand, profile)
        times += [quiet + profile.linger_s, quiet + profile.park_after_s, quiet + profile.offline_after_s]
    return min((at - now for at in times if at > now), default=None)


def in_force(profile: Profile, profiles: Mapping[str, Profile], readings: Readings) -> Profile:
    """The profile, or the one that replaces it when the battery is low."""
    percent = readings.battery_percent
    low = readings.on_battery and percent is not None and percent < profile.battery_percent
    return profiles.get(profile.on_battery, profile) if low else profile


def decide(
    topology: Topology,
    demand: Demand,
    readings: Readings,
    profile: Profile,
    now: float,
    on: frozenset[int] | None = None,
) -> Desired:
    """What the machine should be like at `now`, seconds on the clock of `demand`.

    Args:
        on: processors that are on at this moment; None for `topology.online`.
    """
    phase = phase_at(demand, profile, now)
    quiet_s = now - _quiet_since(demand, profile) if phase is Phase.IDLE or demand.is_quiet else 0.0
    reasons: list[str] = []
    share = wanted = _floor(demand, phase, quiet_s, profile, reasons)
    if readings.throttled and share > 0:
        share = 0.0
        reasons.append("the kernel throttles against heat, so no floors are asked for")
    elif readings.hottest_c is not None and readings.hottest_c >= profile.hot_c and share > profile.hot_floor:
        share = profile.hot_floor
        reasons.append(f"it is {readings.hottest_c:.0f} C hot, so floors stay at {share:.0%}")
    boosted = wanted > 0 or phase in (Phase.THINKING, Phase.SPEAKING)
    clusters = {
        cluster.policy: _cluster(cluster, topology, readings, profile, share, boosted)
        for cluster in topology.clusters
    }
    talking = boosted or not (phase is Phase.IDLE or demand.is_quiet)
    if talking:
        # Nothing is switched on on the way of a sentence: it takes a hundred milliseconds and stops the other
        # cores. What long silence has switched off comes back in the silence after the answer.
        awake, online = topology.possible, topology.online if on is None else on
    else:
        awake, online = _rest(topology, readings, profile, quiet_s, reasons)
    # An onset is only a guess. Deep sleep is forbidden, services are moved and accelerators are woken once
    # the wake word has come: still a sentence ahead of the work, and a television costs none of it.
    meant = phase in (Phase.THINKING, Phase.SPEAKING)
    if meant and profile.park and topology.is_mixed:
        awake = _workers(topology) or awake
    thinking = phase is Phase.THINKING and share > 0
    floors = {
        each.name: each.high_hz if thinking and profile.accelerators else each.low_hz
        for each in topology.accelerators
    }
    return Desired(
        clusters=clusters,
        awake=awake,
        online=online,
        latency_us=profile.latency_us if thinking and profile.latency_us else None,
        accelerators_hz=floors,
        phase=phase,
        reasons=tuple(reasons),
    )


def _limit(demand: Demand, profile: Profile) -> float:
    """Seconds a phase holds without being renewed; idle needs no renewal."""
    match demand.phase:
        case Phase.SPEECH:
            return profile.speech_s
        case Phase.THINKING:
            return profile.thinking_s
        case Phase.SPEAKING:
            return profile.speaking_s
        case _:
            return 0.0


def _quiet_since(demand: Demand, profile: Profile) -> float:
    return demand.quiet_since if demand.is_quiet else demand.since + _limit(demand, profile)


def _floor(demand: Demand, phase: Phase, quiet_s: float, profile: Profile, reasons: list[str]) -> float:
    """Share of full speed that boosted clusters do not fall below."""
    match phase:
        case Phase.SPEECH if not demand.believed:
            reasons.append("somebody speaks, but too many onsets led to no wake word: waiting for it")
            return 0.0
        case Phase.SPEECH:
            reasons.append("somebody began to speak")
            return profile.speech_floor
        case Phase.THINKING:
            reasons.append("a sentence is being heard or understood")
            return profile.thinking_floor
        case Phase.SPEAKING:
            reasons.append("the answer is being spoken")
            return profile.speaking_floor
    if demand.phase is not Phase.IDLE:
        reasons.append(f"no word from the assistant for a while after '{demand.phase}': taken for silence")
    if profile.linger_floor > 0 and quiet_s < profile.linger_s:
        reasons.append("the conversation has just ended")
        return profile.linger_floor
    reasons.append("nobody speaks")
    return 0.0


def _cluster(
    cluster: Cluster, topology: Topology, readings: Readings, profile: Profile, share: float, boosted: bool
) -> ClusterState:
    gets_floor = boosted and (cluster in topology.strong or profile.boost_weak)
    limit = min(cluster.high_khz, readings.limits_khz.get(cluster.policy, cluster.high_khz))
    # Asking for more than firmware or cooling allow would only be refused, or fight them.
    floor = min(cluster.share(share), _below(cluster, limit)) if gets_floor else cluster.low_khz
    if boosted:
        ceiling = cluster.high_khz
    else:
        need = readings.load.get(cluster.policy, 0.0) / _BUSY
        ceiling = max(cluster.share(profile.idle_ceiling), cluster.at_least(need))
    hint = profile.busy_hint if gets_floor and share > 0 else profile.idle_hint
    return ClusterState(
        floor_khz=floor,
        ceiling_khz=max(floor, ceiling),
        governor=_governor(cluster, readings.governors.get(cluster.policy, "")),
        hint=hint if cluster.hints else "",
    )


def _below(cluster: Cluster, khz: int) -> int:
    """The highest frequency that is not above `khz`."""
    return max((step for step in cluster.steps_khz if step <= khz), default=max(cluster.low_khz, khz))


def _governor(cluster: Cluster, present: str) -> str:
    """Another governor where the present one pins the clocks, "" where it may stay.

    Drivers with energy preferences govern by themselves under "powersave", and refuse preferences under
    "performance" (EBUSY).
    """
    if cluster.hints:
        return "powersave" if present == "performance" and "powersave" in cluster.governors else ""
    if present in ("performance", "powersave", "userspace"):
        return next((name for name in _GOVERNORS if name in cluster.governors), "")
    return ""


def _rest(
    topology: Topology,
    readings: Readings,
    profile: Profile,
    quiet_s: float,
    reasons: list[str],
) -> tuple[frozenset[int], frozenset[int]]:
    """Processors that services may run on, and those that are on, while nobody speaks.

    What the owner has switched off stays off.
    """
    usable = topology.online
    awake = _listeners(topology)
    if not profile.park or quiet_s < profile.park_after_s or _is_busy(topology, readings, awake):
        return topology.possible, usable
    if usable - awake:
        reasons.append(f"{len(usable - awake)} cores rest")
    if not profile.offline_after_s or quiet_s < profile.offline_after_s:
        return awake, usable
    # One processor of each cluster stays on: a cluster without any refuses to be governed (EBUSY).
    keep = awake | {min(here) for cluster in topology.clusters if (here := cluster.cpus & usable)} | {0}
    off = (topology.offlinable & usable) - keep if topology.clusters else frozenset[int]()
    if off:
        reasons.append(f"{len(off)} of them are switched off, because it has long been silent")
    return awake, usable - off


def _is_busy(topology: Topology, readings: Readings, awake: frozenset[int]) -> bool:
    """Whether the work there is would not fit on `awake`; resting or not, the answer is the same."""
    room = sum(cluster.high_khz * len(cluster.cpus & awake) for cluster in topology.clusters)
    return bool(topology.clusters) and readings.work_khz > _BUSY * room


def _workers(topology: Topology) -> frozenset[int]:
    """The strong processors of a mixed machine.

    A thread that has only listened so far sits on a weak one, where no floor of the strong ones helps it,
    and the scheduler takes tens of milliseconds to move it.
    """
    strong = frozenset[int]().union(*(cluster.cpus for cluster in topology.strong))
    return strong & topology.online


def _listeners(topology: Topology) -> frozenset[int]:
    """Processors that listening needs: the weak ones of a mixed machine, else half of them, and always 0."""
    if topology.is_mixed:
        strong = frozenset[int]().union(*(cluster.cpus for cluster in topology.strong))
        return topology.online - strong or topology.online
    ordered = sorted(topology.online)
    return frozenset(ordered[: max(1, (len(ordered) + 1) // 2)])
