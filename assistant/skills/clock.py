"""Time and date."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from assistant.skills.context import SkillContext
from assistant.skills.contract import Reply, Request
from assistant.skills.lines import line
from assistant.skills.localtime import clock_is_set
from assistant.skills.phrases import Phrases
from assistant.skills.replies import Replies

_TIME_INTENT = "HassGetCurrentTime"
_DATE_INTENT = "HassGetCurrentDate"

_UNSET = line("clock.unset")
_TIME = line("clock.time", "time")
_YEAR = line("clock.year", "year")
_TODAY = line("clock.today", "date")
_TOMORROW = line("clock.tomorrow", "date")


def skills(box: SkillContext) -> tuple[ClockSkill]:
    """See `discovery`."""
    return (ClockSkill(box.replies),)


class ClockSkill:
    """Says the time and the date of the request.

    Args:
        replies: what the box says, in its language.
        is_set: whether the clock can be right; a wrong time is not said.
    """

    intents = frozenset({_TIME_INTENT, _DATE_INTENT})

    def __init__(self, replies: Replies, is_set: Callable[[], bool] = clock_is_set) -> None:
        self._text = replies.text
        self._phrases = Phrases(replies)
        self._is_set = is_set

    def handle(self, request: Request) -> Reply:
        """Answer one of the intents."""
        if not self._is_set():
            return Reply(self._text(_UNSET))
        if request.intent == _TIME_INTENT:
            return Reply(self._text(_TIME, time=self._phrases.clock_time(request.now)))
        if request.slots.get("part") == "year":
            return Reply(self._text(_YEAR, year=request.now.year))
        if request.slots.get("day") == "tomorrow":
            tomorrow = self._phrases.long_date(request.now + timedelta(days=1))
            return Reply(self._text(_TOMORROW, date=tomorrow))
        return Reply(self._text(_TODAY, date=self._phrases.long_date(request.now)))
