"""What a skill is asked and what it answers, and the set of skills a box has.

Answering has two steps. `plan` works out the reply and the acts it needs, without any side effect, so it
may be done before the speaker has surely finished. `perform` carries the acts out, after the commit.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

from assistant.skills import slots
from assistant.skills.rings import Ring, RingSource
from common.errors import SottoError, StorageError

log = logging.getLogger(__name__)

APOLOGY = "Sorry, something went wrong with that."
NOT_SAVED = "But I could not save that, so it would not survive a restart."
#: How long a yes or no still belongs to the question.
ANSWER_WITHIN = timedelta(seconds=30)
#: What fails so fails for every act that follows, after a wait of seconds each.
_VAIN = frozenset({"hub.away", "hub.slow"})

YES_INTENT = "SottoYes"
NO_INTENT = "SottoNo"
LENGTH_INTENT = "SottoLength"
REPEAT_INTENT = "SottoRepeat"


@dataclass(frozen=True)
class Request:
    """One understood utterance.

    Attributes:
        intent: name of the intent, such as `HassTurnOn`.
        slots: slot name -> value, as the grammar gives them.
        text: the normalised words; some questions differ only there ("which", "how many").
        now: the time it was said; aware, in the zone the person lives in.
        context: earlier sentences, oldest first, if the caller sent any.
        speaker: who speaks; a "yes" answers only a question that was put to the same one.
    """

    intent: str
    slots: Mapping[str, object]
    text: str
    now: datetime
    context: tuple[str, ...] = ()
    speaker: str = ""


@dataclass(frozen=True)
class Act:
    """One side effect: what it is called in records, and how to do it.

    Attributes:
        name: what is done, such as `light.turn_on` or `timer.start`.
        target: what it is done to: a device id, a timer.
        value: brightness in percent, seconds, ...; None where there is none.
        run: does it. May raise a `SottoError`, whose message is then spoken; a `StorageError` means
            that it was done but could not be saved.
        undo: takes it back once it was done; None where that is impossible, or worse than leaving it.
    """

    name: str
    target: str = ""
    value: object = None
    run: Callable[[], object] = field(default=lambda: None, compare=False, repr=False)
    undo: Callable[[], object] | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class Reply:
    """What is answered.

    Attributes:
        text: to be spoken, digits and all; "" says nothing.
        acts: side effects that belong to it, in order.
        ok: False where the wish could not be fulfilled.
        understood: False for an answer to a question that nobody put: noise is easily taken for a "yes".
        stop_speaking: whatever is being spoken or rung is to fall silent at once.
        expects_answer: listen on without a wake word.
        if_yes: the reply that a "yes" leads to; its acts are carried out then.
        if_length: the reply that a length of time, in seconds, leads to: the answer to "for how long?".
    """

    text: str
    acts: tuple[Act, ...] = ()
    ok: bool = True
    understood: bool = True
    stop_speaking: bool = False
    expects_answer: bool = False
    if_yes: Reply | None = None
    if_length: Callable[[float], Reply] | None = field(default=None, compare=False, repr=False)


class Skill(Protocol):
    """Something the box can do by itself."""

    @property
    def intents(self) -> frozenset[str]:
        """The intents it answers."""

    def handle(self, request: Request) -> Reply:
        """Answer without side effects; those go into the reply's acts."""


def silencing(sources: Iterable[RingSource], request: Request, then: Reply = Reply("")) -> Reply:
    """The reply that silences what rings, and everything else, without a word or before `then`."""
    acts = tuple(
        Act("ring.silence", run=partial(source.silence, request.now))
        for source in sources
        if source.ringing(request.now)
    )
    return replace(then, acts=(*acts, *then.acts), stop_speaking=True)


@dataclass(frozen=True)
class _Question:
    asked: datetime
    speaker: str
    reply: Reply


