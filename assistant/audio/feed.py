"""What lies between the thread that synthesises and the thread that plays."""

from __future__ import annotations

import threading
from collections import deque

import numpy as np

from assistant.audio.format import Samples


class Feed:
    """A queue of samples with an end, a gain and a way to cut it off.

    Args:
        limit: samples that may wait; `push` blocks above it.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._blocks: deque[Samples] = deque()
        self._waiting = 0
        self._changed = threading.Condition()
        self._ended = False
        self._cut = False
        self._gain = 1.0
        self._last_gain: float | None = None

    def push(self, samples: Samples, timeout_s: float) -> bool:
        """Add int16 (n,); False if there was no room in time. After a cut it is swallowed."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._cut or self._waiting < self._limit, timeout_s):
                return False
            if not self._cut:
                self._blocks.append(samples)
                self._waiting += len(samples)
            return True

    def end(self) -> None:
        """Nothing more comes."""
        with self._changed:
            self._ended = True

    def cut(self) -> None:
        """Drop what waits; the next block fades out and is the last."""
        with self._changed:
            self._cut = True
            self._changed.notify_all()

    def set_gain(self, gain: float) -> None:
        """Linear gain of all that is pulled from now on; reached within one block, not at once."""
        self._gain = gain

    @property
    def is_cut(self) -> bool:
        """Whether `cut` was called."""
        return self._cut

    @property
    def is_done(self) -> bool:
        """Whether everything was pulled and nothing more comes."""
        return self._cut or (self._ended and not self._waiting)

    def pull(self, count: int) -> tuple[Samples, bool]:
        """`count` samples, silence where there are none, and whether any of them are real."""
        out = np.zeros(count, np.float32)
        filled = 0
        with self._changed:
            while filled < count and self._blocks:
                block = self._blocks.popleft()
                part = block[: count - filled]
                out[filled : filled + len(part)] = part
                filled += len(part)
                if len(part) < len(block):
                    self._blocks.appendleft(block[len(part) :])
            self._waiting -= filled
            target = 0.0 if self._cut else self._gain
            if self._cut:
                self._blocks.clear()
                self._waiting = 0
            self._changed.notify_all()
        before = target if self._last_gain is None else self._last_gain
        self._last_gain = target
        if filled and (before != 1.0 or target != 1.0):
            out *= target if before == target else np.linspace(before, target, count, dtype=np.float32)
        return np.clip(np.rint(out), -32_768, 32_767).astype(np.int16), filled > 0
