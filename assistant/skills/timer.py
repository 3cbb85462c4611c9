"""One timer, and what is said when it ends."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from assistant.skills.phrases import clock_time, duration
from assistant.skills.rings import LATE_AFTER, Ring, RingKind
from common.errors import InvalidInput

MAX_LENGTH_S = 100 * 3600.0
MAX_NAME = 60
MAX_COMMAND = 200

_ONE_MORE = re.compile(
    r"^(?:(?:first|second|third|fourth|fifth|sixth|\d+(?:st|nd|rd|th)|one more|another|other|new|extra|"
    r"additional|different|separate)(?: |$))+"
)


@dataclass(frozen=True)
class Timer:
    """One timer.

    Attributes:
        id: number, never used again.
        name: what it was called, "" for none.
        length_s: the length it was started with, which it may be called by.
        ends_at: seconds since the epoch, None while paused.
        remaining_s: what is left, while paused only.
        command: a sentence to execute when it ends, instead of ringing.
    """

    id: int
    name: str
    length_s: float
    ends_at: float | None
    remaining_s: float = 0.0
    command: str = ""

    @property
    def paused(self) -> bool:
        """Whether it stands still."""
        return self.ends_at is None

    @property
    def label(self) -> str:
        """ "pizza timer", "ten minute timer"."""
        return f"{self.name or duration(self.length_s, noun=True)} timer"

    def remaining(self, now: datetime) -> timedelta:
        """What is left at `now`, never negative."""
        left = self.remaining_s if self.ends_at is None else self.ends_at - now.timestamp()
        return timedelta(seconds=max(0.0, left))


def check_length(length_s: float) -> float:
    """The length again.

    Raises:
        InvalidInput: no timer runs so long or so short.
    """
    if not 1 <= length_s <= MAX_LENGTH_S:
        raise InvalidInput("a timer runs from one second to one hundred hours", code="timer.length")
    return length_s


def new_name(name: str) -> str:
    """The name of a timer that is started: "second" or "another" only say that it is one more."""
    return _ONE_MORE.sub("", timer_name(name))


def timer_name(name: str) -> str:
    """A name as timers are called by: lower case, without "the", "my" or a closing "timer"."""
    plain = " ".join(name.lower().split())
    plain = re.sub(r"^(?:the|my|a|an) ", "", plain)
    return plain.removesuffix(" timer")


def timer_from(entry: Mapping[str, Any]) -> Timer:
    """A timer from the file.

    Raises:
        KeyError, TypeError, ValueError, OverflowError: it is not one.
    """
    ends_at = entry["ends_at"]
    timer = Timer(
        id=int(entry["id"]),
        name=str(entry["name"])[:MAX_NAME],
        length_s=float(entry["length_s"]),
        ends_at=None if ends_at is None else float(ends_at),
        remaining_s=float(entry["remaining_s"]),
        command=str(entry["command"])[:MAX_COMMAND],
    )
    if not 0 < timer.length_s <= MAX_LENGTH_S or not 0 <= timer.remaining_s <= MAX_LENGTH_S:
        raise ValueError(f"timer {timer.id} has an impossible length")
    if timer.ends_at is not None:
        datetime.fromtimestamp(timer.ends_at, UTC)
    return timer


def ring_of(timer: Timer, now: datetime) -> Ring:
    """The ring of a timer that has ended, as it is told at `now`."""
    assert timer.ends_at is not None
    due = datetime.fromtimestamp(timer.ends_at, now.tzinfo)
    late = now - due > LATE_AFTER
    command: str | None = None
    if late and timer.command:
        text = (
            f"I was switched off at {clock_time(due)}, when you wanted me to {timer.command}. "
            "I have not done it."
        )
    elif late:
        text = (
            f"Your {timer.label} ended at {clock_time(due)}, {_ago(now - due)} ago, while I was switched off."
        )
    elif timer.command:
        text, command = "", timer.command
    else:
        text = f"Your {timer.label} is done."
    return Ring(RingKind.TIMER, timer.id, timer.name, due, late, text, command)


def _ago(passed: timedelta) -> str:
    """A coarse length of time: seconds do not matter any more after some minutes."""
    seconds = passed.total_seconds()
    if seconds < 120:
        return duration(seconds)
    return duration(60 * round(seconds / 60)) if seconds < 86_400 else "more than a day"
