"""Alarms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

from assistant.skills import slots
from assistant.skills.alarm_book import WHEN, Alarm, AlarmBook
from assistant.skills.alarm_time import Moment, fits, instant, resolve, spoken_time
from assistant.skills.choice import Choice
from assistant.skills.context import SkillContext
from assistant.skills.contract import Act, Reply, Request, asking
from assistant.skills.lines import line
from assistant.skills.localtime import clock_is_set
from assistant.skills.phrases import Phrases
from assistant.skills.question import WHICH, WHICH_TIME
from assistant.skills.rings import silencing
from assistant.skills.table_skill import Handlers, TableSkill
from common.errors import StorageError

#: A time of day with or without a day, or a length of time from now.
MOMENT = "SottoMoment"
SNOOZE_S = 600.0
_MAX_SNOOZE_S = 12 * 3600.0

_UNSET = line("alarms.unset")
_SET = line("alarms.set", "when")
_SET_AHEAD = line("alarms.set_ahead", "length")
_WHEN = line("alarms.when_to_ring")
_WHAT_TIME = line("alarms.what_time")
_NONE_AT = line("alarms.none_at")
_NONE = line("alarms.none")
_SHALL_I_CANCEL = line("alarms.shall_i_cancel", "alarms")
_CANCELLED_ONE = line("alarms.cancelled_one", "when")
_CANCELLED = line("alarms.cancelled", "alarms")
_NEXT = line("alarms.next", "when")
_LIST = line("alarms.list", "alarms")
_COUNTED = line("alarms.counted", "count")
_LISTED = line("alarms.listed", "alarms", "times")
_TOO_LONG = line("alarms.too_long_to_snooze")
_NOTHING_RINGS = line("alarms.nothing_rings")
_SNOOZED = line("alarms.snoozed", "length")
_REPEATED = line("alarms.repeated", "time", "days")
_EVERY = line("alarms.every", "days")
_DAYS = {
    (0, 1, 2, 3, 4, 5, 6): line("alarms.every_day"),
    (0, 1, 2, 3, 4): line("alarms.on_weekdays"),
    (5, 6): line("alarms.on_weekends"),
}


def skills(box: SkillContext) -> tuple[AlarmSkill]:
    """See `discovery`."""
    alarms = AlarmBook(box.state / "alarms.json", box.replies, box.zone, box.faults)
    box.rings.add(alarms)
    return (AlarmSkill(alarms, box),)


class AlarmSkill(TableSkill):
    """Sets and snoozes alarms, and says which there are.

    Args:
        alarms: the book.
        box: its timers, also those of a hub: what rings of them can be snoozed too. A hub's goes on as one of
            the box's own.
        is_set: whether the clock can be right; by a wrong one no time of day is resolved, as "tomorrow" may
            be weeks ago when the right time comes.
    """

    def __init__(
        self, alarms: AlarmBook, box: SkillContext, is_set: Callable[[], bool] = clock_is_set
    ) -> None:
        self._alarms = alarms
        self._is_set = is_set
        self._timers = box.timers
        self._hub_timers = box.hub_timers
        self._rings = box.rings
        self._text = box.replies.text
        self._phrases = Phrases(box.replies)
        handlers: Handlers = {
            "SottoSetAlarm": self._set,
            "SottoCancelAlarm": self._cancel,
            "SottoListAlarms": self._list,
            "SottoSnooze": self._snooze,
        }
        super().__init__(handlers)

    def _set(self, request: Request) -> Reply:
        self._alarms.check()
        now = self._alarms.local(request.now)
        ahead = slots.seconds(request.slots)
        if ahead is not None:
            at = self._alarms.local(now.astimezone(UTC) + timedelta(seconds=ahead))
            act = self._setting(at, partial(self._alarms.set_exact, at))
            if not self._is_set():
                return Reply(self._text(_SET_AHEAD, length=self._phrases.duration(ahead)), (act,))
            return Reply(self._text(_SET, when=self._when(at, now)), (act,))
        if not self._is_set():
            return Reply(self._text(_UNSET), ok=False)
        spoken = spoken_time(request.slots)
        if spoken is None:
            knows_day = "day" in request.slots or "repeat" in request.slots
            return asking(self._text(_WHAT_TIME if knows_day else _WHEN), request, MOMENT)
        moment = resolve(spoken, now)
        at = self._alarms.local(instant(moment, now.tzinfo or UTC))
        when = self._repeated(at, moment) if moment.weekdays else self._when(at, now)
        act = self._setting(at, partial(self._alarms.set, moment))
        return Reply(self._text(_SET, when=when), (act,))

    def _setting(self, at: datetime, run: Callable[[], Alarm]) -> Act:
        """The act that sets an alarm. Undoing it cancels only an alarm that it has made."""
        made: list[int] = []

        def start() -> None:
            before = {alarm.id for alarm in self._alarms.alarms}
            alarm = run()
            made.extend({alarm.id} - before)

        def undo() -> None:
            if made:
                self._alarms.cancel([made.pop()])

        return Act("alarm.set", value=at.isoformat(), run=start, undo=undo)

    def _cancel(self, request: Request) -> Reply:
        named = "hour" in request.slots or "clock_word" in request.slots
        every = request.slots.get("which") == "all"
        if not named and not every and self._rings.ringing(request.now):
            return self._rings.silencing(request)
        found = self._alarms.alarms
        chosen = slots.text(request.slots, "chosen")
        if chosen is not None:
            found = [alarm for alarm in found if str(alarm.id) == chosen]
        spoken = spoken_time(request.slots)
        if spoken is not None:
            found = [alarm for alarm in found if fits(self._alarms.rings_at(alarm), spoken)]
        rings = self._alarms.ringing(request.now)
        if any(spoken is None or fits(self._alarms.local(ring.due), spoken) for ring in rings):
            others = Reply("") if named or not found else self._cancelling(found, request)
            return silencing((self._alarms,), request, others)
        if not found:
            return Reply(self._text(_NONE_AT if named else _NONE), ok=False)
        if len(found) > 1 and not every:
            question = self._text(_SHALL_I_CANCEL, alarms=self._listed(found, request))
            choices = tuple(
                Choice(str(alarm.id), at=self._alarms.rings_at(alarm), made=alarm.id) for alarm in found
            )
            asked = asking(question, request, WHICH, WHICH_TIME, choices=choices)
            return replace(asked, if_yes=self._cancelling(found, request))
        return self._cancelling(found, request)

    def _cancelling(self, alarms: list[Alarm], request: Request) -> Reply:
        ids = [alarm.id for alarm in alarms]
        act = Act("alarm.cancel", value=len(ids), run=partial(self._alarms.cancel, ids))
        if len(alarms) == 1:
            return Reply(self._text(_CANCELLED_ONE, when=self._time_of(alarms[0], request)), (act,))
        return Reply(self._text(_CANCELLED, alarms=self._text(_COUNTED, count=len(alarms))), (act,))

    def _list(self, request: Request) -> Reply:
        found = self._alarms.alarms
        if not found:
            return Reply(self._text(_NONE))
        if request.slots.get("which") == "next":
            return Reply(self._text(_NEXT, when=self._time_of(found[0], request)))
        return Reply(self._text(_LIST, alarms=self._listed(found, request)))

    def _listed(self, alarms: list[Alarm], request: Request) -> str:
        times = self._phrases.joined([self._time_of(alarm, request) for alarm in alarms])
        return self._text(_LISTED, alarms=self._text(_COUNTED, count=len(alarms)), times=times)

    def _time_of(self, alarm: Alarm, request: Request) -> str:
        """ "7:30 am tomorrow", "7 am on weekdays"."""
        at = self._alarms.rings_at(alarm)
        if alarm.moment.weekdays:
            return self._repeated(at, alarm.moment)
        return self._when(at, self._alarms.local(request.now))

    def _snooze(self, request: Request) -> Reply:
        length = slots.seconds(request.slots) or SNOOZE_S
        if length > _MAX_SNOOZE_S:
            return Reply(self._text(_TOO_LONG), ok=False)
        if not self._rings.ringing(request.now):
            return Reply(self._text(_NOTHING_RINGS), ok=False)
        act = Act("ring.snooze", value=length, run=partial(self._put_off, request.now, length))
        text = self._text(_SNOOZED, length=self._phrases.duration(length))
        return Reply(text, (act,), stop_speaking=True)

    def _put_off(self, now: datetime, length: float) -> None:
        """Let everything that rings ring again after `length` seconds, the alarms as one.

        Raises:
            StorageError: something is put off, but could not be saved.
        """
        acts: list[Callable[[], object]] = [
            partial(self._timers.restart, ring.id, now, length) for ring in self._timers.ringing(now)
        ]
        acts += [
            partial(self._timers.start, length, now, ring.name) for ring in self._hub_timers.silence(now)
        ]
        if self._alarms.ringing(now):
            acts.append(partial(self._alarms.snooze, now, timedelta(seconds=length)))
        unsaved: StorageError | None = None
        for act in acts:
            try:
                act()
            except StorageError as error:
                unsaved = error
        if unsaved is not None:
            raise unsaved

    def _when(self, at: datetime, now: datetime) -> str:
        day = self._phrases.day_of(at, now)
        return self._text(WHEN, time=self._phrases.clock_time(at), day=day)

    def _repeated(self, at: datetime, moment: Moment) -> str:
        if moment.weekdays in _DAYS:
            days = self._text(_DAYS[moment.weekdays])
        else:
            names = [self._phrases.weekday(day) for day in moment.weekdays]
            days = self._text(_EVERY, days=self._phrases.joined(names))
        return self._text(_REPEATED, time=self._phrases.clock_time(at), days=days)
