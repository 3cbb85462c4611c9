"""The queue of waiting jobs: bounded, by priority, in order for each speaker. Time is passed in.

- The room goes before satellites, those before programs, those before rendering ahead; within a priority,
  who came first goes first.
- Jobs of one speaker stay in the order in which they came: if a later one is more urgent, the earlier ones
  take its priority.
- Nobody starves: once the job that has waited longest has waited for `AGING_S`, it is passed by `PASSES` more
  urgent ones; then it goes before all others. So every job has its turn, and of nine turns of the room at
  most one waits for a less urgent job.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from assistant.scheduling.jobs import Job

#: Seconds of waiting from which on more urgent jobs pass only `PASSES` times.
AGING_S = 5.0
PASSES = 8


@dataclass(frozen=True)
class QueueLimits:
    """Bounds of the queue.

    Attributes:
        waiting: jobs that wait at once. With 0.3 s a job on two cores, the last of 64 waits ten seconds.
        per_speaker: so many of one speaker.
        wait_s: longest wait of a job whose deadline is later.
    """

    waiting: int = 64
    per_speaker: int = 8
    wait_s: float = 30.0


@dataclass(eq=False)
class Entry:
    """A job in the queue.

    Attributes:
        job: see `Job`.
        number: rises with each job that comes.
        came_at: when it came, in seconds.
        rank: its priority, or that of a later job of its speaker; the lowest is first.
    """

    job: Job
    number: int
    came_at: float
    rank: int = 0

    @property
    def order(self) -> tuple[int, int]:
        """Its place: the lowest is first."""
        return self.rank, self.number


AnyEntry = TypeVar("AnyEntry", bound=Entry)


class JobQueue(Generic[AnyEntry]):
    """Waiting jobs in the order in which they are to begin.

    Args:
        limits: see `QueueLimits`.
    """

    def __init__(self, limits: QueueLimits) -> None:
        self._limits = limits
        self._entries: list[AnyEntry] = []
        self._by_age: OrderedDict[int, AnyEntry] = OrderedDict()
        self._speakers: dict[str, list[AnyEntry]] = {}
        self._passed = 0

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[AnyEntry]:
        """All entries, the most urgent first. The queue must not change meanwhile."""
        return iter(self._entries)

    def in_order(self, now: float) -> list[AnyEntry]:
        """All entries, the one that is to begin next first."""
        oldest = self._oldest()
        if oldest is None or self._passed < PASSES or now - oldest.came_at < AGING_S:
            return list(self._entries)
        return [oldest, *(entry for entry in self._entries if entry is not oldest)]

    def first(self) -> AnyEntry | None:
        """The most urgent entry; None if nothing waits."""
        return self._entries[0] if self._entries else None

    def add(self, entry: AnyEntry) -> AnyEntry | None:
        """Put a job into the queue.

        Returns:
            None, or the entry for which there is no space any more: the last in the order, which may be the
            new one. It is not in the queue.
        """
        speaker = entry.job.speaker
        others = self._speakers.get(speaker, [])
        if speaker and len(others) >= self._limits.per_speaker:
            return entry
        entry.rank = int(entry.job.priority)
        if speaker:
            self._raise(others, entry.rank)
        insort(self._entries, entry, key=_order)
        self._by_age[entry.number] = entry
        self._speakers.setdefault(speaker, []).append(entry)
        if len(self._entries) <= self._limits.waiting:
            return None
        last = self._entries[-1]
        self.remove(last)
        return last

    def begin(self, entry: AnyEntry, now: float) -> None:
        """Take an entry out because it begins."""
        oldest = self._oldest()
        if oldest is entry:
            self._passed = 0
        elif oldest is not None and oldest.rank > entry.rank and now - oldest.came_at >= AGING_S:
            self._passed += 1
        self.remove(entry)

    def remove(self, entry: AnyEntry) -> bool:
        """Take an entry out; returns whether it was there."""
        if self._by_age.pop(entry.number, None) is None:
            return False
        del self._entries[bisect_left(self._entries, entry.order, key=_order)]
        speaker = entry.job.speaker
        self._speakers[speaker].remove(entry)
        if not self._speakers[speaker]:
            del self._speakers[speaker]
        return True

    def _oldest(self) -> AnyEntry | None:
        return next(iter(self._by_age.values()), None)

    def _raise(self, entries: list[AnyEntry], rank: int) -> None:
        """Give the entries of one speaker a better rank, where theirs is worse."""
        for entry in entries:
            if entry.rank > rank:
                del self._entries[bisect_left(self._entries, entry.order, key=_order)]
                entry.rank = rank
                insort(self._entries, entry, key=_order)


def _order(entry: Entry) -> tuple[int, int]:
    return entry.order
