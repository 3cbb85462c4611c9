"""A cache of results, bounded in bytes, that keeps what is used often."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

from common.metrics import Counter, Gauge

Result = TypeVar("Result")

#: Part of the space for results that were used once at most, so that they do not displace frequent ones.
ONCE = 0.2

HITS = Counter(
    "sotto_result_cache_hits_total", "Results that were in a cache when they were wanted", ("cache",)
)
MISSES = Counter("sotto_result_cache_misses_total", "Results that had to be made", ("cache",))
BYTES = Gauge("sotto_result_cache_bytes", "What a cache keeps, as of its last use", ("cache",))


class _Entry(Generic[Result]):
    """A result, and how often it was used."""

    __slots__ = ("result", "uses")

    def __init__(self, result: Result) -> None:
        self.result = result
        self.uses = 0


class ResultCache(Generic[Result]):
    """Keeps results by key; the one that was wanted least recently is dropped first.

    A result may still grow after it was added. `trim` applies the bounds: call it when a result has been
    used. All methods may be called from any thread.

    Args:
        name: of the cache, in the metrics.
        most_bytes: bound on the size of all results together. One result is always kept, however large.
        most: bound on their number.
        size_of: gives the present size of a result, in bytes.
    """

    def __init__(self, name: str, most_bytes: float, most: int, size_of: Callable[[Result], int]) -> None:
        self.name = name
        self._most_bytes = most_bytes
        self._most = most
        self._size_of = size_of
        self._kept: OrderedDict[str, _Entry[Result]] = OrderedDict()
        self._lock = threading.Lock()

    def wanted(self, key: str, make: Callable[[str], Result]) -> Result:
        """The result of a key, made now if it is not there; counts a hit or a miss.

        `make` is called with the key. It must return quickly: no other thread gets a result meanwhile.
        """
        with self._lock:
            (HITS if key in self._kept else MISSES).inc(self.name)
            return self._entry(key, make).result

    def ahead(self, key: str, make: Callable[[str], Result]) -> Result:
        """As `wanted`, for a result that may be wanted soon; nothing is counted."""
        with self._lock:
            return self._entry(key, make).result

    def _entry(self, key: str, make: Callable[[str], Result]) -> _Entry[Result]:
        entry = self._kept.get(key)
        if entry is None:
            entry = self._kept[key] = _Entry(make(key))
        self._kept.move_to_end(key)
        return entry

    def get(self, key: str) -> Result | None:
        """The result of a key if it is there; leaves the order as it is."""
        with self._lock:
            entry = self._kept.get(key)
        return None if entry is None else entry.result

    def used(self, key: str) -> None:
        """A result was used once more; if it was dropped meanwhile, nothing happens."""
        with self._lock:
            if key in self._kept:
                self._kept[key].uses += 1

    def forget(self, key: str) -> None:
        """Drop a result, if it is there."""
        with self._lock:
            self._kept.pop(key, None)

    @property
    def is_full(self) -> bool:
        """Whether a bound is exceeded now."""
        with self._lock:
            return self._exceeds(self._size())

    def trim(self) -> None:
        """Apply the bounds: on what was used once at most, then on everything."""
        with self._lock:
            once = [key for key, entry in self._kept.items() if entry.uses < 2]
            left = ONCE * self._most_bytes
            for place, key in enumerate(reversed(once)):
                left -= self._size_of(self._kept[key].result)
                if place and left < 0:
                    del self._kept[key]
            size = self._size()
            while len(self._kept) > 1 and self._exceeds(size):
                _, entry = self._kept.popitem(last=False)
                size -= self._size_of(entry.result)
            BYTES.set(size, self.name)

    def _exceeds(self, size: int) -> bool:
        return size > self._most_bytes or len(self._kept) > self._most

    def _size(self) -> int:
        return sum(self._size_of(entry.result) for entry in self._kept.values())
