"""A day: when it is noisy, when a television speaks, when the box is asked, when other work comes."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from power.errors import SimulationError
from power.simulate.files import read_named, shipped

TRACES = Path(__file__).parent / "traces"
DAY_S = 86_400.0
_MOST = 2000


@dataclass(frozen=True)
class Turn:
    """A command: seconds of the day when somebody begins to speak, of the sentence, of the answer."""

    at: float
    sentence_s: float
    reply_s: float


@dataclass(frozen=True)
class Span:
    """From when to when, in seconds of the day; `every_s` between two beginnings of speech, if it speaks."""

    begin: float
    end: float
    every_s: float = 0.0


@dataclass(frozen=True)
class Job:
    """Other work: when, and seconds of it on the reference core."""

    at: float
    work_s: float


@dataclass(frozen=True)
class Trace:
    """A day of a box."""

    key: str
    about: str
    noise: tuple[Span, ...]
    television: tuple[Span, ...]
    turns: tuple[Turn, ...]
    jobs: tuple[Job, ...]


def names() -> tuple[str, ...]:
    """Traces that come with the library."""
    return shipped(TRACES)


def load_trace(name: str) -> Trace:
    """A trace by name, or by the path of a file.

    Raises:
        SimulationError: there is none, or it has a mistake; names file and entry.
    """
    file, table = read_named(TRACES, name)
    unknown = set(table) - {"about", "noise", "television", "turns", "jobs"}
    if unknown:
        raise SimulationError(
            f"{file}: unknown key {min(unknown)}", hint="see docs/power.md for what a trace holds"
        )

    def rows(key: str, width: int) -> list[list[Any]]:
        value = table.get(key, [])
        if not isinstance(value, list) or len(value) > _MOST:
            raise SimulationError(f"{file}: {key} is no list of at most {_MOST}", hint="see a shipped trace")
        for row in value:
            if not isinstance(row, list) or len(row) != width:
                raise SimulationError(
                    f"{file}: {key}: {row!r} has not {width} values", hint="see a shipped trace"
                )
        return value

    try:
        noise = tuple(Span(_time(a), _time(b)) for a, b in rows("noise", 2))
        spoken = tuple(Span(_time(a), _time(b), _number(c, 1, 3600)) for a, b, c in rows("television", 3))
        turns = tuple(Turn(_time(a), _number(b, 0.1, 30), _number(c, 0, 60)) for a, b, c in rows("turns", 3))
        jobs = tuple(Job(_time(a), _number(b, 0.001, 600)) for a, b in rows("jobs", 2))
    except ValueError as error:
        raise SimulationError(f"{file}: {error}", hint="times are HH:MM or HH:MM:SS") from error
    if any(span.end <= span.begin for span in (*noise, *spoken)):
        raise SimulationError(f"{file}: a span ends before it begins", hint="from, to")
    order = sorted(turns, key=lambda turn: turn.at)
    for first, second in pairwise(order):
        if second.at - first.at < 60:
            raise SimulationError(
                f"{file}: two turns within a minute at {second.at:.0f} s", hint="set them apart"
            )
    return Trace(file.stem, str(table.get("about", "")), noise, spoken, tuple(order), jobs)


def _time(text: Any) -> float:
    parts = str(text).split(":")
    if (
        not isinstance(text, str)
        or len(parts) not in (2, 3)
        or not all(p.isdigit() and len(p) == 2 for p in parts)
    ):
        raise ValueError(f"{text!r} is no time of the day")
    hours, minutes, seconds = (*map(int, parts), 0)[:3]
    if hours > 23 or minutes > 59 or seconds > 59:
        raise ValueError(f"{text!r} is no time of the day")
    return hours * 3600.0 + minutes * 60 + seconds


def _number(value: Any, low: float, high: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise ValueError(f"{value!r} is no number from {low} to {high}")
    return float(value)
