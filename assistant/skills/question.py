"""The question that the box has put and that waits for its answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from assistant.skills import common_lines as common
from assistant.skills.choice import chosen
from assistant.skills.contract import Question, Reply, Request
from assistant.skills.replies import Replies

#: How long an answer still belongs to the question.
ANSWER_WITHIN = timedelta(seconds=30)

YES = "SottoYes"
NO = "SottoNo"
#: A length of time.
LENGTH = "SottoLength"
#: One of several things: by its name, its place or its rank; by a length of time; by a time of day.
WHICH = "SottoWhich"
WHICH_LENGTH = "SottoWhichLength"
WHICH_TIME = "SottoWhichTime"
#: The intents that only answer a question.
ANSWERS = frozenset({YES, NO, LENGTH})

_CHOOSING = (WHICH, WHICH_LENGTH, WHICH_TIME)


@dataclass(frozen=True)
class _Pending:
    asked: datetime
    speaker: str
    reply: Reply
    question: Question


class PendingQuestion:
    """Holds at most one question: the last reply that an answer leads on from.

    Args:
        replies: for what is said where nothing was asked.
    """

    def __init__(self, replies: Replies) -> None:
        self._replies = replies
        self._pending: _Pending | None = None

    def forget(self) -> None:
        """Nothing is asked any more."""
        self._pending = None

    def put(self, reply: Reply, request: Request) -> None:
        """Keep `reply` where it waits for an answer; the one who spoke `request` is asked."""
        if reply.if_yes is not None or reply.question is not None:
            asked = reply.question or Question((), request)
            question = replace(asked, answers=(*asked.answers, YES, NO))
            self._pending = _Pending(request.now, request.speaker, reply, question)

    def open(self, speaker: str, now: datetime) -> Question | None:
        """What a speaker is asked at `now`."""
        pending = self._pending
        if pending is None or pending.speaker != speaker:
            return None
        return pending.question if timedelta(0) <= now - pending.asked <= ANSWER_WITHIN else None

    def is_answered_by(self, request: Request) -> bool:
        """Whether a request is an answer; it may come when nothing is asked."""
        question = self.open(request.speaker, request.now)
        return request.intent in ANSWERS or (question is not None and request.intent in question.answers)

    def answer(self, request: Request) -> Reply | list[Request]:
        """The reply to an answer, or the requests that are complete with it. No side effect."""
        question, pending = self.open(request.speaker, request.now), self._pending
        if question is None or pending is None:
            return Reply(self._replies.text(common.NOTHING_ASKED), ok=False, understood=False)
        again = pending.reply
        if request.intent == NO:
            return Reply(self._replies.text(common.DECLINED))
        if request.intent == YES:
            # "For how long?" "Yes." is no answer: ask again.
            return again.if_yes or again
        if request.intent not in question.answers:
            return Reply(self._replies.text(common.NO_LENGTH_ASKED), ok=False)
        if request.intent not in _CHOOSING:
            return [_completed(question, request, request.slots)]
        found = chosen(question.choices, request.slots, request.now)
        every = request.slots.get("which") == "all"
        if every and again.if_yes is not None:
            return again.if_yes
        if len(found) != 1 and not every:
            return again
        return [_completed(question, request, {"chosen": choice.id}) for choice in found]


def _completed(question: Question, answer: Request, slots: Mapping[str, object]) -> Request:
    asked = question.request
    return replace(asked, slots={**asked.slots, **slots}, text=f"{asked.text} {answer.text}", now=answer.now)
