"""The book of timers: started, paused, changed, due. Time is passed in; the book is kept on disk."""

from __future__ import annotations

import threading
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from assistant.skills.book_file import BookFile
from assistant.skills.replies import Replies
from assistant.skills.rings import RING_FOR, Ring
from assistant.skills.timer import (
    MAX_COMMAND,
    MAX_LENGTH_S,
    MAX_NAME,
    Timer,
    check_length,
    timer_from,
)
from assistant.skills.timer_words import TimerWords
from common.errors import Conflict, InvalidInput, NotFound, TooLarge
from common.faults import Faults

MAX_TIMERS = 50

_VERSION = 1


class TimerBook:
    """All timers. Ended ones ring until silenced, also across a restart.

    Every change is saved before the method returns. Where that fails a `StorageError` is raised, but
    the change holds in memory. Methods may be called from any thread.

    Args:
        path: the JSON file.
        replies: what the box says, in its language.
        faults: is told if the timers are lost.
    """

    def __init__(self, path: Path, replies: Replies, faults: Faults | None = None) -> None:
        self.words = TimerWords(replies)
        self._file = BookFile(path, "timers", _VERSION, MAX_TIMERS, asdict, timer_from, faults)
        self._lock = threading.RLock()
        self._next_id, self._timers = self._file.load()
        #: What rings: id -> when it began to, in seconds since the epoch. Not kept on disk: after a
        #: restart an ended timer that nobody silenced rings again.
        self._ringing: dict[int, float] = {}
        #: Timers that were started or changed since the program started. When the clock is set, their end
        #: moves along. The end of those from the file stays: the box may have been off in between.
        self._begun_here: set[int] = set()

    @property
    def timers(self) -> list[Timer]:
        """Timers that have not ended, in the order they will; paused ones last."""
        with self._lock:
            running = [t for t in self._timers.values() if t.id not in self._ringing]
        return sorted(running, key=lambda timer: (timer.paused, timer.ends_at or 0.0, timer.id))

    def label(self, timer: Timer) -> str:
        """What a timer is called: "pizza timer", "ten minute timer"."""
        return self.words.label(timer.name, timer.length_s)

    def find(
        self, name: str | None = None, length_s: float | None = None, *, ringing: bool = False
    ) -> list[Timer]:
        """Timers that are called `name` or were started with `length_s`.

        They have not ended; with `ringing` they have, and ring.
        """
        with self._lock:
            found = [self._timers[number] for number in self._ringing] if ringing else self.timers
        if name is not None:
            wanted = self.words.name(name)
            found = [t for t in found if wanted in self._names(t)]
        if length_s is not None:
            found = [timer for timer in found if abs(timer.length_s - length_s) < 0.5]
        return found

    def start(self, length_s: float, now: datetime, name: str = "", command: str = "") -> Timer:
        """Start a timer.

        Raises:
            InvalidInput: the length is not between 1 s and 100 h.
            TooLarge: there are too many timers.
        """
        with self._lock:
            self.check(length_s)
            timer = Timer(
                self._next_id,
                self.words.name(name)[:MAX_NAME],
                length_s,
                now.timestamp() + length_s,
                command=command[:MAX_COMMAND],
            )
            self._next_id += 1
            self._put(timer)
            return timer

    def check(self, length_s: float) -> None:
        """Raise what `start` would raise for a timer of this length."""
        check_length(length_s)
        if len(self._timers) >= MAX_TIMERS:
            raise TooLarge(f"there are already {MAX_TIMERS} timers", code="timer.too-many")

    def cancel(self, timer_id: int) -> Timer:
        """Forget a timer.

        Raises:
            NotFound: there is none of this id.
        """
        with self._lock:
            timer = self._get(timer_id)
            self._forget(timer_id)
            self._save()
            return timer

    def pause(self, timer_id: int, now: datetime) -> Timer:
        """Stop the time of a running timer.

        Raises:
            NotFound: there is none of this id.
            Conflict: it is paused already.
        """
        with self._lock:
            timer = self._get(timer_id)
            if timer.paused:
                raise Conflict(f"the {self.label(timer)} is paused already", code="timer.paused")
            left = timer.remaining(now).total_seconds()
            return self._put(replace(timer, ends_at=None, remaining_s=left))

    def resume(self, timer_id: int, now: datetime) -> Timer:
        """Let a paused timer run on.

        Raises:
            NotFound: there is none of this id.
            Conflict: it is running.
        """
        with self._lock:
            timer = self._get(timer_id)
            if not timer.paused:
                raise Conflict(f"the {self.label(timer)} is running already", code="timer.running")
            ends_at = now.timestamp() + timer.remaining_s
            return self._put(replace(timer, ends_at=ends_at, remaining_s=0.0))

    def add(self, timer_id: int, seconds: float, now: datetime) -> Timer:
        """Lengthen (or, below zero, shorten) what is left; it never falls below zero.

        Raises:
            NotFound: there is none of this id.
            InvalidInput: more than 100 h would be left.
        """
        with self._lock:
            timer = self._get(timer_id)
            left = max(0.0, timer.remaining(now).total_seconds() + seconds)
            if left > MAX_LENGTH_S:
                raise InvalidInput("a timer runs for at most one hundred hours", code="timer.length")
            if timer.paused:
                return self._put(replace(timer, remaining_s=left))
            return self._put(replace(timer, ends_at=now.timestamp() + left))

    def restart(self, timer_id: int, now: datetime, length_s: float | None = None) -> Timer:
        """Let a timer run from the start, paused or ringing too; with `length_s` for so long from now on.

        Raises:
            NotFound: there is none of this id.
            InvalidInput: the length is not between 1 s and 100 h.
        """
        with self._lock:
            timer = self._get(timer_id)
            length = check_length(timer.length_s if length_s is None else length_s)
            ends_at = now.timestamp() + length
            return self._put(replace(timer, length_s=length, ends_at=ends_at, remaining_s=0.0))

    def due(self, now: datetime) -> list[Ring]:
        """What starts to ring. Each ended timer is given once, then rings until silenced."""
        with self._lock:
            rings: list[Ring] = []
            before = len(self._timers)
            for timer in list(self._timers.values()):
                if timer.ends_at is None or timer.ends_at > now.timestamp():
                    continue
                began = self._ringing.get(timer.id)
                if began is None:
                    ring = self.words.ring(timer, now)
                    rings.append(ring)
                    if ring.command is None:
                        self._ringing[timer.id] = now.timestamp()
                    else:
                        self._forget(timer.id)
                elif now.timestamp() - began > RING_FOR.total_seconds():
                    self._forget(timer.id)
            if len(self._timers) != before:
                self._file.save_quietly(self._next_id, self._timers.values())
            return sorted(rings, key=lambda ring: ring.due)

    def next_due(self) -> datetime | None:
        """When the next timer ends (UTC), None while none runs."""
        moments = [timer.ends_at for timer in self.timers if timer.ends_at is not None]
        return datetime.fromtimestamp(min(moments), UTC) if moments else None

    def ringing(self, now: datetime) -> list[Ring]:
        """What rings at `now`."""
        with self._lock:
            # What is said stays what it was when it began: a timer that rings for long was not missed.
            return [
                self.words.ring(self._timers[timer_id], datetime.fromtimestamp(began, now.tzinfo))
                for timer_id, began in self._ringing.items()
                if now.timestamp() - began <= RING_FOR.total_seconds()
            ]

    def clock_stepped(self, by: timedelta) -> None:
        """See `RingSource.clock_stepped`."""
        with self._lock:
            step = by.total_seconds()
            self._ringing = {timer_id: began + step for timer_id, began in self._ringing.items()}
            moved = [
                replace(timer, ends_at=timer.ends_at + step)
                for timer in self._timers.values()
                if timer.ends_at is not None and timer.id in self._begun_here
            ]
            if moved:
                self._timers.update({timer.id: timer for timer in moved})
                self._file.save_quietly(self._next_id, self._timers.values())

    def silence(self, now: datetime) -> list[Ring]:
        """Silence and forget what rings; gives what it was."""
        with self._lock:
            rings = self.ringing(now)
            for ring in rings:
                self._forget(ring.id)
            if rings:
                self._save()
            return rings

    def _names(self, timer: Timer) -> tuple[str, ...]:
        """What a timer can be called."""
        label = self.label(timer)
        return (timer.name, self.words.name(label), label)

    def _get(self, timer_id: int) -> Timer:
        timer = self._timers.get(timer_id)
        if timer is None:
            raise NotFound("that timer is not there any more", code="timer.missing")
        return timer

    def _put(self, timer: Timer) -> Timer:
        # What is changed has not ended, or not any more.
        self._ringing.pop(timer.id, None)
        self._timers[timer.id] = timer
        self._begun_here.add(timer.id)
        self._save()
        return timer

    def _forget(self, timer_id: int) -> None:
        self._timers.pop(timer_id, None)
        self._ringing.pop(timer_id, None)
        self._begun_here.discard(timer_id)

    def _save(self) -> None:
        self._file.save(self._next_id, self._timers.values())
