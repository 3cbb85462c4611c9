"""Makes the figures of one moment from the firewall's table and the names of the units. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from services.netcount.firewall import Table
from services.traffic.amount import NO_TRAFFIC, Traffic
from services.traffic.figures import PURPOSES, UNKNOWN, Figures, Link, UnitFigures


def figures(
    table: Table, living: Mapping[str, str], links: Iterable[Link], now_s: float, before: Figures | None
) -> Figures:
    """The figures of this moment.

    Args:
        table: the firewall's.
        living: units by the number of their cgroup, of the cgroups there are.
        now_s: seconds since the start of the box.
        before: the previous figures, for the names of units that have ended; None if there are none.
    """
    mentioned = {*table.sent, *table.received, *table.denied}
    names = {} if before is None else {id_: name for id_, name in before.names.items() if id_ in mentioned}
    names.update(living)
    units: dict[str, UnitFigures] = {}
    for cgroup in sorted(mentioned | {cgroup for group in table.may.values() for cgroup in group}):
        name = unit_name(cgroup, names)
        old = units.get(name, UnitFigures(name))
        may = {purpose for purpose, group in table.may.items() if cgroup in group}
        units[name] = UnitFigures(
            name,
            old.sent + table.sent.get(cgroup, NO_TRAFFIC),
            old.received + table.received.get(cgroup, NO_TRAFFIC),
            old.denied + table.denied.get(cgroup, NO_TRAFFIC),
            tuple(purpose for purpose in PURPOSES if purpose in {*old.may, *may}),
        )
    now = Figures(
        taken_s=now_s,
        since_s=0.0,
        purposes={purpose: table.counters[f"sent_{purpose}"] for purpose in PURPOSES},
        received=table.counters["received_in"],
        denied=table.counters["denied_out"],
        knocked=table.counters["denied_in"],
        units=tuple(units[name] for name in sorted(units)),
        links=tuple(links),
        names=names,
    )
    return now if before is None else _since(now, before)


def unit_name(cgroup: str, names: Mapping[str, str]) -> str:
    """The unit of a cgroup as nft names it (see `Table`)."""
    if cgroup.isdigit():
        return names.get(cgroup, UNKNOWN)
    return cgroup.rstrip("/").rpartition("/")[2] or UNKNOWN


def _since(now: Figures, before: Figures) -> Figures:
    """Rules that were loaded again count from zero: then the figures begin at the previous ones."""
    amounts = zip(_totals(now), _totals(before), strict=True)
    begun = before.taken_s if any(a.packets < b.packets for a, b in amounts) else before.since_s
    return Figures(**{**vars(now), "since_s": begun})


def _totals(of: Figures) -> list[Traffic]:
    purposes = [of.purposes.get(purpose, NO_TRAFFIC) for purpose in PURPOSES]
    return [*purposes, of.received, of.denied, of.knocked]
