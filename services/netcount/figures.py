"""The figures at one moment: what `counters.json` holds and `sotto network` shows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from common.errors import InvalidInput
from services.netcount.firewall import PURPOSES, Table
from services.netcount.traffic import NO_TRAFFIC, Traffic, traffic_from

COUNTERS = Path("/run/sotto-network/counters.json")
MOST_BYTES = 4 * 1024 * 1024
#: A unit that ended before its name was ever noted.
UNKNOWN = "units that have ended"

_FORMAT = 1


@dataclass(frozen=True)
class UnitFigures:
    """What a unit sent and received beyond loopback, what was denied to it, and what it may send."""

    name: str
    sent: Traffic = NO_TRAFFIC
    received: Traffic = NO_TRAFFIC
    denied: Traffic = NO_TRAFFIC
    may: tuple[str, ...] = ()


@dataclass(frozen=True)
class Link:
    """Bytes an interface sent and received in all, with its frames and all that no firewall sees."""

    name: str
    sent: int
    received: int


@dataclass(frozen=True)
class Figures:
    """All of it.

    Attributes:
        taken_s: when, in seconds since the start of the box (the clock may be set in between, this may not).
        since_s: when the counters began, likewise; 0 is the start itself.
        purposes: sent beyond loopback, by purpose; together all that the firewall let out.
        received: from beyond loopback.
        denied, knocked: packets not let out, and not let in.
        units: whatever ever sent, tried to, received, or may send, by name.
        links: the network interfaces.
        names: units by the number of their cgroup, for the time when those are gone.
    """

    taken_s: float
    since_s: float
    purposes: Mapping[str, Traffic]
    received: Traffic
    denied: Traffic
    knocked: Traffic
    units: tuple[UnitFigures, ...]
    links: tuple[Link, ...]
    names: Mapping[str, str]


def figures(
    table: Table, living: Mapping[str, str], links: Iterable[Link], now_s: float, before: Figures | None
) -> Figures:
    """The figures of this moment.

    Args:
        table: the firewall's.
        living: units by the number of their cgroup, of the cgroups there are.
        now_s: seconds since the start of the box.
        before: the last ones, for the names of units that have ended; None when these are the first.
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
    """Rules that were loaded anew count from zero; no sentence may claim more than was counted."""
    amounts = zip(_totals(now), _totals(before), strict=True)
    begun = before.taken_s if any(a.packets < b.packets for a, b in amounts) else before.since_s
    return Figures(**{**vars(now), "since_s": begun})


def _totals(of: Figures) -> list[Traffic]:
    purposes = [of.purposes.get(purpose, NO_TRAFFIC) for purpose in PURPOSES]
    return [*purposes, of.received, of.denied, of.knocked]


def to_json(now: Figures) -> dict[str, Any]:
    """As JSON values."""
    return {"format": _FORMAT, **asdict(now)}


def from_json(value: Any) -> Figures:
    """The figures back.

    Raises:
        InvalidInput: `network.figures`: it is not what `to_json` gives.
    """
    try:
        if value["format"] != _FORMAT:
            raise ValueError(f"format {value['format']} is not {_FORMAT}")
        return Figures(
            taken_s=float(value["taken_s"]),
            since_s=float(value["since_s"]),
            purposes={str(name): traffic_from(amount) for name, amount in value["purposes"].items()},
            received=traffic_from(value["received"]),
            denied=traffic_from(value["denied"]),
            knocked=traffic_from(value["knocked"]),
            units=tuple(_unit(unit) for unit in value["units"]),
            links=tuple(Link(str(v["name"]), int(v["sent"]), int(v["received"])) for v in value["links"]),
            names={str(id_): str(name) for id_, name in value["names"].items()},
        )
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise InvalidInput(
            f"the figures of the network are damaged ({type(error).__name__}: {error})",
            hint="they are made anew within a minute; see: systemctl status sotto-netcount",
            code="network.figures",
        ) from error


def _unit(value: Mapping[str, Any]) -> UnitFigures:
    return UnitFigures(
        str(value["name"]),
        traffic_from(value["sent"]),
        traffic_from(value["received"]),
        traffic_from(value["denied"]),
        tuple(str(purpose) for purpose in value["may"]),
    )
