"""A ring buffer of the latest audio, addressed by absolute sample positions."""

from __future__ import annotations

import threading

import numpy as np

from assistant.audio.format import Samples
from common.errors import InvalidInput


class RingBuffer:
    """Keeps the last `capacity` samples, int16. All methods may be called from any thread.

    The position of a sample is the number of samples that were appended before it: the first sample has
    position 0, and `total` is the position after the newest one. `clear` removes samples; positions go on
    counting.

    Args:
        capacity: how many samples are kept, at least 1.

    Raises:
        InvalidInput: the capacity is below 1.
    """

    def __init__(self, capacity: int) -> None:
        if capacity < 1:
            raise InvalidInput(f"a ring buffer needs a capacity of at least 1 sample, not {capacity}")
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
        """How many samples were appended so far: the position after the newest one."""
        return self._total

    @property
    def oldest(self) -> int:
        """Position of the oldest sample that is kept."""
        return self._oldest

    def append(self, samples: Samples) -> None:
        """Add samples, int16 (n,), at the end; the oldest ones are dropped."""
        with self._lock:
            capacity = len(self._buffer)
            at = self._total % capacity
            end = self._total + len(samples)
            if at + len(samples) <= capacity:
                self._buffer[at : at + len(samples)] = samples
            else:
                kept = samples[-capacity:]
                at = (end - len(kept)) % capacity
                first = min(len(kept), capacity - at)
                self._buffer[at : at + first] = kept[:first]
                self._buffer[: len(kept) - first] = kept[first:]
            self._total = end
            self._oldest = max(self._oldest, end - capacity)

    def last(self, count: int) -> Samples:
        """A copy of the newest `count` samples, or of all that are kept if there are fewer."""
        with self._lock:
            return self._copy(self._total - max(count, 0), self._total)

    def since(self, position: int) -> Samples:
        """A copy of all samples from `position` on that are kept; may be empty."""
        with self._lock:
            return self._copy(position, self._total)

    def between(self, start: int, end: int) -> Samples:
        """A copy of the samples from `start` to before `end` that are kept; may be empty."""
        with self._lock:
            return self._copy(start, end)

    def clear(self) -> None:
        """Remove the samples; positions go on counting."""
        with self._lock:
            self._oldest = self._total

    def release(self) -> None:
        """Remove the samples and free their memory; from now on the capacity is 1."""
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
