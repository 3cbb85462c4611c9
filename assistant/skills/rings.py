"""What rings by itself: the message of a timer or an alarm whose time has come."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import Protocol

from assistant.skills.contract import Act, Reply, Request

log = logging.getLogger(__name__)

#: A ring this long after its time is announced as late: the assistant was down, not merely busy.
LATE_AFTER = timedelta(seconds=20)
#: What nobody silences falls silent by itself after this long.
RING_FOR = timedelta(minutes=2)
#: Says nothing.
SILENCE = Reply("")


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
    """A book of things that will ring, such as all timers."""

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


class Rings:
    """Everything of a box that rings. Methods may be called from any thread.

    Args:
        sources: what rings; skills add theirs while the box starts.
    """

    def __init__(self, sources: Iterable[RingSource] = ()) -> None:
        self._sources = tuple(sources)

    def add(self, source: RingSource) -> None:
        """Something more rings."""
        self._sources = (*self._sources, source)

    def due(self, now: datetime) -> list[Ring]:
        """What starts to ring at `now`, earliest first. Ask about once a second, or at `next_due`."""
        rings: list[Ring] = []
        for source in self._sources:
            try:
                rings.extend(source.due(now))
            except Exception:
                log.exception("asking for due rings failed")
        return sorted(rings, key=lambda ring: ring.due)

    def next_due(self) -> datetime | None:
        """When the next ring is due, None while nothing is set."""
        moments = [moment for source in self._sources if (moment := source.next_due()) is not None]
        return min(moments, default=None)

    def ringing(self, now: datetime) -> list[Ring]:
        """What rings at `now` and has not been silenced, earliest first."""
        rings = [ring for source in self._sources for ring in source.ringing(now)]
        return sorted(rings, key=lambda ring: ring.due)

    def clock_stepped(self, by: timedelta) -> None:
        """The clock was set, forwards positive: every source takes that into account."""
        for source in self._sources:
            source.clock_stepped(by)

    def silencing(self, request: Request, then: Reply = SILENCE) -> Reply:
        """As `silencing`, for all sources."""
        return silencing(self._sources, request, then)


def silencing(sources: Iterable[RingSource], request: Request, then: Reply = SILENCE) -> Reply:
    """The reply that silences what rings, and everything else, without a word or before `then`."""
    acts = tuple(
        Act("ring.silence", run=partial(source.silence, request.now))
        for source in sources
        if source.ringing(request.now)
    )
    return replace(then, acts=(*acts, *then.acts), stop_speaking=True)
