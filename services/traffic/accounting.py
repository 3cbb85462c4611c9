"""systemd's own count of a unit's traffic, from `systemctl show`. It includes loopback."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

SHOW_SERVICES = (
    "systemctl",
    "show",
    "--property=Id,ActiveState,IPIngressBytes,IPEgressBytes",
    "--no-pager",
    "*.service",
)
#: What systemd prints for a unit that it does not count.
_NONE = ("", "[not set]", "[no data]", str(2**64 - 1))
_MOST = 4096


@dataclass(frozen=True)
class Account:
    """Bytes sent and received, with loopback; None if systemd does not count. `active`: the unit runs."""

    active: bool
    sent: int | None
    received: int | None


def parse_show(text: str) -> Mapping[str, Account]:
    """Accounts by unit, at most 4096; blocks without the name of a service are left out."""
    found: dict[str, Account] = {}
    for block in text.split("\n\n", _MOST)[:_MOST]:
        values = dict(line.partition("=")[::2] for line in block.splitlines() if "=" in line)
        name = values.get("Id", "")
        if name.endswith(".service"):
            active = values.get("ActiveState") in ("active", "activating", "reloading", "deactivating")
            found[name] = Account(
                active, _bytes(values.get("IPEgressBytes", "")), _bytes(values.get("IPIngressBytes", ""))
            )
    return found


def _bytes(text: str) -> int | None:
    return int(text) if text not in _NONE and text.isascii() and text.isdigit() else None
