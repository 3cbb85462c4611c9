"""From "half past six tomorrow" to a date and a time of day. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from assistant.skills import slots
from assistant.skills.slots import Slots
from common.errors import InvalidInput

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_REPEATS = {
    "daily": tuple(range(7)),
    "weekdays": tuple(range(5)),
    "weekends": (5, 6),
    **{name: (number,) for number, name in enumerate(WEEKDAYS)},
}


@dataclass(frozen=True)
class SpokenTime:
    """A time as it was said.

    Attributes:
        hour: 0 to 24.
        minute: -59 to 59; below zero for "ten to seven".
        half: "am", "pm" or "".
        day: "", "today", "tonight", "tomorrow" or the name of a weekday.
        repeat: "", "daily", "weekdays", "weekends" or the name of a weekday.
        wake: somebody wants to be woken, so the morning is meant.
    """

    hour: int
    minute: int = 0
    half: str = ""
    day: str = ""
    repeat: str = ""
    wake: bool = False


@dataclass(frozen=True)
class Moment:
    """Local date and time of day of the first ring, and the weekdays (0 Monday) of a repeated one."""

    day: date
    hour: int
    minute: int = 0
    weekdays: tuple[int, ...] = ()


def resolve(spoken: SpokenTime, now: datetime) -> Moment:
    """The next moment that fits what was said.

    Without "am" or "pm": who wants to be woken means the morning; with a day, five to eleven is in the
    morning and noon to four after noon; otherwise whatever comes first.

    Raises:
        InvalidInput: there is no such time, or it has passed today.
    """
    zone = now.tzinfo or UTC
    if not (0 <= spoken.hour <= 24 and -59 <= spoken.minute <= 59):
        raise InvalidInput("there is no such time", code="alarm.time")
    weekdays = _REPEATS.get(spoken.repeat, ())
    moments = [
        moment
        for hour in _hours(spoken)
        for moment in _on_days(spoken, weekdays, divmod(hour * 60 + spoken.minute, 60), now)
        if instant(moment, zone) > now
    ]
    if not moments:
        raise InvalidInput("that time has already passed today", code="alarm.passed")
    return min(moments, key=lambda moment: instant(moment, zone))


def next_day(moment: Moment, after: date) -> date:
    """The first day later than `after` on which a repeated moment comes again."""
    days = (after + timedelta(days=ahead) for ahead in range(1, 8))
    return next(day for day in days if day.weekday() in moment.weekdays)


def instant(moment: Moment, zone: tzinfo) -> datetime:
    """The moment, a time of day in `zone`, as an instant in UTC.

    UTC, because Python compares two times of one zone by their wall clocks, which is wrong around the
    end of summer time. In the hour that summer time leaves out, 2:30 means 3:30; in the hour that
    comes twice, the first is meant: that is what `fold=0` means in PEP 495.
    """
    wall = datetime.combine(moment.day, time(moment.hour, moment.minute), zone)
    return wall.astimezone(UTC)


def _hours(spoken: SpokenTime) -> tuple[int, ...]:
    """The hours of the day that may be meant, 0 to 23."""
    hour = spoken.hour
    if hour == 0 or hour > 12:
        return (hour % 24,)
    morning, afternoon = hour % 12, hour % 12 + 12
    if spoken.half:
        return (afternoon,) if spoken.half == "pm" else (morning,)
    if spoken.day == "tonight":
        return (afternoon,) if 5 <= hour <= 11 else (morning,)
    if spoken.wake and 4 <= hour <= 11:
        return (morning,)
    if spoken.day in ("", "today") and not spoken.repeat:
        return (morning, afternoon)
    if spoken.wake and hour != 12:
        return (morning,)
    return (morning,) if 5 <= hour <= 11 else (afternoon,)


def _on_days(
    spoken: SpokenTime, weekdays: tuple[int, ...], clock: tuple[int, int], now: datetime
) -> list[Moment]:
    """Candidates on the days that may be meant, each at `clock`."""
    hour, minute = clock[0] % 24, clock[1]
    today = now.date()
    if weekdays:
        days = [today + timedelta(days=ahead) for ahead in range(8)]
        days = [day for day in days if day.weekday() in weekdays]
    elif spoken.day in WEEKDAYS:
        ahead = (WEEKDAYS.index(spoken.day) - today.weekday()) % 7
        days = [today + timedelta(days=ahead), today + timedelta(days=ahead + 7)]
    elif spoken.day == "tomorrow":
        days = [today + timedelta(days=1)]
    elif spoken.day == "tonight":
        days = [today + timedelta(days=1 if hour < 5 <= now.hour else 0)]
    elif spoken.day == "today":
        days = [today]
    else:
        days = [today, today + timedelta(days=1)]
    return [Moment(day, hour, minute, weekdays) for day in days]


def spoken_time(said: Slots) -> SpokenTime | None:
    """The time in the slots of a sentence; None if it names none."""
    word = slots.text(said, "clock_word")
    hour = slots.number(said, "hour")
    if word is not None:
        hour = {"noon": 12.0, "midnight": 24.0}.get(word)
    if hour is None:
        return None
    half = slots.text(said, "half") or ("pm" if word == "noon" else "")
    return SpokenTime(
        hour=int(hour),
        minute=int(slots.number(said, "minute") or 0),
        half=half,
        day=slots.text(said, "day") or "",
        repeat=slots.text(said, "repeat") or "",
        wake=said.get("wake") == "yes",
    )


def fits(at: datetime, spoken: SpokenTime) -> bool:
    """Whether an alarm is one that was named so; without "am" or "pm" either will do."""
    minutes = spoken.hour * 60 + spoken.minute
    if spoken.half:
        minutes = (spoken.hour % 12 + (12 if spoken.half == "pm" else 0)) * 60 + spoken.minute
    vague = not spoken.half and 1 <= spoken.hour <= 12
    return (at.hour * 60 + at.minute - minutes) % (720 if vague else 1440) == 0


def is_at(at: datetime, said: Slots) -> bool:
    """Whether a moment has the time of day in the slots of a sentence."""
    spoken = spoken_time(said)
    return spoken is not None and fits(at, spoken)
