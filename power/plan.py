"""From what the machine should be like to the writes that bring it there, in a valid order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from power import cpulist
from power.policy import Desired
from power.topology import CPU, Topology


class Kind(Enum):
    """What a file is, which decides how its answer is read."""

    FLOOR = "floor"
    CEILING = "ceiling"
    GOVERNOR = "governor"
    HINT = "preference"
    CPUSET = "cores of services"
    ONLINE = "core on or off"
    ACCELERATOR = "accelerator floor"


@dataclass(frozen=True)
class Write:
    """One value for one file; `policy` is that of the cluster it belongs to, -1 for none."""

    path: str
    value: str
    kind: Kind
    policy: int = -1


def plan(topology: Topology, desired: Desired) -> Iterator[Write]:
    """All writes for `desired`, one after the other, what an utterance waits for comes first.

    The floor of a cluster follows its ceiling; `in_order` says which of them goes first.
    """
    strong = set(topology.strong)
    for cluster in sorted(topology.clusters, key=lambda each: each not in strong):
        state = desired.clusters.get(cluster.policy)
        if state is None:
            continue
        # The governor first: some refuse preferences, and some ignore floors, under the wrong one.
        if state.governor:
            yield Write(f"{cluster.folder}/scaling_governor", state.governor, Kind.GOVERNOR, cluster.policy)
        yield Write(
            f"{cluster.folder}/scaling_max_freq", str(state.ceiling_khz), Kind.CEILING, cluster.policy
        )
        yield Write(f"{cluster.folder}/scaling_min_freq", str(state.floor_khz), Kind.FLOOR, cluster.policy)
        if state.hint:
            file = f"{cluster.folder}/energy_performance_preference"
            yield Write(file, state.hint, Kind.HINT, cluster.policy)
    for each in topology.accelerators:
        if each.name in desired.accelerators_hz:
            yield Write(each.floor_file, str(desired.accelerators_hz[each.name]), Kind.ACCELERATOR)
    if topology.cpuset and desired.awake:
        # The kernel takes offline processors out of a cpuset by itself; naming them is allowed.
        yield Write(topology.cpuset, cpulist.render(desired.awake), Kind.CPUSET)
    for cpu in sorted(topology.offlinable & topology.possible):
        value = "1" if cpu in desired.online else "0"
        yield Write(f"{CPU}/cpu{cpu}/online", value, Kind.ONLINE)


def in_order(floor_khz: int, ceiling_khz: int, new_floor: int, new_ceiling: int) -> tuple[Kind, ...]:
    """Which of floor and ceiling to write, and in which order, so that the floor is never above the ceiling.

    >>> [kind.value for kind in in_order(600, 600, 2400, 2400)]
    ['ceiling', 'floor']
    """
    writes = []
    if new_floor != floor_khz:
        writes.append(Kind.FLOOR)
    if new_ceiling != ceiling_khz:
        writes.append(Kind.CEILING)
    # The floor goes first exactly when it is not above the old ceiling.
    return tuple(writes) if new_floor <= ceiling_khz else tuple(reversed(writes))
