"""Reading slot values: a grammar may give a number as int, float or digits."""

from __future__ import annotations

import math
from collections.abc import Mapping

Slots = Mapping[str, object]


def number(slots: Slots, name: str) -> float | None:
    """The slot as a finite number, None if it is absent or none."""
    value = slots.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        result = float(value)
    except ValueError:
        return None
    return result if math.isfinite(result) else None


def text(slots: Slots, name: str) -> str | None:
    """The slot as text without outer blanks, None if it is absent or empty."""
    value = slots.get(name)
    return (str(value).strip() or None) if value is not None else None


def seconds(slots: Slots, prefix: str = "") -> float | None:
    """The length of time in the slots `hours`, `minutes` and `seconds` (with `prefix`), in seconds."""
    parts = [
        amount * unit
        for name, unit in (("hours", 3600), ("minutes", 60), ("seconds", 1))
        if (amount := number(slots, prefix + name)) is not None
    ]
    return sum(parts) if parts else None
