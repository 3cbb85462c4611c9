"""Why the machine is as it is, in words; and the same as plain data."""

from __future__ import annotations

from typing import Any

from power import cpulist
from power.manager import State
from power.topology import Cluster


def explain(state: State) -> str:
    """Several lines for a person."""
    lines = [f"Profile {state.chosen}" + _instead(state) + f", phase {state.desired.phase}."]
    lines += [f"  because    {reason}" for reason in state.desired.reasons]
    lines += [f"  cores {cpulist.render(c.cpus):<5}{_cluster(state, c)}" for c in state.topology.clusters]
    resting = state.topology.possible - state.desired.awake
    off = state.topology.possible - state.desired.online
    if resting and state.topology.cpuset:
        lines.append(
            f"  resting    cores {cpulist.render(resting)}" + (f"; off: {cpulist.render(off)}" if off else "")
        )
    if state.desired.latency_us is not None and state.topology.latency_device:
        lines.append(
            f"  wake-up    no core sleeps deeper than {state.desired.latency_us} us of wake-up allow"
        )
    readings = state.readings
    if readings.hottest_c is not None:
        lines.append(f"  heat       {readings.hottest_c:.0f} C")
    lines += [f"  throttled  by the kernel against heat: {each}" for each in state.cooling]
    if readings.battery_percent is not None:
        lines.append(
            f"  battery    {readings.battery_percent} %" + (", in use" if readings.on_battery else "")
        )
    lines += [f"  refused    /{path}: {why}" for path, why in sorted(state.report.problems.items())]
    lines += [f"  not here   {each.what}: {each.why}" for each in state.topology.missing]
    return "\n".join(lines)


def as_data(state: State) -> dict[str, Any]:
    """The same for programs; frequencies in kHz."""
    return {
        "profile": state.chosen,
        "in_force": state.profile,
        "phase": str(state.desired.phase),
        "reasons": list(state.desired.reasons),
        "degraded": state.degraded,
        "clusters": [
            {
                "policy": cluster.policy,
                "cpus": cpulist.render(cluster.cpus),
                "now": state.clocks_khz.get(cluster.policy),
                "floor": state.desired.clusters[cluster.policy].floor_khz,
                "ceiling": state.desired.clusters[cluster.policy].ceiling_khz,
                "limit": state.readings.limits_khz.get(cluster.policy),
            }
            for cluster in state.topology.clusters
        ],
        "awake": cpulist.render(state.desired.awake),
        "online": cpulist.render(state.desired.online),
        "hottest_c": state.readings.hottest_c,
        "cooling": list(state.cooling),
        "on_battery": state.readings.on_battery,
        "battery_percent": state.readings.battery_percent,
        "problems": dict(state.report.problems),
        "missing": {each.what: each.why for each in state.topology.missing},
    }


def _instead(state: State) -> str:
    if state.profile == state.chosen:
        return ""
    return f" (now {state.profile}, because the battery is at {state.readings.battery_percent} %)"


def _cluster(state: State, cluster: Cluster) -> str:
    wanted = state.desired.clusters[cluster.policy]
    now = state.clocks_khz.get(cluster.policy)
    text = f"at {now // 1000} MHz" if now is not None else "clock unknown"
    text += f", may run from {wanted.floor_khz // 1000} to {wanted.ceiling_khz // 1000} MHz"
    limit = state.readings.limits_khz.get(cluster.policy)
    if limit is not None:
        text += f"; kernel or firmware allow {limit // 1000} MHz at present, which is not fought"
    return text
