"""Timers that a hub keeps and the box rings. The hub reports when one ends; nothing of them is on disk."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from assistant.skills.replies import Replies
from assistant.skills.rings import RING_FOR, Ring, RingKind
from assistant.skills.timer import MAX_LENGTH_S, MAX_NAME
from assistant.skills.timer_words import TimerWords
from common.errors import TooLarge

MAX_HUB_TIMERS = 50


@dataclass(frozen=True)
class HubTimer:
    """One timer of a hub, as far as the hub reports it.

    Attributes:
        name: what it was called, "" for none.
        length_s: what it was started with; 0 where the hub does not say.
    """

    name: str = ""
    length_s: float = 0.0


class HubTimers:
    """A book of the timers that the hub reports. Methods may be called from any thread.

    Ids are the hub's own.

    Args:
        replies: what the box says, in its language.
    """

    def __init__(self, replies: Replies) -> None:
        self._words = TimerWords(replies)
        self._lock = threading.Lock()
        self._timers: dict[str, HubTimer] = {}
        self._new: list[Ring] = []
        self._ringing: dict[str, Ring] = {}
        self._next_id = 1

    @property
    def timers(self) -> dict[str, HubTimer]:
        """Those that run or are paused."""
        with self._lock:
            return dict(self._timers)

    def started(self, timer_id: str, length_s: float, name: str = "") -> None:
        """One was started.

        Raises:
            TooLarge: there are too many.
        """
        with self._lock:
            if len(self._timers) >= MAX_HUB_TIMERS and timer_id not in self._timers:
                raise TooLarge(f"the hub has {MAX_HUB_TIMERS} timers already", code="timer.too-many")
            length = min(max(0.0, length_s), MAX_LENGTH_S)
            self._timers[timer_id] = HubTimer(self._words.name(name)[:MAX_NAME], length)

    def cancelled(self, timer_id: str) -> None:
        """One was cancelled, or need not ring any more."""
        with self._lock:
            self._timers.pop(timer_id, None)
            self._ringing.pop(timer_id, None)

    def finished(self, timer_id: str, now: datetime) -> None:
        """One has ended: it rings until it is silenced, as the box's own do."""
        with self._lock:
            timer = self._timers.pop(timer_id, HubTimer())
            if len(self._ringing) >= MAX_HUB_TIMERS:
                return
            text = self._words.done(self._words.label(timer.name, timer.length_s))
            ring = Ring(RingKind.TIMER, self._next_id, timer.name, now, late=False, text=text)
            self._next_id += 1
            self._ringing[timer_id] = ring
            self._new.append(ring)

    def forget(self) -> None:
        """The hub has gone: nothing is known of its running timers any more. What rings here rings on."""
        with self._lock:
            self._timers.clear()

    def due(self, _now: datetime) -> list[Ring]:
        """See `RingSource.due`."""
        with self._lock:
            rings, self._new = self._new, []
            return rings

    def next_due(self) -> datetime | None:
        """None: the hub counts, and reports the end."""
        return None

    def ringing(self, now: datetime) -> list[Ring]:
        """See `RingSource.ringing`."""
        with self._lock:
            self._ringing = {key: ring for key, ring in self._ringing.items() if now - ring.due <= RING_FOR}
            return list(self._ringing.values())

    def clock_stepped(self, by: timedelta) -> None:
        """See `RingSource.clock_stepped`."""
        with self._lock:
            self._ringing = {key: replace(ring, due=ring.due + by) for key, ring in self._ringing.items()}

    def silence(self, now: datetime) -> list[Ring]:
        """See `RingSource.silence`."""
        rings = self.ringing(now)
        with self._lock:
            self._ringing.clear()
        return rings
