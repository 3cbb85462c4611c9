"""Reading `sotto.toml`, which the owner edits before the first boot, and writing it.

Reading never fails: the result has all valid values, and a problem for each invalid one.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from common.toml_text import toml_lines
from services.provision import checks, hub_checks
from services.provision.checks import Wrong
from services.provision.key_field import Key
from services.provision.key_index import KEYS, MEANT, SECTIONS, SPOKEN
from services.provision.keys import HubSection, Setup
from services.provision.text_file import table_from


@dataclass(frozen=True)
class Problem:
    """One problem of the file.

    Attributes:
        key: where, as in `wifi.password`; empty for the file as a whole.
        spoken: what, in words that the box speaks: "the Wi-Fi password is too short".
        message: what exactly, with the value unless it is secret.
        hint: what to do.
    """

    key: str
    spoken: str
    message: str
    hint: str


@dataclass(frozen=True)
class Report:
    """The content of a file, and its problems.

    Attributes:
        setup: all valid values.
        problems: section by section.
        bad: keys that keep their previous value; `*` stands for all keys.
    """

    setup: Setup
    problems: tuple[Problem, ...] = ()
    bad: frozenset[str] = frozenset()


#: Unknown settings of a section that are named one by one.
_MAX_UNKNOWN = 8
HEAD = "# The set-up of this box, written by its set-up page. sotto.toml.example explains every line.\n"


def read(data: bytes) -> Report:
    """The content of a set-up file. Raises nothing, whatever `data` is."""
    try:
        return read_table(table_from(data))
    except Wrong as wrong:
        problem = Problem("", wrong.spoken, wrong.message, wrong.hint)
        return Report(Setup(), (problem,), frozenset({"*"}))


def read_table(table: Mapping[str, object]) -> Report:
    """As `read`, for a file that is valid TOML."""
    problems: list[Problem] = []
    top: dict[str, Any] = {}
    strangers: list[str] = []
    for key, value in table.items():
        if key in SECTIONS:
            top[key] = _section(key, value, problems)
        elif key in KEYS[""]:
            _take(key, key, KEYS[""][key], value, top, problems)
        else:
            strangers.append(key)
    problems += _unknown_all(strangers, "", (*KEYS[""], *SECTIONS))
    setup = Setup(**top)
    nameless = setup.wifi.ssid is None and bool(setup.wifi.password or setup.wifi.hidden)
    if nameless and "wifi.ssid" not in {problem.key for problem in problems}:
        problems.append(
            Problem(
                "wifi.ssid",
                "the name of the Wi-Fi network is missing",
                "[wifi] has a password but no ssid",
                'add the name of the network: ssid = "..."',
            )
        )
    if (problem := hub_problem(setup.hub)) and problem.key not in {other.key for other in problems}:
        problems.append(problem)
    # Only known keys count here, so that an unknown key named "*" has no effect.
    bad = frozenset(problem.key for problem in problems if problem.key in SPOKEN)
    return Report(setup, tuple(problems), bad)


def hub_problem(hub: HubSection) -> Problem | None:
    """What is missing or does not fit in the values of a hub, if anything."""
    found = hub_checks.lacking(hub.kind, hub.address, hub.url, hub.token, hub.user, hub.password)
    if found is None and hub.certificate and not hub_checks.is_encrypted(hub.url):
        found = "hub.certificate", hub_checks.UNUSED_CERTIFICATE
    if found is None:
        return None
    key, wrong = found
    return Problem(key, f"{SPOKEN[key]} {wrong.spoken}", f"{key}: {wrong.message}", wrong.hint)


def _section(section: str, value: object, problems: list[Problem]) -> Any:
    cls, fields = SECTIONS[section], KEYS[section]
    if not isinstance(value, dict):
        problems.append(
            Problem(
                section,
                f"{SPOKEN[section]} is not a section",
                f"{section} is a section of its own, not a single value",
                f"write [{section}] on a line, and its values on the lines below",
            )
        )
        return cls()
    values: dict[str, Any] = {}
    strangers: list[str] = []
    for key, inner in value.items():
        if key in fields:
            _take(f"{section}.{key}", key, fields[key], inner, values, problems)
        else:
            strangers.append(key)
    problems += _unknown_all(strangers, section, tuple(fields))
    return cls(**values)


def _take(
    place: str, key: str, known: Key, value: object, into: dict[str, Any], problems: list[Problem]
) -> None:
    try:
        into[key] = known.check(value) if known.check else value
    except Wrong as wrong:
        spoken = f"{known.spoken} {wrong.spoken}"
        problems.append(Problem(place, spoken, f"{place}: {wrong.message}", wrong.hint))


def _unknown_all(keys: Sequence[str], section: str, known: tuple[str, ...]) -> list[Problem]:
    """A problem for each unknown key, but not thousands: the file may be that of another program."""
    problems = [_unknown(key, section, known) for key in keys[:_MAX_UNKNOWN]]
    if more := len(keys) - len(problems):
        problems.append(
            Problem(
                f"{section}.*" if section else "**",
                "there are more settings that I do not know",
                f"{more} more unknown settings",
                "is this the right file? sotto.toml.example shows what can stand in it",
            )
        )
    return problems


def _unknown(key: str, section: str, known: tuple[str, ...]) -> Problem:
    """The value is not shown, because it may be a password under a mistyped name."""
    shown = checks.shown(key)
    meant = [name for name in MEANT.get(key.lower(), ()) if name in known]
    close = meant or get_close_matches(key.lower()[:40], known, 1, 0.6)
    elsewhere = [name for name in SECTIONS if key in KEYS[name] and name != section]
    if close:
        hint = f"did you mean {close[0]}?"
    elif key in KEYS[""]:
        hint = f"{key} belongs to the top of the file, above the first [section]"
    elif elsewhere:
        hint = f"{key} belongs below the line [{elsewhere[0]}]"
    else:
        hint = f"known here: {', '.join(known)}"
    where = f"in [{section}]" if section else "at the top of the file"
    place = f"{section}.{key}" if section else key
    return Problem(
        checks.clean(place), "there is a setting that I do not know", f"unknown setting {shown} {where}", hint
    )


def merge(previous: Setup, report: Report) -> Setup:
    """The set-up from now on: valid values of the file; invalid ones keep the previous value.

    Name and password of a network belong together: if one is invalid, both keep the previous value.
    """
    if "*" in report.bad:
        return previous
    bad = set(report.bad)
    if bad & {"wifi.ssid", "wifi.password", "wifi.hidden"}:
        bad |= {"wifi.ssid", "wifi.password", "wifi.hidden"}
    changes: dict[str, Any] = {key: getattr(previous, key) for key in (*KEYS[""], *SECTIONS) if key in bad}
    for section in SECTIONS:
        kept = {k: getattr(getattr(previous, section), k) for k in KEYS[section] if f"{section}.{k}" in bad}
        if section not in bad and kept:
            changes[section] = dataclasses.replace(getattr(report.setup, section), **kept)
    return dataclasses.replace(report.setup, **changes)


def to_table(setup: Setup) -> dict[str, Any]:
    """`setup` as plain tables, as `read_table` takes them; a value that is None has no key."""
    table: dict[str, Any] = {}
    for key, value in dataclasses.asdict(setup).items():
        if isinstance(value, dict):
            value = {k: _plain(v) for k, v in value.items() if v is not None}
        if value not in (None, {}):
            table[key] = _plain(value)
    return table


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def to_toml(setup: Setup) -> str:
    """`setup` as a file from which `read` gets the same set-up."""
    table = to_table(setup)
    top = {key: value for key, value in table.items() if not isinstance(value, dict)}
    parts = [HEAD, toml_lines(top)]
    for section, values in table.items():
        if isinstance(values, dict):
            parts += [f"\n[{section}]\n", toml_lines(values)]
    return "".join(parts)
