"""Time and date."""

from __future__ import annotations

from datetime import timedelta

from assistant.skills.base import Reply, Request
from assistant.skills.phrases import clock_time, long_date

_TIME = "HassGetCurrentTime"
_DATE = "HassGetCurrentDate"


class ClockSkill:
    """Tells the time and the date of the request."""

    intents = frozenset({_TIME, _DATE})

    def handle(self, request: Request) -> Reply:
        """Answer one of the intents."""
        if request.intent == _TIME:
            return Reply(f"It's {clock_time(request.now)}.")
        if request.slots.get("part") == "year":
            return Reply(f"It's the year {request.now.year}.")
        if request.slots.get("day") == "tomorrow":
            return Reply(f"Tomorrow is {long_date(request.now + timedelta(days=1))}.")
        return Reply(f"It's {long_date(request.now)}.")
