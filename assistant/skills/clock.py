"""Time and date."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from assistant.skills.base import Reply, Request
from assistant.skills.localtime import clock_is_set
from assistant.skills.phrases import clock_time, long_date

_TIME = "HassGetCurrentTime"
_DATE = "HassGetCurrentDate"
_UNSET = "I do not know the time yet. Nobody has told it to me since I was switched on."


class ClockSkill:
    """Tells the time and the date of the request.

    Args:
        is_set: whether the clock can be right; a wrong time is not told.
    """

    intents = frozenset({_TIME, _DATE})

    def __init__(self, is_set: Callable[[], bool] = clock_is_set) -> None:
        self._is_set = is_set

    def handle(self, request: Request) -> Reply:
        """Answer one of the intents."""
        if not self._is_set():
            return Reply(_UNSET)
        if request.intent == _TIME:
            return Reply(f"It's {clock_time(request.now)}.")
        if request.slots.get("part") == "year":
            return Reply(f"It's the year {request.now.year}.")
        if request.slots.get("day") == "tomorrow":
            return Reply(f"Tomorrow is {long_date(request.now + timedelta(days=1))}.")
        return Reply(f"It's {long_date(request.now)}.")
