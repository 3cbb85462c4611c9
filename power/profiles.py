"""Profiles: how eager or thrifty the machine is. Three are built in, an owner may add more in TOML."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, get_type_hints

from common.toml_file import Flaw, read_toml
from power.errors import ProfileError

_LIMIT_BYTES = 64 * 1024
_FILE_HINTS: dict[Flaw, str] = {
    "unreadable": "check its rights",
    "too-large": "is it the right file?",
    "syntax": "mend the line named",
}
_MOST_PROFILES = 32
_NAME = re.compile(r"[a-z][a-z0-9-]{0,31}\Z")


@dataclass(frozen=True)
class Profile:
    """How a machine behaves. Shares are of the highest frequency, 0 to 1; times are seconds.

    Attributes:
        about: one line for people.
        idle_ceiling: how fast it may run while nobody speaks; more if the load needs it.
        speech_floor: from speech onset; `thinking_floor` from the wake word; `speaking_floor` during the
            reply.
        linger_floor, linger_s: after the conversation, for a second sentence.
        speech_s, thinking_s, speaking_s: after so long without a word from the assistant a phase is over.
        boost_weak: whether weaker clusters get the floors too.
        idle_hint, busy_hint: energy-performance preferences.
        latency_us: longest wake-up of a sleeping core while thinking; 0 leaves it to the kernel.
        park: rest the cores that listening does not need, after `park_after_s` of silence.
        offline_after_s: switch them off after so long; 0 never does.
        accelerators: raise the floors of GPU and NPU while thinking.
        hot_c, hot_floor: from this temperature on, no floor is above `hot_floor`.
        on_battery: profile to use instead below `battery_percent`; "" for none.
    """

    name: str = "balanced"
    about: str = ""
    idle_ceiling: float = 0.0
    speech_floor: float = 1.0
    thinking_floor: float = 1.0
    speaking_floor: float = 0.6
    linger_floor: float = 0.0
    linger_s: float = 0.5
    speech_s: float = 2.0
    thinking_s: float = 30.0
    speaking_s: float = 120.0
    boost_weak: bool = False
    idle_hint: str = "balance_power"
    busy_hint: str = "performance"
    latency_us: int = 100
    park: bool = True
    park_after_s: float = 10.0
    offline_after_s: float = 0.0
    accelerators: bool = True
    hot_c: float = 80.0
    hot_floor: float = 0.5
    on_battery: str = ""
    battery_percent: int = 20


_BALANCED = Profile(
    about="quiet while nobody speaks, full speed from speech onset to the answer",
    on_battery="power-saver",
)
BUILT_IN: Mapping[str, Profile] = {
    "power-saver": replace(
        _BALANCED,
        name="power-saver",
        about="boosts from the wake word on, and less",
        speech_floor=0.0,
        thinking_floor=0.7,
        speaking_floor=0.0,
        linger_s=0.0,
        idle_hint="power",
        busy_hint="balance_performance",
        park_after_s=2.0,
        offline_after_s=1800.0,
        accelerators=False,
        on_battery="",
    ),
    "balanced": _BALANCED,
    "performance": replace(
        _BALANCED,
        name="performance",
        about="always ready: no ceilings, no resting cores, a floor at half speed",
        idle_ceiling=1.0,
        speaking_floor=1.0,
        linger_floor=1.0,
        linger_s=5.0,
        boost_weak=True,
        idle_hint="balance_performance",
        park=False,
        hot_floor=0.8,
        on_battery="balanced",
    ),
}
#: Values that make sense, by field; what is not named here is checked by kind alone.
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


def load(folder: Path) -> dict[str, Profile]:
    """The built-in profiles and those in ``folder/*.toml``, one a file, named by the file.

    A file says ``based_on = "balanced"`` and what is different.

    Raises:
        ProfileError: a file cannot be used; names file, key and what is allowed.
    """
    profiles = dict(BUILT_IN)
    files = sorted(folder.glob("*.toml")) if folder.is_dir() else []
    if len(files) > _MOST_PROFILES:
        raise ProfileError(f"{folder} holds {len(files)} profiles", hint=f"{_MOST_PROFILES} are the most")
    for file in files:
        profile = _read(file)
        profiles[profile.name] = profile
    for profile in profiles.values():
        if profile.on_battery and profile.on_battery not in profiles:
            raise ProfileError(
                f"{folder}/{profile.name}.toml: on_battery = {profile.on_battery!r} is no profile",
                hint=f"known: {', '.join(sorted(profiles))}",
            )
    return profiles


def _read(file: Path) -> Profile:
    name = file.stem
    if name in BUILT_IN or not _NAME.match(name):
        raise ProfileError(
            f"{file}: a profile cannot be called {name!r}",
            hint="small letters, digits and hyphens, and not the name of a built-in one",
        )

    def failed(flaw: Flaw, why: str) -> ProfileError:
        return ProfileError(f"{file} {why}", hint=_FILE_HINTS[flaw])

    table = read_toml(file, _LIMIT_BYTES, failed)
    if table is None:
        raise failed("unreadable", "cannot be read: it is not there")
    base = table.pop("based_on", "balanced")
    if not isinstance(base, str) or base not in BUILT_IN:
        raise ProfileError(
            f"{file}: based_on = {base!r} is no built-in profile", hint=f"known: {', '.join(BUILT_IN)}"
        )
    return replace(BUILT_IN[base], **{"about": f"like {base}", **_checked(table, file)}, name=name)


def _checked(table: dict[str, Any], file: Path) -> dict[str, Any]:
    hints = get_type_hints(Profile)
    known = [field.name for field in fields(Profile) if field.name != "name"]
    for key, value in table.items():
        if key not in known:
            raise ProfileError(f"{file}: unknown key {key}", hint=f"known: based_on, {', '.join(known)}")
        kind = hints[key]
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not (number if kind is float else type(value) is kind):
            raise ProfileError(
                f"{file}: {key} = {value!r} is not a {kind.__name__}", hint="see docs/power.md"
            )
        low, high = _RANGES.get(key, (value, value))
        if not low <= value <= high:
            raise ProfileError(f"{file}: {key} = {value} is out of range", hint=f"between {low} and {high}")
        if key.endswith("_hint") and value not in _HINTS:
            raise ProfileError(f"{file}: {key} = {value!r} is unknown", hint=f"known: {', '.join(_HINTS)}")
    return table
