"""Pieces of replies: lists, durations, moments, numbers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from assistant.speech.number_words import cardinal

#: Nobody remembers more of a list that is read out; fifty timers were too long a text to be spoken at all.
MOST_LISTED = 12


def joined(words: Sequence[str], last: str = "and") -> str:
    """ "a", "a and b", "a, b and c"; of a long list the beginning, "and 39 more"."""
    if len(words) > MOST_LISTED:
        words = (*words[: MOST_LISTED - 1], f"{len(words) - MOST_LISTED + 1} more")
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"


def capitalised(text: str) -> str:
    """The first letter large, the rest untouched."""
    return text[:1].upper() + text[1:]


def count_of(number: int, noun: str, plural: str | None = None) -> str:
    """ "one light", "three lights", "no lights"."""
    several = plural or f"{noun}s"
    if number == 0:
        return f"no {several}"
    return f"{cardinal(str(number))} {noun if number == 1 else several}"


def duration(seconds: float, noun: bool = False) -> str:
    """A length of time in words, rounded to seconds.

    Args:
        seconds: at least 0.
        noun: as used before a noun: "ten minute" as in "ten minute timer".

    Returns:
        "ten minutes", "one hour and five seconds", "zero seconds".
    """
    hours, rest = divmod(round(seconds), 3600)
    minutes, left = divmod(rest, 60)
    parts = [
        f"{cardinal(str(amount))} {unit}{'' if amount == 1 or noun else 's'}"
        for amount, unit in ((hours, "hour"), (minutes, "minute"), (left, "second"))
        if amount
    ]
    return joined(parts) if parts else f"zero second{'' if noun else 's'}"


def clock_time(moment: datetime) -> str:
    """ "7:30 am", "4 pm"."""
    hour = moment.hour % 12 or 12
    half = "am" if moment.hour < 12 else "pm"
    return f"{hour}:{moment.minute:02} {half}" if moment.minute else f"{hour} {half}"


def day_of(moment: datetime, now: datetime) -> str:
    """When a moment is, seen from `now`: "today", "tomorrow", "on Friday", "on Friday, December 4th"."""
    days = (moment.date() - now.date()).days
    if days in (0, 1, -1):
        return {0: "today", 1: "tomorrow", -1: "yesterday"}[days]
    if 1 < days < 7:
        return f"on {moment:%A}"
    return f"on {long_date(moment)}"


def long_date(moment: datetime) -> str:
    """ "Sunday, November 22nd"."""
    day = moment.day
    suffix = "th" if 10 <= day <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return f"{moment:%A}, {moment:%B} {day}{suffix}"


def figure(value: float) -> str:
    """A measured number without a needless ".0": 21.5, 21."""
    return f"{round(value, 1):g}" if abs(value) < 1e6 else f"{value:.0f}"
