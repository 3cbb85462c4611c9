"""The firewall's counters, out of `nft -j list table inet sotto` (rootfs/etc/nftables.conf)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from common.errors import InvalidInput
from services.traffic.amount import NO_TRAFFIC, Traffic, traffic_from
from services.traffic.figures import PURPOSES

LIST_TABLE = ("nft", "-j", "list", "table", "inet", "sotto")


@dataclass(frozen=True)
class Table:
    """The table.

    Attributes:
        counters: of the rules, by name.
        sent, received, denied: by cgroup, named as nft does: its path below /sys/fs/cgroup, or its number as
            digits where it is gone. Loopback is in none.
        may: cgroups that may send, by purpose.
    """

    counters: Mapping[str, Traffic]
    sent: Mapping[str, Traffic]
    received: Mapping[str, Traffic]
    denied: Mapping[str, Traffic]
    may: Mapping[str, tuple[str, ...]]


def parse_table(text: str) -> Table:
    """The table out of nft's JSON.

    Raises:
        InvalidInput: `network.rules`: it is no such table, or lacks one of the counters and sets.
    """
    try:
        entries = json.loads(text)["nftables"]
        counters = {entry["name"]: traffic_from(entry) for entry in _every(entries, "counter")}
        sets = {entry["name"]: entry.get("elem", ()) for entry in _every(entries, "set")}
        lacking = [f"counter sent_{name}" for name in PURPOSES if f"sent_{name}" not in counters]
        lacking += [
            f"counter {name}" for name in ("received_in", "denied_out", "denied_in") if name not in counters
        ]
        if lacking:
            raise KeyError(", ".join(lacking))
        return Table(
            counters,
            sent=_by_cgroup(sets["sent"]),
            received=_by_cgroup(sets["received"]),
            denied=_by_cgroup(sets["denied"]),
            may={name: _members(sets[f"may_{name}"]) for name in PURPOSES if f"may_{name}" in sets},
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InvalidInput(
            f"the firewall's table has another form ({type(error).__name__}: {error})",
            hint="does /etc/nftables.conf belong to this version? see: systemctl status nftables",
            code="network.rules",
        ) from error


def _every(entries: Iterable[Mapping[str, Any]], kind: str) -> Iterable[Mapping[str, Any]]:
    return [entry[kind] for entry in entries if kind in entry]


def _by_cgroup(elements: Iterable[Mapping[str, Any]]) -> dict[str, Traffic]:
    found: dict[str, Traffic] = {}
    for element in elements:
        inside = element["elem"]
        cgroup = str(inside["val"])
        found[cgroup] = found.get(cgroup, NO_TRAFFIC) + traffic_from(inside["counter"])
    return found


def _members(elements: Iterable[Any]) -> tuple[str, ...]:
    return tuple(str(e["elem"]["val"]) if isinstance(e, dict) else str(e) for e in elements)
