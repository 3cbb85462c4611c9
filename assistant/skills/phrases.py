"""Pieces of replies: lists, durations, moments."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from assistant.skills.lines import Line, line
from assistant.skills.replies import Replies

#: Items of a list that are read out: nobody remembers more, and fifty timers are too long a text.
MOST_LISTED = 12

_LIST = line("common.list", "before", "next")
_LIST_END = line("common.list_end", "before", "last")
_LIST_END_OR = line("common.list_end_or", "before", "last")
_MORE = line("common.more", "count")
#: Each with the form that stands before a noun: "ten minutes", but "ten minute timer".
_HOURS = (line("common.hours", "count"), line("common.hours_of", "count"))
_MINUTES = (line("common.minutes", "count"), line("common.minutes_of", "count"))
_SECONDS = (line("common.seconds", "count"), line("common.seconds_of", "count"))
_CLOCK = line("common.clock", "hour12", "hour24", "minute", "half")
_FULL_HOUR = line("common.full_hour", "hour12", "hour24", "half")
_HALVES = {"am": line("common.am"), "pm": line("common.pm")}
_NEAR_DAYS = {0: line("common.today"), 1: line("common.tomorrow"), -1: line("common.yesterday")}
_ON_WEEKDAY = line("common.on_weekday", "weekday")
_ON_DATE = line("common.on_date", "date")
_DATE = line("common.date", "weekday", "day", "ordinal", "month")
_ORDINAL = line("common.ordinal", "rank")


class Phrases:
    """Puts pieces of replies together, as a language does it.

    Args:
        replies: of the language.
    """

    def __init__(self, replies: Replies) -> None:
        self._replies = replies

    def joined(self, words: Sequence[str], end: Line = _LIST_END) -> str:
        """ "a", "a and b", "a, b and c"; of a long list the beginning, "and 39 more"."""
        if len(words) > MOST_LISTED:
            more = self._replies.text(_MORE, count=len(words) - MOST_LISTED + 1)
            words = (*words[: MOST_LISTED - 1], more)
        if len(words) < 2:
            return "".join(words)
        before = words[0]
        for following in words[1:-1]:
            before = self._replies.text(_LIST, before=before, next=following)
        return self._replies.text(end, before=before, last=words[-1])

    def either(self, words: Sequence[str]) -> str:
        """ "a", "a or b", "a, b or c"."""
        return self.joined(words, _LIST_END_OR)

    def duration(self, seconds: float, noun: bool = False) -> str:
        """A length of time in words, rounded to seconds.

        Args:
            seconds: at least 0.
            noun: as used before a noun: "ten minute" as in "ten minute timer".

        Returns:
            "ten minutes", "one hour and five seconds", "zero seconds".
        """
        hours, rest = divmod(round(seconds), 3600)
        minutes, left = divmod(rest, 60)
        parts = [
            self._replies.text(unit[noun], count=amount)
            for amount, unit in ((hours, _HOURS), (minutes, _MINUTES), (left, _SECONDS))
            if amount
        ]
        return self.joined(parts) if parts else self._replies.text(_SECONDS[noun], count=0)

    def clock_time(self, moment: datetime) -> str:
        """ "7:30 am", "4 pm"."""
        hours = {
            "hour12": str(moment.hour % 12 or 12),
            "hour24": str(moment.hour),
            "half": self._replies.text(_HALVES["am" if moment.hour < 12 else "pm"]),
        }
        if not moment.minute:
            return self._replies.text(_FULL_HOUR, **hours)
        return self._replies.text(_CLOCK, minute=f"{moment.minute:02}", **hours)

    def day_of(self, moment: datetime, now: datetime) -> str:
        """When a moment is, seen from `now`: "today", "tomorrow", "on Friday", "on Friday, December 4th"."""
        days = (moment.date() - now.date()).days
        if days in _NEAR_DAYS:
            return self._replies.text(_NEAR_DAYS[days])
        if 1 < days < 7:
            return self._replies.text(_ON_WEEKDAY, weekday=self.weekday(moment.weekday()))
        return self._replies.text(_ON_DATE, date=self.long_date(moment))

    def long_date(self, moment: datetime) -> str:
        """ "Sunday, November 22nd"."""
        return self._replies.text(
            _DATE,
            weekday=self.weekday(moment.weekday()),
            day=moment.day,
            ordinal=self.ordinal(moment.day),
            month=self._replies.cldr.months[moment.month - 1],
        )

    def weekday(self, number: int) -> str:
        """The name of a weekday, 0 for Monday."""
        return self._replies.cldr.weekdays[number]

    def ordinal(self, rank: int) -> str:
        """ "1st", "22nd"."""
        return self._replies.text(_ORDINAL, rank=rank)
