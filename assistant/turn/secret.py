"""What of a turn is never kept or published: the code of an alarm panel."""

from __future__ import annotations

from collections.abc import Mapping

from assistant.skills.alarm_panel import DIGITS

#: Stands in the record in place of the words.
HIDDEN = "(a code)"


def open_slots(slots: Mapping[str, object]) -> dict[str, object]:
    """The slots without the digits of a code."""
    return {name: value for name, value in slots.items() if name not in DIGITS}


def open_text(text: str, slots: Mapping[str, object]) -> str:
    """The words of a turn; `HIDDEN` if they held a code."""
    return text if slots.keys().isdisjoint(DIGITS) else HIDDEN
