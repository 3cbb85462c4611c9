"""The alarm skill."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial

from assistant.skills import slots
from assistant.skills.alarm_book import Alarm, AlarmBook
from assistant.skills.alarm_time import Moment, SpokenTime, instant, resolve
from assistant.skills.base import Act, Reply, Request, silencing
from assistant.skills.hub_timers import HubTimers
from assistant.skills.localtime import clock_is_set
from assistant.skills.phrases import clock_time, count_of, day_of, duration, joined
from assistant.skills.rings import RingSource
from assistant.skills.timekeeping import TimerBook
from common.errors import StorageError

SNOOZE_S = 600.0
_MAX_SNOOZE_S = 12 * 3600.0
_DAYS = {(0, 1, 2, 3, 4, 5, 6): "every day", (0, 1, 2, 3, 4): "on weekdays", (5, 6): "on weekends"}
_UNSET = "I do not know the time yet, so I can only set an alarm for so many minutes from now."
_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class AlarmSkill:
    """Sets, tells and snoozes alarms.

    Args:
        alarms: the book.
        timers: a ringing timer can be snoozed too.
        hub_timers: and so can one that a hub keeps; it goes on as one of the box's own.
        is_set: whether the clock can be right; by a wrong one no time of day is resolved, as "tomorrow" may
            be weeks ago when the right time comes.
    """

    def __init__(
        self,
        alarms: AlarmBook,
        timers: TimerBook,
        hub_timers: HubTimers | None = None,
        is_set: Callable[[], bool] = clock_is_set,
    ) -> None:
        self._alarms = alarms
        self._is_set = is_set
        self._timers = timers
        self._hub_timers = hub_timers or HubTimers()
        self._ringing: Sequence[RingSource] = (alarms, timers, self._hub_timers)
        self._handlers: dict[str, Callable[[Request], Reply]] = {
            "SottoSetAlarm": self._set,
            "SottoCancelAlarm": self._cancel,
            "SottoListAlarms": self._list,
            "SottoSnooze": self._snooze,
        }

    @property
    def intents(self) -> frozenset[str]:
        """Our own intents; Home Assistant has none for alarms."""
        return frozenset(self._handlers)

    def handle(self, request: Request) -> Reply:
        """Answer one of the intents."""
        return self._handlers[request.intent](request)

    def _set(self, request: Request) -> Reply:
        self._alarms.check()
        now = self._alarms.local(request.now)
        ahead = slots.seconds(request.slots, "in_")
        if ahead is not None:
            at = self._alarms.local(now.astimezone(UTC) + timedelta(seconds=ahead))
            act = self._setting(at, partial(self._alarms.set_exact, at))
            when = f"for {_when(at, now)}" if self._is_set() else f"{duration(ahead)} from now"
            return Reply(f"Alarm set {when}.", (act,))
        if not self._is_set():
            return Reply(_UNSET, ok=False)
        spoken = _spoken_time(request)
        if spoken is None:
            return Reply("For what time?", ok=False, expects_answer=True)
        moment = resolve(spoken, now)
        at = self._alarms.local(instant(moment, now.tzinfo or UTC))
        when = _when(at, now)
        if moment.weekdays:
            when = f"{clock_time(at)} {_repeated(moment)}"
        act = self._setting(at, partial(self._alarms.set, moment))
        return Reply(f"Alarm set for {when}.", (act,))

    def _setting(self, at: datetime, run: Callable[[], Alarm]) -> Act:
        """Set an alarm; one that was there before is none to take back."""
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
        if not named and not every and any(s.ringing(request.now) for s in self._ringing):
            return silencing(self._ringing, request)
        found = self._alarms.alarms
        spoken = _spoken_time(request)
        if spoken is not None:
            found = [alarm for alarm in found if _fits(self._alarms.rings_at(alarm), spoken)]
        rings = self._alarms.ringing(request.now)
        if any(spoken is None or _fits(self._alarms.local(ring.due), spoken) for ring in rings):
            others = Reply("") if named or not found else self._cancelling(found, request)
            return silencing((self._alarms,), request, others)
        if not found:
            text = "There is no alarm for that time." if named else "You have no alarms."
            return Reply(text, ok=False)
        if len(found) > 1 and not every:
            question = f"You have {self._listed(found, request)}. Shall I cancel all of them?"
            return Reply(question, expects_answer=True, if_yes=self._cancelling(found, request))
        return self._cancelling(found, request)

    def _cancelling(self, alarms: list[Alarm], request: Request) -> Reply:
        ids = [alarm.id for alarm in alarms]
        act = Act("alarm.cancel", value=len(ids), run=partial(self._alarms.cancel, ids))
        if len(alarms) == 1:
            return Reply(f"Cancelled the alarm for {self._told(alarms[0], request)}.", (act,))
        return Reply(f"Cancelled {count_of(len(alarms), 'alarm')}.", (act,))

    def _list(self, request: Request) -> Reply:
        found = self._alarms.alarms
        if not found:
            return Reply("You have no alarms.")
        if request.slots.get("which") == "next":
            return Reply(f"Your next alarm is for {self._told(found[0], request)}.")
        return Reply(f"You have {self._listed(found, request)}.")

    def _listed(self, alarms: list[Alarm], request: Request) -> str:
        times = joined([self._told(alarm, request) for alarm in alarms])
        return f"{count_of(len(alarms), 'alarm')}, for {times}"

    def _told(self, alarm: Alarm, request: Request) -> str:
        at = self._alarms.rings_at(alarm)
        if alarm.moment.weekdays:
            return f"{clock_time(at)} {_repeated(alarm.moment)}"
        return _when(at, self._alarms.local(request.now))

    def _snooze(self, request: Request) -> Reply:
        length = slots.seconds(request.slots) or SNOOZE_S
        if length > _MAX_SNOOZE_S:
            return Reply("That is too long to snooze. Set an alarm instead.", ok=False)
        rings = [ring for source in self._ringing for ring in source.ringing(request.now)]
        if not rings:
            return Reply("Nothing is ringing.", ok=False)
        act = Act("ring.snooze", value=length, run=partial(self._put_off, request.now, length))
        return Reply(f"Okay, {duration(length)} more.", (act,), stop_speaking=True)

    def _put_off(self, now: datetime, length: float) -> None:
        """Each ringing thing once more, the alarms as one; what cannot be saved is put off all the same."""
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


def _spoken_time(request: Request) -> SpokenTime | None:
    word = slots.text(request.slots, "clock_word")
    hour = slots.number(request.slots, "hour")
    if word is not None:
        hour = {"noon": 12.0, "midnight": 24.0}.get(word)
    if hour is None:
        return None
    half = slots.text(request.slots, "half") or ("pm" if word == "noon" else "")
    return SpokenTime(
        hour=int(hour),
        minute=int(slots.number(request.slots, "minute") or 0),
        half=half,
        day=slots.text(request.slots, "day") or "",
        repeat=slots.text(request.slots, "repeat") or "",
        wake=request.slots.get("wake") == "yes",
    )


def _fits(at: datetime, spoken: SpokenTime) -> bool:
    """Whether an alarm is one that was named so; without "am" or "pm" either will do."""
    minutes = spoken.hour * 60 + spoken.minute
    if spoken.half:
        minutes = (spoken.hour % 12 + (12 if spoken.half == "pm" else 0)) * 60 + spoken.minute
    vague = not spoken.half and 1 <= spoken.hour <= 12
    return (at.hour * 60 + at.minute - minutes) % (720 if vague else 1440) == 0


def _when(at: datetime, now: datetime) -> str:
    return f"{clock_time(at)} {day_of(at, now)}"


def _repeated(moment: Moment) -> str:
    weekdays = moment.weekdays
    return _DAYS.get(weekdays) or f"every {joined([_NAMES[day] for day in weekdays])}"