class Skills:
    """All skills of a box. An exception inside one becomes an apology, never a crash.

    Args:
        skills: at most one for each intent.
        rings: what may ring by itself: timers, alarms.
    """

    def __init__(self, skills: Iterable[Skill], rings: Iterable[RingSource] = ()) -> None:
        self._by_intent: dict[str, Skill] = {}
        for skill in skills:
            for intent in skill.intents:
                if intent in self._by_intent:
                    raise ValueError(f"two skills answer {intent}")
                self._by_intent[intent] = skill
        self._rings = tuple(rings)
        self._last_text = ""
        self._question: _Question | None = None

    @property
    def intents(self) -> frozenset[str]:
        """Every intent that is answered; the grammar needs no others."""
        return frozenset(self._by_intent) | {YES_INTENT, NO_INTENT, LENGTH_INTENT, REPEAT_INTENT}

    def handle(self, request: Request) -> Reply:
        """Plan and perform."""
        return self.perform(self.plan(request), request)

    def plan(self, request: Request) -> Reply:
        """The reply as it will be if its acts succeed. No side effect: safe before the commit.

        An intent that no skill knows comes from the owner's own sentences: something else executes it,
        and the reply is "Okay.".
        """
        if request.intent == REPEAT_INTENT:
            return Reply(self._last_text or "I have not said anything yet.")
        try:
            if request.intent in (YES_INTENT, NO_INTENT, LENGTH_INTENT):
                return self._answer(request)
            skill = self._by_intent.get(request.intent)
            return Reply("Okay.") if skill is None else skill.handle(request)
        except SottoError as error:
            log.warning("%s failed: %s", request.intent, error)
            return Reply(_sorry(error), ok=False)
        except Exception:
            log.exception("the skill for %s failed", request.intent)
            return Reply(APOLOGY, ok=False)

    def perform(self, reply: Reply, request: Request) -> Reply:
        """Carry out the acts of `reply`; the text changes where one fails.

        One that fails does not keep the others from being done: a lamp without power is no reason to leave
        the others on. The first failure is told.
        """
        self._question = None
        done: list[Act] = []
        failed: Reply | None = None
        for act in reply.acts:
            try:
                act.run()
            except StorageError as error:
                log.warning("%s was done but not saved: %s", act.name, error)
                if NOT_SAVED not in reply.text:
                    reply = replace(reply, text=f"{reply.text} {NOT_SAVED}".lstrip())
            except SottoError as error:
                log.warning("%s failed: %s", act.name, error)
                failed = failed or Reply(_sorry(error), ok=False)
                if error.code in _VAIN:
                    break
                continue
            except Exception:
                log.exception("%s failed", act.name)
                failed = failed or Reply(APOLOGY, ok=False)
                continue
            done.append(act)
        if failed is not None:
            return self._said(replace(failed, acts=tuple(done)), request)
        if reply.if_yes is not None or reply.if_length is not None:
            self._question = _Question(request.now, request.speaker, reply)
        return self._said(reply, request)

    def undo(self, acts: Iterable[Act]) -> list[Act]:
        """Take back acts that were carried out, the last first; gives those that could be taken back."""
        undone = []
        for act in reversed(tuple(acts)):
            if act.undo is None:
                continue
            try:
                act.undo()
            except Exception:
                log.exception("%s could not be taken back", act.name)
            else:
                undone.append(act)
        return undone

    def said(self, text: str) -> None:
        """Remember what was spoken outside a turn (a ring), for "repeat that"."""
        if text:
            self._last_text = text

    def due(self, now: datetime) -> list[Ring]:
        """What starts to ring at `now`, earliest first. Ask about once a second, or at `next_due`."""
        rings: list[Ring] = []
        for source in self._rings:
            try:
                rings.extend(source.due(now))
            except Exception:
                log.exception("asking for due rings failed")
        return sorted(rings, key=lambda ring: ring.due)

    def clock_stepped(self, by: timedelta) -> None:
        """The clock was set, forwards positive: all that rings is told."""
        for source in self._rings:
            source.clock_stepped(by)

    def next_due(self) -> datetime | None:
        """When the next ring is due, None while nothing is set."""
        moments = [moment for source in self._rings if (moment := source.next_due()) is not None]
        return min(moments, default=None)

    def ringing(self, now: datetime) -> list[Ring]:
        """What rings at `now` and has not been silenced, earliest first."""
        rings = [ring for source in self._rings for ring in source.ringing(now)]
        return sorted(rings, key=lambda ring: ring.due)

    def _answer(self, request: Request) -> Reply:
        question = self._question
        asked = question is not None and question.speaker == request.speaker
        if question is None or not asked or not _is_fresh(question.asked, request.now):
            return Reply("I did not ask anything.", ok=False, understood=False)
        if request.intent == NO_INTENT:
            return Reply("Okay, I won't.")
        asked_for = question.reply
        if request.intent == YES_INTENT:
            # "For how long?" "Yes." is no answer: ask again.
            return asked_for.if_yes or asked_for
        length = slots.seconds(request.slots)
        if asked_for.if_length is None or length is None:
            return Reply("I did not ask for a time.", ok=False)
        return asked_for.if_length(length)

    def _said(self, reply: Reply, request: Request) -> Reply:
        if request.intent != REPEAT_INTENT:
            self.said(reply.text)
        return reply


def _sorry(error: SottoError) -> str:
    return f"Sorry, {error.message.rstrip('.')}."


def _is_fresh(asked: datetime, now: datetime) -> bool:
    return timedelta(0) <= now - asked <= ANSWER_WITHIN
