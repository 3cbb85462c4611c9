"""One timer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from common.errors import InvalidInput

MAX_LENGTH_S = 100 * 3600.0
MAX_NAME = 60
MAX_COMMAND = 200


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
