"""Temperatures of a device that counts in another unit than the home. Pure."""

from __future__ import annotations

from collections.abc import Callable

from assistant.home.model import Range
from services.hubs.values import degrees

#: Letter of a unit -> its name, as the home has it.
UNITS = {"C": "celsius", "F": "fahrenheit"}


def between(unit: str, other: str) -> Callable[[float], float]:
    """From degrees in `unit` to degrees in `other`."""
    if unit == other:
        return same
    if unit == "celsius":
        return lambda value: round(value * 9 / 5 + 32, 1)
    return lambda value: round((value - 32) * 5 / 9, 1)


def same(value: float) -> float:
    """The value itself."""
    return value


def reported(unit: str, home: str) -> Callable[[str], float | None]:
    """What turns a temperature that a device reports into one of the home."""
    convert = between(unit, home)

    def take(value: str) -> float | None:
        found = degrees(value)
        return None if found is None else convert(found)

    return take


def in_home(limit: Range, unit: str, home: str) -> Range:
    """A range of a device in the home's unit. A step is no round number there, and is left out."""
    if unit == home:
        return limit
    convert = between(unit, home)
    return Range(convert(limit.minimum), convert(limit.maximum))
