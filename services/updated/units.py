"""Which services of the box run, according to systemd."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from services.updated.runner import Runner

_TIMEOUT_S = 120.0
_MOST = 20


@dataclass(frozen=True)
class UnitsNow:
    """`failed` failed or start again and again; `idle` are of the wanted ones and do not run."""

    failed: tuple[str, ...] = ()
    idle: tuple[str, ...] = ()
    error: str = ""


def look_at_units(runner: Runner, wanted: Sequence[str]) -> UnitsNow:
    """All loaded units; raises Unavailable where systemctl is not there or does not end."""
    done = runner.run(["systemctl", "list-units", "--all", "--output=json", "--no-pager"], _TIMEOUT_S)
    if done.status != 0:
        return UnitsNow(error=done.last_words)
    return judge_units(done.output, wanted)


def judge_units(listed: str, wanted: Sequence[str]) -> UnitsNow:
    """The JSON of `systemctl list-units --all`, judged."""
    try:
        states = {str(u["unit"]): (str(u["active"]), str(u["sub"])) for u in json.loads(listed)}
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        return UnitsNow(error=f"systemctl prints no list of units ({error})")
    failed = tuple(
        unit
        for unit, (active, sub) in sorted(states.items())
        if active == "failed" or sub.startswith("auto-restart")
    )
    idle = tuple(unit for unit in wanted if states.get(unit, ("", ""))[0] != "active")
    return UnitsNow(failed[:_MOST], idle)
