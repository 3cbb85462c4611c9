"""The figures of one moment: the content of `counters.json`, which `sotto network` shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from common.errors import InvalidInput
from services.traffic.amount import NO_TRAFFIC, Traffic, traffic_from

COUNTERS = Path("/run/sotto-network/counters.json")
MOST_BYTES = 4 * 1024 * 1024
#: Purposes of packets: the name in the counter `sent_NAME`, and the words for it in a sentence.
PURPOSES: Mapping[str, str] = {
    "dns": "name look-ups",
    "dhcp": "addresses",
    "time": "time",
    "update": "updates",
    "hub": "talk with the smart-home hub",
    "remote": "speech to the paired machine that recognises it",
    "mdns": "its own name for the local network",
    "answers": "answers to who connected to it",
    "local": "neighbour discovery",
    "endings": "ends of connections",
}
#: Name of units that ended before their name was recorded.
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
    """All figures.

    Attributes:
        taken_s: when, in seconds since the start of the box (the clock of the day may be set in between).
        since_s: when the counters began, likewise; 0 for the start of the box.
        purposes: sent beyond loopback, by purpose; together all that the firewall let out.
        received: from beyond loopback.
        denied, knocked: packets that were not let out, and not let in.
        units: all that sent, tried to send, received, or may send, by name.
        links: the network interfaces.
        names: units by the number of their cgroup, for cgroups that are gone.
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
