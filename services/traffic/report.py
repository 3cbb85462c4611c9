"""The figures as text for people and as JSON values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.traffic.accounting import Account
from services.traffic.amount import NO_TRAFFIC, Traffic
from services.traffic.figures import PURPOSES, UNKNOWN, Figures, UnitFigures

ASSISTANT = "sotto-assistantd.service"
#: Seconds after which figures are old; the timer takes them every 45 s.
STALE_S = 150.0
_MOST_NAMED = 3


def verdict(now: Figures, at_s: float) -> str:
    """One sentence: what left, what the assistant sent, what was denied.

    Args:
        at_s: seconds since the start of the box.
    """
    begun = "the start" if now.since_s == 0.0 else "the rules were loaded anew"
    ago = _ago(at_s - now.since_s)
    left = sorted(
        ((amount.bytes, purpose) for purpose, amount in now.purposes.items() if amount.packets), reverse=True
    )
    items = _and([f"{PURPOSES.get(purpose, purpose)} ({size(amount)})" for amount, purpose in left])
    what = f"only {items} left this box" if items else "nothing left this box"
    own = next((unit.sent.bytes for unit in now.units if unit.name == ASSISTANT), 0)
    denied = f"{now.denied.packets} packet{'' if now.denied.packets == 1 else 's'}"
    were = "was" if now.denied.packets == 1 else "were"
    return (
        f"Since {begun}, {ago} ago, {what}; the assistant sent {size(own) if own else 'nothing'}; "
        f"{denied} {were} denied{_culprits(now)}."
    )


def described(now: Figures, at_s: float, accounts: Mapping[str, Account]) -> str:
    """The verdict and the figures behind it, in several lines.

    Args:
        at_s: seconds since the start of the box.
        accounts: systemd's, by unit; empty if systemd does not answer.
    """
    lines = [verdict(now, at_s), "", f"  {'unit':<34} {'sent':>10} {'received':>10} {'denied':>8}  may send"]
    for unit in now.units:
        lines.append(
            f"  {unit.name:<34} {size(unit.sent.bytes):>10} {size(unit.received.bytes):>10} "
            f"{unit.denied.packets:>8}  {', '.join(PURPOSES.get(p, p) for p in unit.may) or '-'}"
        )
    rest = _rest(now)
    lines.append(
        f"  {'no unit (the kernel)':<34} {size(rest.sent.bytes):>10} {size(rest.received.bytes):>10} "
        f"{rest.denied.packets:>8}  {PURPOSES['local']}"
    )
    known = {unit.name for unit in now.units}
    silent = sum(account.active and name not in known for name, account in accounts.items())
    if silent:
        lines.append(f"  {silent} more services run: they sent nothing, tried nothing and got nothing.")
    lines.append("")
    lines += [
        f"  {link.name}: {size(link.sent)} sent, {size(link.received)} received in all" for link in now.links
    ]
    if now.links:
        lines.append(
            "  That is each frame, also those no firewall sees: ARP, Wi-Fi, the first request for an address."
        )
    lines.append("  By unit, loopback is not counted; systemd's own account (in --json) has it in.")
    lines.append(f"  Packets from outside that were not let in: {now.knocked.packets}. {_age(now, at_s)}")
    return "\n".join(lines)


def as_json(now: Figures, at_s: float, accounts: Mapping[str, Account]) -> dict[str, Any]:
    """The same as JSON values; bytes, packets and seconds."""
    units = {unit.name: unit for unit in now.units}
    names = sorted({*units, *(name for name, account in accounts.items() if account.active)})
    return {
        "verdict": verdict(now, at_s),
        "age_s": round(at_s - now.taken_s, 1),
        "counted_s": round(now.taken_s - now.since_s, 1),
        "sent": {purpose: _amount(amount) for purpose, amount in now.purposes.items()},
        "received": _amount(now.received),
        "denied": _amount(now.denied),
        "not_let_in": _amount(now.knocked),
        "units": [_unit(units.get(name, UnitFigures(name)), accounts.get(name)) for name in names],
        "no_unit": _unit(_rest(now), None),
        "links": [{"name": v.name, "sent_bytes": v.sent, "received_bytes": v.received} for v in now.links],
    }


def warning(now: Figures, at_s: float) -> str:
    """What is wrong with the figures, or ""."""
    if at_s - now.taken_s > STALE_S:
        return f"{_age(now, at_s)} They should be newer; see: systemctl status sotto-netcount"
    return ""


def size(amount: int) -> str:
    """Bytes in words: 0 B, 812 B, 2 kB, 1.5 MB."""
    if amount < 1000:
        return f"{amount} B"
    if amount < 999_500:
        return f"{amount / 1000:.0f} kB"
    return f"{amount / 1e6:.1f} MB" if amount < 999_950_000 else f"{amount / 1e9:.1f} GB"


def _unit(unit: UnitFigures, account: Account | None) -> dict[str, Any]:
    return {
        "name": unit.name,
        "sent": _amount(unit.sent),
        "received": _amount(unit.received),
        "denied": _amount(unit.denied),
        "may": list(unit.may),
        "sent_with_loopback_bytes": account and account.sent,
        "received_with_loopback_bytes": account and account.received,
    }


def _amount(of: Traffic) -> dict[str, int]:
    return {"packets": of.packets, "bytes": of.bytes}


def _rest(now: Figures) -> UnitFigures:
    """Traffic of no known unit: the totals less the units, never below zero."""
    units = now.units
    return UnitFigures(
        "",
        _less(sum(now.purposes.values(), NO_TRAFFIC), sum((unit.sent for unit in units), NO_TRAFFIC)),
        _less(now.received, sum((unit.received for unit in units), NO_TRAFFIC)),
        _less(now.denied, sum((unit.denied for unit in units), NO_TRAFFIC)),
    )


def _less(all_: Traffic, part: Traffic) -> Traffic:
    return Traffic(max(0, all_.packets - part.packets), max(0, all_.bytes - part.bytes))


def _culprits(now: Figures) -> str:
    denied = sorted(
        (unit for unit in now.units if unit.denied.packets), key=lambda unit: -unit.denied.packets
    )
    named = [f"{unit.name if unit.name != UNKNOWN else 'a unit that has ended'}" for unit in denied]
    more = [f"{len(named) - _MOST_NAMED} more"] if len(named) > _MOST_NAMED else []
    return f" ({_and(named[:_MOST_NAMED] + more)})" if named else ""


def _and(parts: list[str]) -> str:
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def _age(now: Figures, at_s: float) -> str:
    return f"The figures are {max(0.0, at_s - now.taken_s):.0f} s old."


def _ago(seconds: float) -> str:
    for unit_s, name in ((86400.0, "d"), (3600.0, "h"), (60.0, "min")):
        if seconds >= unit_s:
            return f"{seconds // unit_s:.0f} {name}"
    return f"{max(0.0, seconds):.0f} s"
