"""`sotto power status | profile NAME | explain | simulate DAY`."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from common.errors import InvalidInput
from common.paths import POWER_PROFILES

_OWN = ("org.sotto.Power1", "/org/sotto/Power1", "org.sotto.Power1")
_PROFILES = ("org.freedesktop.UPower.PowerProfiles", "/org/freedesktop/UPower/PowerProfiles")
#: What a simulation compares by default; `sotto:NAME` is one of our profiles.
_GOVERNORS = "schedutil,ondemand,powersave,performance,sotto:balanced"


def power(options: argparse.Namespace) -> int:
    """Run one of the actions.

    Raises:
        SottoError: powerd is not there or refuses; a day, a machine or a profile is wrong.
    """
    match options.action:
        case "profile":
            _choose(options)
        case "explain":
            print(_ask("Explain"))
        case "simulate":
            _simulate(options)
        case _:
            state = json.loads(_ask("State"))
            print(json.dumps(state) if options.json else described(state))
    return 0


def described(state: dict[str, Any]) -> str:
    """The state in a few lines; `explain` says more."""
    lines = [f"profile {state['profile']}, phase {state['phase']}"]
    if state["in_force"] != state["profile"]:
        lines[0] = f"profile {state['profile']} (now {state['in_force']}), phase {state['phase']}"
    for cluster in state["clusters"]:
        now = f"{cluster['now'] // 1000} MHz" if cluster["now"] else "clock unknown"
        limits = f"from {cluster['floor'] // 1000} to {cluster['ceiling'] // 1000}"
        lines.append(f"  cores {cluster['cpus']:<6} {now}, {limits}")
    if state["hottest_c"] is not None:
        lines.append(f"  heat         {state['hottest_c']:.0f} C")
    if state["degraded"]:
        lines.append(f"  slower       {state['degraded']}")
    lines += [f"  problem      /{path}: {why}" for path, why in sorted(state["problems"].items())]
    return "\n".join(lines)


def _choose(options: argparse.Namespace) -> None:
    from dbus_next.signature import Variant

    from services.client.power import call

    if not options.name:
        raise InvalidInput("which profile?", hint="sotto power profile balanced", code="power.profile")
    properties = "org.freedesktop.DBus.Properties"
    value = Variant("s", options.name)
    call(*_PROFILES, properties, "Set", "ssv", _PROFILES[0], "ActiveProfile", value)
    print(f"profile {options.name}")


def _ask(member: str) -> str:
    from services.client.power import call

    return str(call(*_OWN, member))


def _simulate(options: argparse.Namespace) -> None:
    from power.profiles.load import load
    from power.simulate import machine, trace
    from power.simulate.day import simulate
    from power.simulate.picture import draw
    from power.simulate.report import as_data
    from power.simulate.report import described as table

    day = trace.load_trace(options.name or "weekday")
    models = [machine.load_model(name) for name in (options.machine or machine.names())]
    profiles = load(options.profiles)
    results = [
        simulate(model, day, governor, profiles)
        for model in models
        for governor in options.governors.split(",")
    ]
    print(json.dumps(as_data(results)) if options.json else table(results))
    if options.picture is not None:
        draw(results, Path(options.picture))


def add_options(power: argparse.ArgumentParser) -> None:
    """What the command takes."""
    actions = ("status", "profile", "explain", "simulate")
    power.add_argument("action", choices=actions, nargs="?", default="status")
    power.add_argument(
        "name", nargs="?", default="", help="profile: its name; simulate: a day, by name or file"
    )
    power.add_argument(
        "--machine", action="append", metavar="NAME", help="simulate: a model, by name or file"
    )
    power.add_argument("--governors", default=_GOVERNORS, metavar="LIST", help="simulate: what is compared")
    power.add_argument(
        "--profiles",
        type=Path,
        default=POWER_PROFILES,
        metavar="DIR",
        help="simulate: own profiles (TOML), compared as sotto:NAME; default %(default)s",
    )
    power.add_argument("--picture", metavar="FILE.png", help="simulate: draw it (needs matplotlib)")
    power.add_argument("--json", action="store_true", help="status, simulate: as one JSON object")
