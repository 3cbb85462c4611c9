"""The question that the box has put and that waits for its answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from assistant.skills import common_lines as common
from assistant.skills import slots
from assistant.skills.contract import Reply, Request
from assistant.skills.replies import Replies

#: How long a yes or no still belongs to the question.
ANSWER_WITHIN = timedelta(seconds=30)

YES_INTENT = "SottoYes"
NO_INTENT = "SottoNo"
LENGTH_INTENT = "SottoLength"
#: The intents that only answer a question.
ANSWERS = frozenset({YES_INTENT, NO_INTENT, LENGTH_INTENT})


@dataclass(frozen=True)
class _Question:
    asked: datetime
    speaker: str
    reply: Reply


class PendingQuestion:
    """Holds at most one question: the last reply that a "yes" or a length of time leads on from.

    Args:
        replies: for what is said where nothing was asked.
    """

    def __init__(self, replies: Replies) -> None:
        self._replies = replies
        self._question: _Question | None = None

    def forget(self) -> None:
        """Nothing is asked any more."""
        self._question = None

    def put(self, reply: Reply, request: Request) -> None:
        """Keep `reply` where it waits for an answer; the one who spoke `request` is asked."""
        if reply.if_yes is not None or reply.if_length is not None:
            self._question = _Question(request.now, request.speaker, reply)

    def answer(self, request: Request) -> Reply:
        """The reply to one of `ANSWERS`. No side effect."""
        question = self._question
        asked = question is not None and question.speaker == request.speaker
        if question is None or not asked or not _is_fresh(question.asked, request.now):
            return Reply(self._replies.text(common.NOTHING_ASKED), ok=False, understood=False)
        if request.intent == NO_INTENT:
            return Reply(self._replies.text(common.DECLINED))
        asked_for = question.reply
        if request.intent == YES_INTENT:
            # "For how long?" "Yes." is no answer: ask again.
            return asked_for.if_yes or asked_for
        length = slots.seconds(request.slots)
        if asked_for.if_length is None or length is None:
            return Reply(self._replies.text(common.NO_LENGTH_ASKED), ok=False)
        return asked_for.if_length(length)


def _is_fresh(asked: datetime, now: datetime) -> bool:
    return timedelta(0) <= now - asked <= ANSWER_WITHIN
