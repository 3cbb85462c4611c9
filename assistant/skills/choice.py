"""Choosing among several things: "the first one", "the longer one", "the one in the kitchen", "both"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from assistant.skills import slots
from assistant.skills.alarm_time import WEEKDAYS, is_at
from assistant.understanding.names import AreaName, DeviceName, HomeNames

#: How far off "the one with five minutes left" may be: in seconds, and as a part of the time.
_LEFT_S, _LEFT_PART = 30.0, 0.2


@dataclass(frozen=True)
class Choice:
    """One of the things that are chosen from.

    Attributes:
        id: what the skill knows it by.
        names: what it can be called.
        places: what the place is called where it is.
        length_s: how long it was set for.
        left_s: how much of that is left.
        at: when it is due, local time.
        made: the greater, the later it was made.
    """

    id: str
    names: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    length_s: float | None = None
    left_s: float | None = None
    at: datetime | None = None
    made: int = 0


def spoken_names(choices: Sequence[Choice]) -> HomeNames:
    """What the choices can be called, for the grammar of an answer; a value: the numbers of those that fit.

    What all names have in common may be left out: "the front one" of the front door and the back door.
    """
    words = [{word for name in choice.names for word in name.lower().split()} for choice in choices]
    common = set.intersection(*words) if words else set()
    names = [(*choice.names, *_without(common, choice.names)) for choice in choices]
    return HomeNames(
        devices=tuple(DeviceName(numbers, (name,), "") for name, numbers in _numbers(names).items()),
        areas=tuple(
            AreaName(numbers, (place,)) for place, numbers in _numbers([c.places for c in choices]).items()
        ),
    )


def chosen(choices: Sequence[Choice], answer: Mapping[str, object], now: datetime) -> tuple[Choice, ...]:
    """Those that an answer means; several where it does not say enough, none where nothing fits. Pure.

    Args:
        choices: in the order in which they were named.
        answer: slots of the answer: `which` ("all" or "any"), `name` and `area` (of `spoken_names`), a length
            of time and whether that is `left`, a time of day and a `day`, `by` ("longest", ...) and `rank`
            (from 1; -1 is the last).
        now: for "tomorrow".
    """
    which = answer.get("which")
    if which == "all":
        return tuple(choices)
    named = [numbers.split(",") for slot in ("name", "area") if (numbers := slots.text(answer, slot))]
    found = [choice for number, choice in enumerate(choices) if all(str(number) in each for each in named)]
    length = slots.seconds(answer)
    if length is not None:
        of_length = [choice for choice in found if choice.length_s == length]
        found = of_length if of_length and "left" not in answer else _with_left(found, length)
    if "hour" in answer or "clock_word" in answer:
        found = [choice for choice in found if choice.at is not None and is_at(choice.at, answer)]
    if (day := slots.text(answer, "day")) is not None:
        found = [choice for choice in found if choice.at is not None and _is_on(choice.at, day, now)]
    if (by := slots.text(answer, "by")) is not None:
        found = _extreme(found, by)
    if (rank := slots.number(answer, "rank")) is not None:
        index = int(rank) if rank < 0 else int(rank) - 1
        found = [found[index]] if -len(found) <= index < len(found) else []
    return tuple(found[:1] if which == "any" else found)


def _without(common: set[str], names: Sequence[str]) -> list[str]:
    kept = [[word for word in name.lower().split() if word not in common] for name in names]
    return [" ".join(words) for words in kept if words]


def _numbers(names: Sequence[tuple[str, ...]]) -> dict[str, str]:
    """The numbers of those that have a name, such as "0,2"."""
    found: dict[str, list[str]] = {}
    for number, own in enumerate(names):
        for name in dict.fromkeys(name.lower() for name in own):
            found.setdefault(name, []).append(str(number))
    return {name: ",".join(numbers) for name, numbers in found.items()}


def _with_left(choices: Sequence[Choice], left_s: float) -> list[Choice]:
    """The one whose time left is nearest to what was said, if it is near."""
    off = [(abs(choice.left_s - left_s), choice) for choice in choices if choice.left_s is not None]
    nearest = min((distance for distance, _ in off), default=None)
    if nearest is None or nearest > max(_LEFT_S, _LEFT_PART * left_s):
        return []
    return [choice for distance, choice in off if distance == nearest]


def _is_on(at: datetime, day: str, now: datetime) -> bool:
    if day in WEEKDAYS:
        return at.weekday() == WEEKDAYS.index(day)
    return at.date() == now.date() + timedelta(days=int(day == "tomorrow"))


def _extreme(choices: Sequence[Choice], by: str) -> list[Choice]:
    """The "longest", the one that is over "latest", the "newest", or the other end; all that are equal."""
    sign = 1 if by in ("longest", "latest", "newest") else -1

    def key(choice: Choice) -> tuple[float, ...]:
        ends = (choice.left_s or 0.0) if choice.at is None else choice.at.timestamp()
        if by in ("longest", "shortest"):
            return sign * (choice.length_s or 0.0), sign * ends
        return (sign * (ends if by in ("latest", "soonest") else choice.made),)

    best = max(map(key, choices), default=())
    return [choice for choice in choices if key(choice) == best]
