"""Numbers and texts out of what a hub sends, which may be anything. Pure; raise nothing."""

from __future__ import annotations

import math

MAX_TEXT = 60


def number(value: object, low: float, high: float) -> float | None:
    """A number between `low` and `high`, also out of a text; None for all else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, str) and len(value) > MAX_TEXT:
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) and low <= found <= high else None


def whole(value: object, low: int, high: int) -> int | None:
    """As `number`, rounded."""
    found = number(value, low, high)
    return None if found is None else round(found)


def degrees(value: object) -> float | None:
    """A temperature, in Celsius or Fahrenheit."""
    return number(value, -100, 200)


def measured(value: object) -> float | str | None:
    """What a sensor measures: a number if it is one, else a short text."""
    found = number(value, -1e12, 1e12)
    if found is not None:
        return int(found) if found.is_integer() else found
    return text(value) or None


def text(value: object, most: int = MAX_TEXT) -> str:
    """A printable text of at most `most` characters; "" for all else."""
    if not isinstance(value, str):
        return ""
    plain = " ".join("".join(c if c.isprintable() else " " for c in value[: 2 * most]).split())
    return plain[:most]


def flag(value: object) -> bool | None:
    """True or False; None for all else."""
    return value if isinstance(value, bool) else None


def texts(value: object, most: int) -> tuple[str, ...]:
    """The texts of a list, at most `most`."""
    if not isinstance(value, list | tuple):
        return ()
    return tuple(item for item in value[:most] if isinstance(item, str))


def percent_of(value: object, full: float) -> int | None:
    """A share of `full` in percent; what is not nothing is 1 at least."""
    found = number(value, 0, full)
    if found is None:
        return None
    return max(1, round(found / full * 100)) if found else 0
