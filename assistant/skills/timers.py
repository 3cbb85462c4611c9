"""The timer skill."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial

from assistant.skills import slots
from assistant.skills.base import Act, Reply, Request, silencing
from assistant.skills.phrases import capitalised, count_of, duration, joined
from assistant.skills.rings import RingSource
from assistant.skills.timekeeping import TimerBook
from assistant.skills.timer import Timer, check_length, new_name, timer_name
from common.errors import NotFound


class TimerSkill:
    """Starts, changes and tells timers.

    Args:
        timers: the book.
        ringing: everything that rings: "cancel the timer" silences a ringing one.
        understands: whether a sentence can be executed later ("turn off the light in ten minutes").
    """

    def __init__(
        self,
        timers: TimerBook,
        ringing: Sequence[RingSource] = (),
        understands: Callable[[str], bool] = lambda _text: True,
    ) -> None:
        self._timers = timers
        self._ringing = tuple(ringing)
        self._understands = understands
        self._handlers: dict[str, Callable[[Request], Reply]] = {
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

    @property
    def intents(self) -> frozenset[str]:
        """Home Assistant's timer intents, and two of our own."""
        return frozenset(self._handlers)

    def handle(self, request: Request) -> Reply:
        """Answer one of the intents."""
        return self._handlers[request.intent](request)

    def _start(self, request: Request) -> Reply:
        command = slots.text(request.slots, "conversation_command") or ""
        if command and not self._understands(command):
            return Reply(f"I do not know how to {command}.", ok=False)
        name = new_name(slots.text(request.slots, "name") or "")
        length = slots.seconds(request.slots)
        if length is None:
            answered = partial(self._starting, name=name, command=command, now=request.now)
            return Reply("For how long?", expects_answer=True, if_length=answered)
        return self._starting(length, name, command, request.now)

    def _starting(self, length: float, name: str, command: str, now: datetime) -> Reply:
        self._timers.check(length)
        if command:
            text = f"Okay, in {duration(length)}."
        elif name:
            text = f"{capitalised(name)} timer, {duration(length)}, starting now."
        else:
            text = f"{capitalised(duration(length))}, starting now."
        started: list[int] = []

        def start() -> None:
            started.append(self._timers.start(length, now, name, command).id)

        def undo() -> None:
            self._timers.cancel(started.pop())

        return Reply(text, (Act("timer.start", name, length, start, undo),))

    def _cancel(self, request: Request) -> Reply:
        found = self._wanted(request)
        rings = [ring for source in self._ringing for ring in source.ringing(request.now)]
        if rings and not (found and self._names_one(request)):
            return silencing(self._ringing, request)
        if not found:
            return self._none(request)
        if len(found) > 1:
            question = f"You have {_listed(found)}. Shall I cancel all of them?"
            return Reply(question, expects_answer=True, if_yes=self._cancelling(found))
        return self._cancelling(found)

    def _cancel_all(self, request: Request) -> Reply:
        found = self._timers.timers
        rings = any(source.ringing(request.now) for source in self._ringing)
        if not found and not rings:
            return Reply("You have no timers.", ok=False)
        reply = self._cancelling(found) if found else Reply("")
        return silencing(self._ringing, request, reply) if rings else reply

    def _cancelling(self, timers: list[Timer]) -> Reply:
        acts = tuple(
            Act("timer.cancel", timer.label, run=partial(self._forget, timer.id)) for timer in timers
        )
        if len(timers) == 1:
            return Reply(f"Cancelled the {timers[0].label}.", acts)
        return Reply(f"Cancelled {count_of(len(timers), 'timer')}.", acts)

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
            return Reply("By how much?", ok=False, expects_answer=True)
        left = timer.remaining(request.now) + timedelta(seconds=direction * by)
        verb = "Added" if direction > 0 else "Took"
        place = "to" if direction > 0 else "off"
        text = f"{verb} {duration(by)} {place} the {timer.label}."
        if left <= timedelta(0):
            text = f"The {timer.label} ends now."
        name = "timer.add" if direction > 0 else "timer.shorten"
        add = partial(self._timers.add, timer.id, direction * by, request.now)
        return Reply(text, (Act(name, timer.label, by, add),), stop_speaking=bool(rings))

    def _set_length(self, request: Request) -> Reply:
        length = slots.seconds(request.slots)
        if length is None:
            return Reply("To how long?", ok=False)
        name = slots.text(request.slots, "name")
        if name is not None and "start" in request.slots and not self._wanted(request):
            return self._starting(length, timer_name(name), "", request.now)
        timer = self._one(request)
        if isinstance(timer, Reply):
            return timer
        check_length(length)
        restart = partial(self._timers.restart, timer.id, request.now, length)
        text = f"The {timer.name} timer" if timer.name else "The timer"
        return Reply(
            f"{text} now runs for {duration(length)}.", (Act("timer.set", timer.label, length, restart),)
        )

    def _restart(self, request: Request) -> Reply:
        """Start one again from its full length; one that rings comes before those that run."""
        found = self._wanted(request, ringing=True)
        timer = found[0] if found else self._one(request)
        if isinstance(timer, Reply):
            return timer
        restart = partial(self._timers.restart, timer.id, request.now)
        text = f"{capitalised(timer.label)}, {duration(timer.length_s)}, starting again."
        if not timer.name:
            text = f"{capitalised(duration(timer.length_s))}, starting again."
        return Reply(text, (Act("timer.restart", timer.label, run=restart),), stop_speaking=bool(found))

    def _all(self, request: Request, paused: bool) -> Reply:
        """Pause all that run (`paused` False), or let all run again that are paused."""
        timers = [timer for timer in self._timers.timers if timer.paused is paused]
        if not timers:
            text = f"None of your timers is {'paused' if paused else 'running'}."
            return Reply(text if self._timers.timers else "You have no timers.", ok=False)
        name, change = (
            ("timer.resume", self._timers.resume) if paused else ("timer.pause", self._timers.pause)
        )
        acts = tuple(Act(name, timer.label, run=partial(change, timer.id, request.now)) for timer in timers)
        which = f"the {timers[0].label}" if len(timers) == 1 else count_of(len(timers), "timer")
        return Reply(f"{'Resumed' if paused else 'Paused'} {which}.", acts)

    def _pause(self, request: Request) -> Reply:
        if slots.text(request.slots, "which") == "all":
            return self._all(request, paused=False)
        timer = self._one(request, paused=False)
        if isinstance(timer, Reply):
            return timer
        if timer.paused:
            return Reply(f"The {timer.label} is paused already.", ok=False)
        left = duration(timer.remaining(request.now).total_seconds())
        pause = partial(self._timers.pause, timer.id, request.now)
        text = f"Paused the {timer.label} with {left} left."
        return Reply(text, (Act("timer.pause", timer.label, run=pause),))

    def _resume(self, request: Request) -> Reply:
        if slots.text(request.slots, "which") == "all":
            return self._all(request, paused=True)
        timer = self._one(request, paused=True)
        if isinstance(timer, Reply):
            return timer
        if not timer.paused:
            return Reply(f"The {timer.label} is running already.", ok=False)
        left = duration(timer.remaining(request.now).total_seconds())
        resume = partial(self._timers.resume, timer.id, request.now)
        text = f"The {timer.label} runs again, {left} left."
        return Reply(text, (Act("timer.resume", timer.label, run=resume),))

    def _status(self, request: Request) -> Reply:
        found = self._wanted(request)
        if not found:
            return self._none(request, ok=not self._names_one(request))
        if len(found) == 1 and "count" not in request.slots:
            return Reply(f"{capitalised(_left(found[0], request))} on the {found[0].label}.")
        parts = [f"{_left(timer, request)} on the {timer.label}" for timer in found]
        return Reply(f"You have {count_of(len(found), 'timer')}: {joined(parts)}.")

    # -- which timer is meant ------------------------------------------------------------------------

    def _names_one(self, request: Request) -> bool:
        names = ("name", "area", "start_hours", "start_minutes", "start_seconds")
        return any(name in request.slots for name in names)

    def _wanted(self, request: Request, ringing: bool = False) -> list[Timer]:
        """Timers that fit. A room's name is a name too: there is one box, and its timers ring there."""
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
            return Reply(f"You have {_listed(found)}. Say which one.", ok=False)
        return found[0]

    def _none(self, request: Request, ok: bool = False) -> Reply:
        name = slots.text(request.slots, "name") or slots.text(request.slots, "area")
        length = slots.seconds(request.slots, "start_")
        if name is not None:
            return Reply(f"There is no {timer_name(name)} timer.", ok=ok)
        if length is not None:
            return Reply(f"There is no {duration(length, noun=True)} timer.", ok=ok)
        return Reply("You have no timers.", ok=ok)


def _listed(timers: list[Timer]) -> str:
    names = joined([f"the {timer.label}" for timer in timers])
    return f"{count_of(len(timers), 'timer')}: {names}"


def _left(timer: Timer, request: Request) -> str:
    left = duration(timer.remaining(request.now).total_seconds())
    return f"{left} left{' and paused' if timer.paused else ''}"
