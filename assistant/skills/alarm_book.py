"""The book of alarms: set, cancelled, snoozed, due. Time is passed in; the book is kept on disk."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

from assistant.skills.alarm_time import Moment, instant, next_day
from assistant.skills.book_file import BookFile
from assistant.skills.lines import line
from assistant.skills.phrases import Phrases
from assistant.skills.replies import Replies
from assistant.skills.rings import LATE_AFTER, RING_FOR, Ring, RingKind
from common.errors import NotFound, TooLarge
from common.faults import Faults

MAX_ALARMS = 50
_VERSION = 1

_RING = line("alarms.ring", "time")
_LATE = line("alarms.ring_late", "when")
#: "7:30 am tomorrow".
WHEN = line("alarms.when", "time", "day")


@dataclass(frozen=True)
class Alarm:
    """One alarm.

    Attributes:
        id: number, never used again.
        moment: local date and time of its next ring.
        exact: seconds since the epoch, for a snoozed alarm; overrides `moment`.
    """

    id: int
    moment: Moment
    exact: float | None = None

    def rings_at(self, zone: tzinfo) -> datetime:
        """When it rings next (UTC); its time of day is one of `zone`."""
        if self.exact is not None:
            return datetime.fromtimestamp(self.exact, UTC)
        return instant(self.moment, zone)


class AlarmBook:
    """All alarms. What rings does so until silenced, also across a restart.

    Every change is saved before the method returns. Where that fails a `StorageError` is raised, but
    the change holds in memory. Methods may be called from any thread.

    Args:
        path: the JSON file.
        replies: what the box says, in its language.
        zone: where the box lives; a time of day means this zone's, whatever zone `now` is in.
        faults: is told if the alarms are lost.
    """

    def __init__(
        self, path: Path, replies: Replies, zone: tzinfo = UTC, faults: Faults | None = None
    ) -> None:
        self._replies = replies
        self._phrases = Phrases(replies)
        self._file = BookFile(path, "alarms", _VERSION, MAX_ALARMS, _written, _alarm, faults)
        self._zone = zone
        self._lock = threading.RLock()
        self._next_id, self._alarms = self._file.load()
        #: What rings: id -> when it began to. Not kept on disk: what was not silenced rings again.
        self._ringing: dict[int, datetime] = {}
        #: Exact ones that were set since the start of the program; see `TimerBook`.
        self._set_here: set[int] = set()

    @property
    def alarms(self) -> list[Alarm]:
        """Alarms that do not ring now, soonest first."""
        with self._lock:
            waiting = [a for a in self._alarms.values() if a.id not in self._ringing]
        return sorted(waiting, key=lambda alarm: alarm.rings_at(self._zone))

    def local(self, moment: datetime) -> datetime:
        """An instant in the zone of the book."""
        return moment.astimezone(self._zone)

    def rings_at(self, alarm: Alarm) -> datetime:
        """When an alarm rings next, in the zone of the book."""
        return alarm.rings_at(self._zone).astimezone(self._zone)

    def set(self, moment: Moment) -> Alarm:
        """Set an alarm; one for the very same times is given back instead of set twice.

        Raises:
            TooLarge: there are too many.
        """
        with self._lock:
            for alarm in self._alarms.values():
                if alarm.moment == moment and alarm.exact is None:
                    return alarm
            self.check()
            return self._put(Alarm(self._new_id(), moment))

    def check(self) -> None:
        """Raise what `set` would raise now."""
        if len(self._alarms) >= MAX_ALARMS:
            raise TooLarge(f"there are already {MAX_ALARMS} alarms", code="alarm.too-many")

    def set_exact(self, at: datetime) -> Alarm:
        """Set an alarm for an instant ("in twenty minutes"), exact to the second.

        Raises:
            TooLarge: there are too many.
        """
        with self._lock:
            self.check()
            alarm = self._exact(self._new_id(), at)
            self._set_here.add(alarm.id)
            return self._put(alarm)

    def cancel(self, alarm_ids: list[int]) -> None:
        """Forget alarms.

        Raises:
            NotFound: none of them is there.
        """
        with self._lock:
            there = [alarm_id for alarm_id in alarm_ids if alarm_id in self._alarms]
            if not there:
                raise NotFound("that alarm is not there any more", code="alarm.missing")
            for alarm_id in there:
                self._forget(alarm_id)
            self._save()

    def snooze(self, now: datetime, length: timedelta) -> None:
        """Silence what rings and let it ring again after `length`.

        Raises:
            NotFound: nothing rings.
        """
        with self._lock:
            if not self.ringing(now):
                raise NotFound("no alarm is ringing", code="alarm.silent")
            self._silence(now)
            self.set_exact(now + length)

    def due(self, now: datetime) -> list[Ring]:
        """What starts to ring. Each is given once, then rings until silenced."""
        with self._lock:
            rings: list[Ring] = []
            finished = False
            for alarm in list(self._alarms.values()):
                if alarm.rings_at(self._zone) > now:
                    continue
                began = self._ringing.get(alarm.id)
                if began is None:
                    self._ringing[alarm.id] = now.astimezone(UTC)
                    rings.append(self._ring(alarm, now))
                elif now - began > RING_FOR:
                    self._finish(alarm, now)
                    finished = True
            if finished:
                self._file.save_quietly(self._next_id, self._alarms.values())
            return sorted(rings, key=lambda ring: ring.due)

    def next_due(self) -> datetime | None:
        """When the next alarm rings (UTC), None while none is set."""
        return min((alarm.rings_at(self._zone) for alarm in self.alarms), default=None)

    def ringing(self, now: datetime) -> list[Ring]:
        """What rings at `now`, with the words of when it began."""
        with self._lock:
            return [
                self._ring(self._alarms[alarm_id], began)
                for alarm_id, began in self._ringing.items()
                if now - began <= RING_FOR
            ]

    def clock_stepped(self, by: timedelta) -> None:
        """See `RingSource.clock_stepped`: alarms for a time of day are for that time."""
        with self._lock:
            self._ringing = {alarm_id: began + by for alarm_id, began in self._ringing.items()}
            moved = [
                self._exact(alarm.id, alarm.rings_at(self._zone) + by)
                for alarm in self._alarms.values()
                if alarm.id in self._set_here
            ]
            if moved:
                self._alarms.update({alarm.id: alarm for alarm in moved})
                self._file.save_quietly(self._next_id, self._alarms.values())

    def silence(self, now: datetime) -> list[Ring]:
        """Silence what rings: an alarm for one day is forgotten, a repeated one waits for the next."""
        with self._lock:
            rings = self._silence(now)
            if rings:
                self._save()
            return rings

    def _silence(self, now: datetime) -> list[Ring]:
        rings = self.ringing(now)
        for ring in rings:
            self._finish(self._alarms[ring.id], now)
        return rings

    def _finish(self, alarm: Alarm, now: datetime) -> None:
        self._ringing.pop(alarm.id, None)
        if not alarm.moment.weekdays:
            self._forget(alarm.id)
            return
        # Days that were missed altogether are not rung one after the other.
        yesterday = self.local(now).date() - timedelta(days=1)
        moment = alarm.moment
        moment = replace(moment, day=next_day(moment, max(moment.day, yesterday)))
        if instant(moment, self._zone) <= now:
            moment = replace(moment, day=next_day(moment, moment.day))
        self._alarms[alarm.id] = replace(alarm, moment=moment)

    def _forget(self, alarm_id: int) -> None:
        del self._alarms[alarm_id]
        self._ringing.pop(alarm_id, None)
        self._set_here.discard(alarm_id)

    def _ring(self, alarm: Alarm, now: datetime) -> Ring:
        due = self.rings_at(alarm)
        late = now - due > LATE_AFTER
        time = self._phrases.clock_time(due)
        text = self._replies.text(_RING, time=time)
        if late:
            here = self.local(now)
            day = "" if due.date() == here.date() else self._phrases.day_of(due, here)
            text = self._replies.text(_LATE, when=self._replies.text(WHEN, time=time, day=day))
        return Ring(RingKind.ALARM, alarm.id, "", due, late, text)

    def _exact(self, alarm_id: int, at: datetime) -> Alarm:
        there = at.astimezone(self._zone)
        return Alarm(alarm_id, Moment(there.date(), there.hour, there.minute), at.timestamp())

    def _new_id(self) -> int:
        self._next_id += 1
        return self._next_id - 1

    def _put(self, alarm: Alarm) -> Alarm:
        self._alarms[alarm.id] = alarm
        self._save()
        return alarm

    def _save(self) -> None:
        self._file.save(self._next_id, self._alarms.values())


def _written(alarm: Alarm) -> dict[str, Any]:
    entry = asdict(alarm)
    entry["moment"]["day"] = entry["moment"]["day"].isoformat()
    return entry


def _alarm(entry: Mapping[str, Any]) -> Alarm:
    """An alarm from the file.

    Raises:
        KeyError, TypeError, ValueError, OverflowError, OSError: it is not one.
    """
    stored = entry["moment"]
    hour, minute = int(stored["hour"]), int(stored["minute"])
    weekdays = tuple(int(day) for day in stored["weekdays"])
    if not (0 <= hour <= 23 and 0 <= minute <= 59 and all(0 <= day <= 6 for day in weekdays)):
        raise ValueError(f"alarm {entry['id']} has an impossible time")
    exact = None if entry["exact"] is None else float(entry["exact"])
    if exact is not None:
        datetime.fromtimestamp(exact, UTC)
    moment = Moment(date.fromisoformat(stored["day"]), hour, minute, weekdays)
    return Alarm(int(entry["id"]), moment, exact)
