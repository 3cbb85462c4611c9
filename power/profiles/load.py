"""Reads the profiles that are built in, and those of an owner."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, get_type_hints

from common.faults import Fault
from common.toml_file import Flaw, read_toml, shown, shown_key
from power.errors import ProfileError
from power.profiles.profile import Profile

_FOLDER = Path(__file__).parent
#: The profile that sets every key. A file that names no other one is based on it.
_BASE = "balanced"
_LIMIT_BYTES = 64 * 1024
_FILE_HINTS: dict[Flaw, str] = {
    "unreadable": "check its rights",
    "too-large": "is it the right file?",
    "syntax": "correct the line named",
}
_MOST_PROFILES = 32
_LONGEST_TEXT = 200
_CODE = ProfileError.default_code
_OMITTED, _KEY_OMITTED = "It is left out.", "This key is left out."
_NAME = re.compile(r"[a-z][a-z0-9-]{0,31}\Z")
#: Allowed values by field. Of a field that is not named here only the type is checked.
_RANGES: Mapping[str, tuple[float, float]] = {
    **dict.fromkeys(("idle_ceiling", "speech_floor", "thinking_floor", "speaking_floor"), (0.0, 1.0)),
    **dict.fromkeys(("linger_floor", "hot_floor"), (0.0, 1.0)),
    **dict.fromkeys(("speech_s", "thinking_s", "speaking_s"), (0.1, 600.0)),
    **dict.fromkeys(("linger_s", "park_after_s", "offline_after_s"), (0.0, 86400.0)),
    "latency_us": (0, 100_000),
    "hot_c": (40.0, 110.0),
    "battery_percent": (0, 100),
}
_HINTS = ("default", "performance", "balance_performance", "balance_power", "power")


def read_built_in(folder: Path = _FOLDER) -> dict[str, Profile]:
    """The profiles in ``folder/*.toml`` by name, the one that saves most power first.

    All but "balanced" are based on "balanced".

    Raises:
        ProfileError: a file cannot be used; names file, key and what is allowed.
    """
    base = _complete(folder / f"{_BASE}.toml")
    found = [base]
    found += [_read(file, {_BASE: base}) for file in _files(folder) if file.stem != _BASE]
    found.sort(key=lambda each: (each.idle_ceiling, each.thinking_floor, each.name))
    return _checked_together(folder, {profile.name: profile for profile in found})


def load(folder: Path) -> dict[str, Profile]:
    """The built-in profiles and those in ``folder/*.toml``, one a file, named by the file.

    A file says ``based_on = "balanced"`` and what is different.

    Raises:
        ProfileError: a file cannot be used; names file, key and what is allowed.
    """
    profiles = dict(BUILT_IN)
    for file in _files(folder):
        if file.stem in BUILT_IN:
            raise _bad_name(file)
        profiles[file.stem] = _read(file, BUILT_IN)
    return _checked_together(folder, profiles)


def load_usable(folder: Path) -> tuple[dict[str, Profile], tuple[Fault, ...]]:
    """As `load`, but what cannot be used is left out: a key, else its file.

    Returns:
        The profiles, and a fault for each thing that was left out.
    """
    profiles = dict(BUILT_IN)
    faults: list[Fault] = []
    try:
        files = _listed(folder)
    except OSError as error:
        why = f"{folder} cannot be read: {error.strerror or error}"
        fault = Fault(_CODE, why, "it is a folder of files; check its rights", _OMITTED, folder.name)
        return profiles, (fault,)
    if len(files) > _MOST_PROFILES:
        effect = f"The first {_MOST_PROFILES} are used."
        faults.append(Fault.of(_too_many(folder, len(files)), effect, folder.name))
    for file in files[:_MOST_PROFILES]:
        try:
            if file.stem in BUILT_IN:
                raise _bad_name(file)
            profiles[file.stem] = _read(file, BUILT_IN, faults)
        except ProfileError as error:
            faults.append(Fault.of(error, _OMITTED, shown_key(file.name)))
    for profile in list(profiles.values()):
        if profile.on_battery and profile.on_battery not in profiles:
            unknown = _no_such_profile(folder, profile, profiles)
            effect = "No other profile is used on battery."
            faults.append(Fault.of(unknown, effect, f"{profile.name}.toml", "on_battery"))
            profiles[profile.name] = replace(profile, on_battery="")
    return profiles, tuple(faults)


def _listed(folder: Path) -> list[Path]:
    """The profiles in a folder; none where there is no folder. Raises OSError for what cannot be listed."""
    try:
        return sorted(file for file in folder.iterdir() if file.suffix == ".toml")
    except FileNotFoundError:
        return []


def _files(folder: Path) -> list[Path]:
    files = sorted(folder.glob("*.toml")) if folder.is_dir() else []
    if len(files) > _MOST_PROFILES:
        raise _too_many(folder, len(files))
    return files


def _too_many(folder: Path, number: int) -> ProfileError:
    return ProfileError(f"{folder} holds {number} profiles", hint=f"{_MOST_PROFILES} are the most")


def _checked_together(folder: Path, profiles: dict[str, Profile]) -> dict[str, Profile]:
    for profile in profiles.values():
        if profile.on_battery and profile.on_battery not in profiles:
            raise _no_such_profile(folder, profile, profiles)
    return profiles


def _no_such_profile(folder: Path, profile: Profile, profiles: Mapping[str, Profile]) -> ProfileError:
    return ProfileError(
        f"{folder}/{profile.name}.toml: on_battery = {shown(profile.on_battery)} is no profile",
        hint=f"known: {', '.join(sorted(profiles))}",
    )


def _complete(file: Path) -> Profile:
    table = _table(file)
    if missing := sorted({field.name for field in fields(Profile)} - {"name"} - table.keys()):
        raise ProfileError(f"{file}: {missing[0]} is missing", hint="this file sets every key")
    return Profile(**{"name": file.stem, **_checked(table, file)})


def _read(file: Path, bases: Mapping[str, Profile], faults: list[Fault] | None = None) -> Profile:
    """A profile; keys that cannot be used are left out and added to `faults`, or are an error without it."""
    if not _NAME.match(file.stem):
        raise _bad_name(file)
    table = _table(file)
    base = table.pop("based_on", _BASE)
    if not isinstance(base, str) or base not in bases:
        raise ProfileError(
            f"{file}: based_on = {shown(base)} is no built-in profile", hint=f"known: {', '.join(bases)}"
        )
    return replace(bases[base], **{"about": f"like {base}", **_checked(table, file, faults)}, name=file.stem)


def _bad_name(file: Path) -> ProfileError:
    return ProfileError(
        f"{file}: a profile cannot be called {shown(file.stem)}",
        hint="small letters, digits and hyphens, and not the name of a built-in one",
    )


def _table(file: Path) -> dict[str, Any]:
    def failed(flaw: Flaw, why: str) -> ProfileError:
        return ProfileError(f"{file} {why}", hint=_FILE_HINTS[flaw])

    table = read_toml(file, _LIMIT_BYTES, failed)
    if table is None:
        raise failed("unreadable", "cannot be read: it is not there")
    return table


def _checked(table: dict[str, Any], file: Path, faults: list[Fault] | None = None) -> dict[str, Any]:
    hints = get_type_hints(Profile)
    known = [field.name for field in fields(Profile) if field.name != "name"]
    usable = {}
    for key, value in table.items():
        try:
            if key not in known:
                raise ProfileError(
                    f"{file}: unknown key {shown_key(key)}", hint=f"known: based_on, {', '.join(known)}"
                )
            _check(key, value, hints[key], file)
        except ProfileError as error:
            if faults is None:
                raise
            faults.append(Fault.of(error, _KEY_OMITTED, shown_key(file.name), shown_key(key)))
        else:
            usable[key] = value
    return usable


def _check(key: str, value: Any, kind: type, file: Path) -> None:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not (number if kind is float else type(value) is kind):
        raise ProfileError(
            f"{file}: {key} = {shown(value)} is not a {kind.__name__}", hint="see docs/power.md"
        )
    low, high = _RANGES.get(key, (value, value))
    if not low <= value <= high:
        raise ProfileError(
            f"{file}: {key} = {shown(value)} is out of range", hint=f"between {low} and {high}"
        )
    if kind is str and (len(value) > _LONGEST_TEXT or not value.isprintable()):
        raise ProfileError(
            f"{file}: {key} = {shown(value)} cannot be shown", hint=f"{_LONGEST_TEXT} characters are the most"
        )
    if key.endswith("_hint") and value not in _HINTS:
        raise ProfileError(f"{file}: {key} = {shown(value)} is unknown", hint=f"known: {', '.join(_HINTS)}")


#: The profiles of this folder, by name.
BUILT_IN: Mapping[str, Profile] = read_built_in()
