"""Which skill answers which intent."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from assistant.skills import acts
from assistant.skills import common_lines as common
from assistant.skills.contract import Act, Question, Reply, Request, Skill
from assistant.skills.question import ANSWERS, PendingQuestion
from assistant.skills.replies import Replies
from assistant.skills.rings import Rings
from common.errors import SottoError

log = logging.getLogger(__name__)

REPEAT_INTENT = "SottoRepeat"


class Skills:
    """All skills of a box. An exception inside one becomes an apology, never a crash.

    Args:
        skills: at most one for each intent.
        replies: what the box says, in its language.
        rings: what rings by itself: timers, alarms.

    Raises:
        ValueError: two skills answer one intent.
    """

    def __init__(self, skills: Iterable[Skill], replies: Replies, rings: Rings | None = None) -> None:
        self.replies = replies
        self.rings = rings or Rings()
        self._by_intent: dict[str, Skill] = {}
        for skill in skills:
            for intent in skill.intents:
                if intent in self._by_intent:
                    first = type(self._by_intent[intent]).__name__
                    raise ValueError(f"two skills answer {intent}: {first} and {type(skill).__name__}")
                self._by_intent[intent] = skill
        self._last_text = ""
        self._question = PendingQuestion(replies)

    @property
    def intents(self) -> frozenset[str]:
        """Every intent that is answered; the grammar takes no others."""
        return frozenset(self._by_intent) | ANSWERS | {REPEAT_INTENT}

    def handle(self, request: Request) -> Reply:
        """Plan and perform."""
        return self.perform(self.plan(request), request)

    def plan(self, request: Request) -> Reply:
        """The reply as it will be if its acts succeed. No side effect: safe before the commit."""
        if request.intent == REPEAT_INTENT:
            asked = self.asked(request.speaker, request.now) is not None
            return Reply(self._last_text or self.replies.text(common.NOTHING_SAID), expects_answer=asked)
        try:
            if not self._question.is_answered_by(request):
                return self._by_intent[request.intent].handle(request)
            answer = self._question.answer(request)
            if isinstance(answer, Reply):
                return answer
            return _together([self._by_intent[each.intent].handle(each) for each in answer])
        except SottoError as error:
            log.warning("%s failed: %s", request.intent, error)
            return Reply(self.replies.sorry(error), ok=False)
        except Exception:
            log.exception("the skill for %s failed", request.intent)
            return Reply(self.replies.text(common.SKILL_FAILED), ok=False)

    def perform(self, reply: Reply, request: Request) -> Reply:
        """Carry out the acts of `reply`; the text changes where one fails. See `acts.perform`."""
        if request.intent == REPEAT_INTENT:
            # A question that is repeated is still open.
            return acts.perform(reply, self.replies)
        self._question.forget()
        reply = acts.perform(reply, self.replies)
        self._question.put(reply, request)
        self.said(reply.text)
        return reply

    def asked(self, speaker: str, now: datetime) -> Question | None:
        """What a speaker is asked at `now`."""
        return self._question.open(speaker, now)

    def undo(self, done: Iterable[Act]) -> list[Act]:
        """Take back acts that were carried out. See `acts.undo`."""
        return acts.undo(done)

    def said(self, text: str) -> None:
        """Remember what was spoken outside a turn (a ring), for "repeat that"."""
        if text:
            self._last_text = text


def _together(replies: list[Reply]) -> Reply:
    """Several replies as one."""
    return replace(
        replies[-1],
        text=" ".join(reply.text for reply in replies if reply.text),
        acts=tuple(act for reply in replies for act in reply.acts),
        ok=all(reply.ok for reply in replies),
        stop_speaking=any(reply.stop_speaking for reply in replies),
    )
