"""Timers."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from assistant.skills import slots
from assistant.skills.choice import Choice
from assistant.skills.context import SkillContext
from assistant.skills.contract import Act, Reply, Request, asking
from assistant.skills.lines import line
from assistant.skills.phrases import Phrases
from assistant.skills.question import LENGTH, WHICH, WHICH_LENGTH
from assistant.skills.table_skill import Handlers, TableSkill
from assistant.skills.timer import Timer, check_length
from common.errors import NotFound

_CANNOT_DO = line("timers.cannot_do", "command")
_HOW_LONG = line("timers.how_long")
_LATER = line("timers.later", "length")
_STARTED = line("timers.started", "length")
_STARTED_NAMED = line("timers.started_named", "label", "length")
_RESTARTED = line("timers.restarted", "length")
_RESTARTED_NAMED = line("timers.restarted_named", "label", "length")
_SHALL_I_CANCEL = line("timers.shall_i_cancel", "timers")
_WHICH_ONE = line("timers.which_one", "timers")
_NONE = line("timers.none")
_NO_SUCH = line("timers.no_such", "label")
_CANCELLED = line("timers.cancelled", "timers")
_BY_HOW_MUCH = line("timers.by_how_much")
_ADDED = line("timers.added", "length", "label")
_TOOK = line("timers.took", "length", "label")
_ENDS_NOW = line("timers.ends_now", "label")
_TO_HOW_LONG = line("timers.to_how_long")
_RUNS_FOR = line("timers.runs_for", "length")
_RUNS_FOR_NAMED = line("timers.runs_for_named", "label", "length")
#: By whether the timers are to run again.
_NONE_TO_CHANGE = {False: line("timers.none_running"), True: line("timers.none_paused")}
_CHANGED = {False: line("timers.paused", "timers"), True: line("timers.resumed", "timers")}
_PAUSED_ALREADY = line("timers.paused_already", "label")
_RUNNING_ALREADY = line("timers.running_already", "label")
_PAUSED_AT = line("timers.paused_at", "label", "left")
_RUNS_AGAIN = line("timers.runs_again", "label", "left")
_STATUS = line("timers.status", "left")
_STATUS_OF_ALL = line("timers.status_of_all", "timers", "left")


def skills(box: SkillContext) -> tuple[TimerSkill]:
    """See `discovery`."""
    return (TimerSkill(box),)


class TimerSkill(TableSkill):
    """Starts and changes timers, and says how they stand.

    Args:
        box: its timers; everything that rings, because "cancel the timer" silences a ringing one; whether a
            sentence can be executed later ("turn off the light in ten minutes").
    """

    def __init__(self, box: SkillContext) -> None:
        self._timers = box.timers
        self._words = box.timers.words
        self._rings = box.rings
        self._understands = box.understands
        self._text = box.replies.text
        self._phrases = Phrases(box.replies)
        handlers: Handlers = {
            "HassStartTimer": self._start,
            "HassCancelTimer": self._cancel,
            "HassCancelAllTimers": self._cancel_all,
            "HassIncreaseTimer": lambda request: self._change(request, +1),
            "HassDecreaseTimer": lambda request: self._change(request, -1),
            "HassPauseTimer": self._pause,
            "HassUnpauseTimer": self._resume,
            "HassTimerStatus": self._status,
            "SottoChangeTimer": self._set_length,
            "SottoRestartTimer": self._restart,
        }
        super().__init__(handlers)

    def _start(self, request: Request) -> Reply:
        command = slots.text(request.slots, "conversation_command") or ""
        if command and not self._understands(command):
            return Reply(self._text(_CANNOT_DO, command=command), ok=False)
        name = self._words.new_name(slots.text(request.slots, "name") or "")
        length = slots.seconds(request.slots)
        if length is None:
            return asking(self._text(_HOW_LONG), request, LENGTH)
        return self._starting(length, name, command, request.now)

    def _starting(self, length: float, name: str, command: str, now: datetime) -> Reply:
        self._timers.check(length)
        said = self._phrases.duration(length)
        if command:
            text = self._text(_LATER, length=said)
        elif name:
            text = self._text(_STARTED_NAMED, label=self._words.label(name, length), length=said)
        else:
            text = self._text(_STARTED, length=said)
        started: list[int] = []

        def start() -> None:
            started.append(self._timers.start(length, now, name, command).id)

        def undo() -> None:
            self._timers.cancel(started.pop())

        return Reply(text, (Act("timer.start", name, length, start, undo),))

    def _cancel(self, request: Request) -> Reply:
        found = self._wanted(request)
        if self._rings.ringing(request.now) and not (found and self._names_one(request)):
            return self._rings.silencing(request)
        if not found:
            return self._none(request)
        if len(found) > 1:
            question = self._text(_SHALL_I_CANCEL, timers=self._words.listed(found, request.now))
            return replace(self._which(question, found, request), if_yes=self._cancelling(found))
        return self._cancelling(found)

    def _cancel_all(self, request: Request) -> Reply:
        found = self._timers.timers
        rings = self._rings.ringing(request.now)
        if not found and not rings:
            return Reply(self._text(_NONE), ok=False)
        reply = self._cancelling(found) if found else Reply("")
        return self._rings.silencing(request, reply) if rings else reply

    def _cancelling(self, timers: list[Timer]) -> Reply:
        acts = tuple(
            Act("timer.cancel", self._label(timer), run=partial(self._forget, timer.id)) for timer in timers
        )
        return Reply(self._text(_CANCELLED, timers=self._words.the_or_count(timers)), acts)

    def _forget(self, timer_id: int) -> None:
        # It may have ended since it was asked about, and then is gone as it was to be.
        with suppress(NotFound):
            self._timers.cancel(timer_id)

    def _change(self, request: Request, direction: int) -> Reply:
        by = slots.seconds(request.slots)
        found = self._wanted(request)
        # More time for one that rings: it is not over yet.
        rings = self._wanted(request, ringing=True) if direction > 0 and not found else []
        timer = rings[0] if len(rings) == 1 else self._one(request)
        if isinstance(timer, Reply):
            return timer
        if by is None:
            return asking(self._text(_BY_HOW_MUCH), request, LENGTH)
        left = timer.remaining(request.now) + timedelta(seconds=direction * by)
        label = self._label(timer)
        text = self._text(_ADDED if direction > 0 else _TOOK, length=self._phrases.duration(by), label=label)
        if left <= timedelta(0):
            text = self._text(_ENDS_NOW, label=label)
        name = "timer.add" if direction > 0 else "timer.shorten"
        add = partial(self._timers.add, timer.id, direction * by, request.now)
        return Reply(text, (Act(name, label, by, add),), stop_speaking=bool(rings))

    def _set_length(self, request: Request) -> Reply:
        length = slots.seconds(request.slots)
        if length is None:
            return asking(self._text(_TO_HOW_LONG), request, LENGTH)
        name = slots.text(request.slots, "name")
        if name is not None and "start" in request.slots and not self._wanted(request):
            return self._starting(length, self._words.name(name), "", request.now)
        timer = self._one(request)
        if isinstance(timer, Reply):
            return timer
        check_length(length)
        restart = partial(self._timers.restart, timer.id, request.now, length)
        label, said = self._label(timer), self._phrases.duration(length)
        text = self._text(_RUNS_FOR, length=said)
        if timer.name:
            text = self._text(_RUNS_FOR_NAMED, label=label, length=said)
        return Reply(text, (Act("timer.set", label, length, restart),))

    def _restart(self, request: Request) -> Reply:
        """Start a timer again with its full length; one that rings comes before those that run."""
        found = self._wanted(request, ringing=True)
        timer = found[0] if found else self._one(request)
        if isinstance(timer, Reply):
            return timer
        restart = partial(self._timers.restart, timer.id, request.now)
        label, length = self._label(timer), self._phrases.duration(timer.length_s)
        text = self._text(_RESTARTED, length=length)
        if timer.name:
            text = self._text(_RESTARTED_NAMED, label=label, length=length)
        return Reply(text, (Act("timer.restart", label, run=restart),), stop_speaking=bool(found))

    def _all(self, request: Request, paused: bool) -> Reply:
        """Pause all that run (`paused` False), or let all run again that are paused."""
        timers = [timer for timer in self._timers.timers if timer.paused is paused]
        if not timers:
            return Reply(self._text(_NONE_TO_CHANGE[paused] if self._timers.timers else _NONE), ok=False)
        name, change = (
            ("timer.resume", self._timers.resume) if paused else ("timer.pause", self._timers.pause)
        )
        acts = tuple(
            Act(name, self._label(timer), run=partial(change, timer.id, request.now)) for timer in timers
        )
        return Reply(self._text(_CHANGED[paused], timers=self._words.the_or_count(timers)), acts)

    def _pause(self, request: Request) -> Reply:
        if slots.text(request.slots, "which") == "all":
            return self._all(request, paused=False)
        timer = self._one(request, paused=False)
        if isinstance(timer, Reply):
            return timer
        label = self._label(timer)
        if timer.paused:
            return Reply(self._text(_PAUSED_ALREADY, label=label), ok=False)
        pause = partial(self._timers.pause, timer.id, request.now)
        text = self._text(_PAUSED_AT, label=label, left=self._words.remaining(timer, request.now))
        return Reply(text, (Act("timer.pause", label, run=pause),))

    def _resume(self, request: Request) -> Reply:
        if slots.text(request.slots, "which") == "all":
            return self._all(request, paused=True)
        timer = self._one(request, paused=True)
        if isinstance(timer, Reply):
            return timer
        label = self._label(timer)
        if not timer.paused:
            return Reply(self._text(_RUNNING_ALREADY, label=label), ok=False)
        resume = partial(self._timers.resume, timer.id, request.now)
        text = self._text(_RUNS_AGAIN, label=label, left=self._words.remaining(timer, request.now))
        return Reply(text, (Act("timer.resume", label, run=resume),))

    def _status(self, request: Request) -> Reply:
        found = self._wanted(request)
        if not found:
            return self._none(request, ok=not self._names_one(request))
        if len(found) == 1 and "count" not in request.slots:
            return Reply(self._text(_STATUS, left=self._words.left(found[0], request.now)))
        left = self._phrases.joined([self._words.left(timer, request.now) for timer in found])
        return Reply(self._text(_STATUS_OF_ALL, timers=self._words.counted(found), left=left))

    def _label(self, timer: Timer) -> str:
        return self._timers.label(timer)

    def _names_one(self, request: Request) -> bool:
        names = ("name", "area", "start_hours", "start_minutes", "start_seconds")
        return any(name in request.slots for name in names)

    def _wanted(self, request: Request, ringing: bool = False) -> list[Timer]:
        """Timers that fit. A room's name is a name too: there is one box, and its timers ring there."""
        chosen = slots.text(request.slots, "chosen")
        if chosen is not None and not ringing:
            return [timer for timer in self._timers.timers if str(timer.id) == chosen]
        name = slots.text(request.slots, "name") or slots.text(request.slots, "area")
        return self._timers.find(name, slots.seconds(request.slots, "start_"), ringing=ringing)

    def _one(self, request: Request, paused: bool | None = None) -> Timer | Reply:
        """The one timer that is meant, or the reply that says why there is none."""
        found = self._wanted(request)
        if not found:
            return self._none(request)
        if len(found) > 1 and paused is not None:
            found = [timer for timer in found if timer.paused is paused] or found
        if len(found) > 1:
            return self._which(
                self._text(_WHICH_ONE, timers=self._words.listed(found, request.now)), found, request
            )
        return found[0]

    def _which(self, text: str, timers: list[Timer], request: Request) -> Reply:
        """Ask which of several timers is meant."""
        choices = tuple(
            Choice(
                str(timer.id),
                tuple(name for name in (timer.name, self._label(timer)) if name),
                (timer.name,) if timer.name else (),
                length_s=timer.length_s,
                left_s=timer.remaining(request.now).total_seconds(),
                made=timer.id,
            )
            for timer in timers
        )
        return asking(text, request, WHICH, WHICH_LENGTH, choices=choices)

    def _none(self, request: Request, ok: bool = False) -> Reply:
        name = slots.text(request.slots, "name") or slots.text(request.slots, "area")
        length = slots.seconds(request.slots, "start_")
        if name is None and length is None:
            return Reply(self._text(_NONE), ok=ok)
        label = self._words.label(self._words.name(name or ""), length or 0.0)
        return Reply(self._text(_NO_SUCH, label=label), ok=ok)
