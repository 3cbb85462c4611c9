"""From what was seen to what it says: growth, latency by hour, and what was promised and not kept. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from statistics import median

#: Until a daemon is so old, its caches fill.
WARM_S = 600.0
#: A life shorter than that behind the warm-up says nothing about growth.
_LIFE_S = 900.0
#: What a daemon may grow by in an hour of life: megabytes, open files, threads. A leak of a file or a thread
#: every ten minutes is found; the megabytes are what the caches and the allocator take after the warm-up.
MOST_GROWTH = {"rss_mb": 12.0, "files": 6.0, "threads": 6.0}
#: p95 of `heard` may be above that of the first hour by this share.
MOST_SLOWER = 0.2
#: Turns that a span needs for a p95.
_ENOUGH = 30
#: A daemon that was killed answers again within so many seconds.
MOST_BACK_S = 60.0


@dataclass(frozen=True)
class Sample:
    """A look at one daemon.

    Attributes:
        at: seconds since the soak began.
        daemon: its name.
        pid: of the process; each is one life of the daemon.
        rss_mb, files, threads: what it holds.
    """

    at: float
    daemon: str
    pid: int
    rss_mb: float
    files: float
    threads: float


@dataclass(frozen=True)
class Growth:
    """How one life of a daemon grew, in what `MOST_GROWTH` counts, per hour."""

    daemon: str
    pid: int
    hours: float
    per_hour: Mapping[str, float]


def growth(samples: Sequence[Sample]) -> list[Growth]:
    """Growth per hour of each life that was long enough: median of its last third less that of its first."""
    found = []
    by_life = sorted(samples, key=lambda sample: (sample.daemon, sample.pid, sample.at))
    for (daemon, pid), group in groupby(by_life, key=lambda sample: (sample.daemon, sample.pid)):
        life = list(group)
        warm = [sample for sample in life if sample.at - life[0].at >= WARM_S]
        if len(warm) < 9 or warm[-1].at - warm[0].at < _LIFE_S:
            continue
        third = len(warm) // 3
        early, late = warm[:third], warm[-third:]
        hours = (median(s.at for s in late) - median(s.at for s in early)) / 3600
        per_hour = {
            name: round(
                (median(getattr(s, name) for s in late) - median(getattr(s, name) for s in early)) / hours, 2
            )
            for name in MOST_GROWTH
        }
        found.append(Growth(daemon, pid, round(hours, 2), per_hour))
    return found


def percentile(values: Sequence[float], percent: float) -> float:
    """The value that so many percent of `values` do not exceed; at least one is needed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def by_span(heard: Sequence[tuple[float, float]], span_s: float) -> list[dict[str, float]]:
    """`heard` by spans of the soak: (seconds since it began, milliseconds) -> count, p50 and p95 of each."""
    spans: dict[int, list[float]] = {}
    for at, value in heard:
        spans.setdefault(int(at // span_s), []).append(value)
    return [
        {
            "from_s": number * span_s,
            "turns": len(values),
            "p50_ms": round(percentile(values, 50), 1),
            "p95_ms": round(percentile(values, 95), 1),
        }
        for number, values in sorted(spans.items())
    ]


def slower(spans: Sequence[Mapping[str, float]]) -> list[str]:
    """Spans whose p95 is more than `MOST_SLOWER` above that of the first; those of few turns are left out."""
    enough = [span for span in spans if span["turns"] >= _ENOUGH]
    told = []
    for span in enough[1:]:
        first, now = enough[0]["p95_ms"], span["p95_ms"]
        if now > (1 + MOST_SLOWER) * first:
            told.append(
                f"p95 of heard is {now:.0f} ms from {span['from_s'] / 3600:.1f} h on, {first:.0f} ms at first"
            )
    return told


def grew(lives: Sequence[Growth]) -> list[str]:
    """Lives that grew by more than `MOST_GROWTH`."""
    return [
        f"{life.daemon} (process {life.pid}) grew by {value:g} {name} an hour over {life.hours:g} h"
        for life in lives
        for name, value in life.per_hour.items()
        if value > MOST_GROWTH[name]
    ]


def late(back: Sequence[tuple[str, float]]) -> list[str]:
    """Daemons that took longer than `MOST_BACK_S` to answer again: (name, seconds)."""
    return [f"{name} took {seconds:.0f} s to come back" for name, seconds in back if seconds > MOST_BACK_S]
