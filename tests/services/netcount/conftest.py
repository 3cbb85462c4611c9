"""Shared: a table as nft 1.1.3 prints it, and the two machines."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from services.netcount.figures import figures
from services.netcount.firewall import parse_table
from services.traffic.figures import Figures, Link
from tests.services.netcount.two_boxes import TwoBoxes, two_boxes

#: Seconds since the start of the box.
AT = 3 * 3600.0 + 60
ETH = (Link("eth0", 9000, 70_000),)
#: Numbers of the counters, packets and bytes.
_COUNTERS = {
    "sent_dhcp": (2, 1000),
    "sent_dns": (20, 2000),
    "sent_mdns": (0, 0),
    "sent_time": (9, 900),
    "sent_update": (0, 0),
    "sent_hub": (0, 0),
    "sent_remote": (0, 0),
    "sent_answers": (0, 0),
    "sent_local": (3, 224),
    "sent_endings": (0, 0),
    "received_in": (25, 3000),
    "denied_out": (0, 0),
    "denied_in": (4, 240),
}
_DNS, _TIME = "system.slice/systemd-resolved.service", "system.slice/systemd-timesyncd.service"


def _set(name: str, elements: list[Any]) -> dict[str, Any]:
    head = {"family": "inet", "name": name, "table": "sotto", "type": "cgroupsv2", "handle": 17}
    return {"set": {**head, **({"elem": elements} if elements else {})}}


def element(cgroup: str, packets: int, size: int) -> dict[str, Any]:
    """An element with a counter, as nft prints it."""
    return {"elem": {"val": cgroup, "counter": {"packets": packets, "bytes": size}}}


def table(**changes: Any) -> str:
    """The table; `changes` replaces counters (packets, bytes) and sets (elements) by name."""
    sets: dict[str, list[Any]] = {
        "may_dhcp": ["system.slice/NetworkManager.service"],
        "may_dns": [_DNS],
        "may_mdns": [_DNS],
        "may_time": [_TIME],
        "may_update": [],
        "sent": [element(_DNS, 20, 2000), element(_TIME, 9, 900)],
        "received": [element(_DNS, 20, 2500)],
        "denied": [],
    }
    sets.update({name: value for name, value in changes.items() if name in sets})
    counters = {**_COUNTERS, **{name: value for name, value in changes.items() if name in _COUNTERS}}
    meta = {"version": "1.1.3", "release_name": "Commodore Bullmoose #4", "json_schema_version": 1}
    entries: list[dict[str, Any]] = [
        {"metainfo": meta},
        {"table": {"family": "inet", "name": "sotto", "handle": 1}},
    ]
    for name, (packets, size) in counters.items():
        head = {"family": "inet", "name": name, "table": "sotto", "handle": 6, "comment": "as it is"}
        entries.append({"counter": {**head, "packets": packets, "bytes": size}})
    entries += [_set(name, elements) for name, elements in sets.items()]
    entries.append({"chain": {"family": "inet", "table": "sotto", "name": "output", "handle": 4}})
    return json.dumps({"nftables": entries})


def counted(before: Figures | None = None, at_s: float = AT, **changes: Any) -> Figures:
    """The figures of that table; `changes` as `table` takes them."""
    return figures(parse_table(table(**changes)), {"40": "systemd-resolved.service"}, ETH, at_s, before)


@pytest.fixture
def boxes() -> Iterator[TwoBoxes]:
    """The box behind its firewall and another machine."""
    with two_boxes() as both:
        yield both
