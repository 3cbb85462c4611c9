"""A bounded memory of the latest audio, addressed by absolute sample positions."""

from __future__ import annotations

import threading

import numpy as np

from assistant.audio.format import Samples
from common.errors import InvalidInput


class RingBuffer:
    """Keeps the last `capacity` samples; safe to append from one thread and read from another.

    A position is the number of samples that were ever appended before it, so position 0 is the
    first sample and `total` is the end of the newest one. `clear` forgets samples, not positions.

    Args:
        capacity: how many samples are kept, at least 1.
    """

    def __init__(self, capacity: int) -> None:
        if capacity < 1:
            raise InvalidInput(f"a ring buffer of {capacity} samples holds nothing")
        self._buffer: Samples = np.zeros(capacity, np.int16)
        self._total = 0
        self._oldest = 0
        self._lock = threading.Lock()

    @property
    def capacity(self) -> int:
        """How many samples are kept at most."""
        return len(self._buffer)

    @property
    def total(self) -> int:
        """How many samples were ever appended: the position of the end."""
        return self._total

    @property
    def oldest(self) -> int:
        """Position of the oldest sample still kept."""
        return self._oldest

    def append(self, samples: Samples) -> None:
        """Add samples, int16 of shape (n,), at the end; the oldest ones give way."""
        with self._lock:
            end = self._total + len(samples)
            kept = samples[-self.capacity :]
            at = (end - len(kept)) % self.capacity
            first = min(len(kept), self.capacity - at)
            self._buffer[at : at + first] = kept[:first]
            self._buffer[: len(kept) - first] = kept[first:]
            self._total = end
            self._oldest = max(self._oldest, end - self.capacity)

    def last(self, count: int) -> Samples:
        """A copy of the newest `count` samples, or of all that are kept if there are fewer."""
        with self._lock:
            return self._copy(self._total - max(count, 0), self._total)

    def since(self, position: int) -> Samples:
        """A copy of everything kept from `position` on; empty if nothing lies after it."""
        with self._lock:
            return self._copy(position, self._total)

    def between(self, start: int, end: int) -> Samples:
        """A copy of what is kept of the samples from `start` up to, not including, `end`."""
        with self._lock:
            return self._copy(start, end)

    def clear(self) -> None:
        """Forget the samples; positions go on counting."""
        with self._lock:
            self._oldest = self._total

    def release(self) -> None:
        """Forget the samples and give their memory back: from now on only the newest one is kept."""
        with self._lock:
            self._buffer = np.zeros(1, np.int16)
            self._oldest = self._total

    def _copy(self, start: int, end: int) -> Samples:
        start = max(start, self._oldest)
        count = min(end, self._total) - start
        if count <= 0:
            return np.zeros(0, np.int16)
        at = start % self.capacity
        first = self._buffer[at : at + count]
        return np.concatenate([first, self._buffer[: count - len(first)]])
