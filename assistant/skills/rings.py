"""What rings by itself: the message of a timer or an alarm whose time has come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

#: A ring is announced as late from here on: the assistant was down, not merely busy.
LATE_AFTER = timedelta(seconds=20)
#: Nobody silenced it: it falls silent by itself.
RING_FOR = timedelta(minutes=2)


class RingKind(StrEnum):
    """What rings."""

    TIMER = "timer"
    ALARM = "alarm"


@dataclass(frozen=True)
class Ring:
    """Something rings.

    Attributes:
        kind: timer or alarm.
        id: number within its kind.
        name: what it is called, "" if it has no name.
        due: when it should have rung (aware).
        late: it was missed while the assistant was down.
        text: what to say; says so when it is late.
        command: a sentence to be executed instead of being announced ("turn off the light" of "turn off
            the light in ten minutes"); None for others, and for a late one, which is not executed.
    """

    kind: RingKind
    id: int
    name: str
    due: datetime
    late: bool
    text: str
    command: str | None = None


class RingSource(Protocol):
    """A book of things that will ring."""

    def due(self, now: datetime) -> list[Ring]:
        """What starts to ring now; each is given once, and rings until silenced."""

    def next_due(self) -> datetime | None:
        """When the next one will ring."""

    def ringing(self, now: datetime) -> list[Ring]:
        """What rings now."""

    def clock_stepped(self, by: timedelta) -> None:
        """The clock was set: what was begun here to ring after a length of time still does after it."""

    def silence(self, now: datetime) -> list[Ring]:
        """Silence what rings.

        Returns:
            What was ringing.
        """
