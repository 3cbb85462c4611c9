"""One thing that a device of zigbee2mqtt "exposes": its keys, words and bounds. Pure; raise nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from assistant.home.model import Range
from services.hubs.bounds import kelvins
from services.hubs.mqtt.degrees import UNITS
from services.hubs.values import number, text

#: Features of one expose that are looked at.
MAX_EXPOSES = 60
#: Bit of `access`.
_SET = 2
_MILLION = 1_000_000


def by_name(exposes: object) -> dict[str, Mapping[str, Any]]:
    """The features of an expose."""
    rows = exposes[:MAX_EXPOSES] if isinstance(exposes, list) else []
    return {text(row.get("name")): row for row in rows if isinstance(row, dict)}


def key_of(feature: Mapping[str, Any]) -> str:
    """Its key in the device's JSON."""
    found = feature.get("property")
    return found[:80] if isinstance(found, str) and re.fullmatch(r"\w+", found) else text(feature.get("name"))


def word_of(feature: Mapping[str, Any], name: str, default: str) -> str:
    """A word of it, such as `value_on`."""
    found = feature.get(name)
    return default if found is None or isinstance(found, dict | list) else str(found)[:80]


def settable(feature: Mapping[str, Any]) -> bool:
    """Whether it takes commands."""
    access = feature.get("access")
    return isinstance(access, int) and bool(access & _SET)


def percent(word: str) -> int | None:
    """A percentage that is reported."""
    found = number(word, 0, 100)
    return None if found is None else round(found)


def slug(name: str) -> str:
    """A name as part of an id."""
    return re.sub(r"[^\w.:-]", "_", name)[:60]


def unit_of(feature: Mapping[str, Any], home: str) -> str:
    """The unit of a temperature; that of the home if it names none."""
    return UNITS.get(text(feature.get("unit")).strip("°"), home)


def bounds(feature: Mapping[str, Any]) -> Range | None:
    """The values it takes; None if it does not say."""
    low, high = (number(feature.get(name), -1e6, 1e6) for name in ("value_min", "value_max"))
    if low is None or high is None or low > high:
        return None
    step = number(feature.get("value_step"), 0, 1e6)
    return Range(low, high, step or None)


def color_temperature(feature: Mapping[str, Any]) -> tuple[Range | None, Callable[[float], int]]:
    """A colour temperature in mireds: its range in kelvin, and what turns kelvin into mireds."""
    mireds = bounds(feature)
    if mireds is None or mireds.minimum < 1:
        return None, lambda kelvin: round(_MILLION / max(1.0, kelvin))
    found = kelvins(_MILLION / mireds.maximum, _MILLION / mireds.minimum)
    return found, lambda kelvin: round(mireds.nearest(_MILLION / max(1.0, kelvin)))
