"""The queue of samples between the thread that synthesises a reply and the audio callback that plays it."""

from __future__ import annotations

import threading
from collections import deque

import numpy as np

from assistant.audio.format import Floats, Samples

# Operands of no dimension, because numpy allocates one for each Python number otherwise.
_LOWEST = np.array(-32_768, np.float32)
_HIGHEST = np.array(32_767, np.float32)


class Feed:
    """The samples of one reply, with a gain; it can be ended (after what waits) or cut (at once).

    Args:
        limit: samples that may wait; `push` blocks while as many wait.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._blocks: deque[Samples] = deque()
        #: Samples of the first block that were pulled, and samples that wait in all of them.
        self._taken = 0
        self._waiting = 0
        self._changed = threading.Condition()
        self._ended = False
        self._cut = False
        self._gain = 1.0
        self._last_gain: float | None = None
        self._values: Floats = np.empty(0, np.float32)
        self._factor = np.empty((), np.float32)

    def push(self, samples: Samples, timeout_s: float) -> bool:
        """Add int16 (n,); False if there was no space within `timeout_s`. After `cut` they are dropped."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._cut or self._waiting < self._limit, timeout_s):
                return False
            if not self._cut:
                self._blocks.append(samples)
                self._waiting += len(samples)
            return True

    def end(self) -> None:
        """No more samples will be pushed."""
        with self._changed:
            self._ended = True

    def cut(self) -> None:
        """Interrupt: the next block that is pulled fades out and is the last; the rest is dropped."""
        with self._changed:
            self._cut = True
            self._changed.notify_all()

    def set_gain(self, gain: float) -> None:
        """Set the linear gain from now on. It changes smoothly over one block, to avoid a click."""
        self._gain = gain

    @property
    def is_cut(self) -> bool:
        """Whether `cut` was called."""
        return self._cut

    @property
    def is_done(self) -> bool:
        """Whether no more samples will be pulled: it was cut, or it has ended and is empty."""
        return self._cut or (self._ended and not self._waiting)

    def pull(self, out: Samples) -> bool:
        """Fill `out`, int16 (n,), with the next samples, padded with silence; whether any were pushed.

        Nothing is allocated unless the gain changes or n does.
        """
        filled = 0
        with self._changed:
            while filled < len(out) and self._blocks:
                block = self._blocks[0]
                part = block[self._taken : self._taken + len(out) - filled]
                out[filled : filled + len(part)] = part
                filled += len(part)
                self._taken += len(part)
                if self._taken == len(block):
                    self._blocks.popleft()
                    self._taken = 0
            self._waiting -= filled
            target = 0.0 if self._cut else self._gain
            if self._cut:
                self._blocks.clear()
                self._waiting = self._taken = 0
            self._changed.notify_all()
        out[filled:].fill(0)
        before = target if self._last_gain is None else self._last_gain
        self._last_gain = target
        if filled and (before != 1.0 or target != 1.0):
            self._amplify(out, before, target)
        return filled > 0

    def _amplify(self, out: Samples, before: float, target: float) -> None:
        """Multiply `out` by a gain that goes from `before` to `target`; clipped, not wrapped."""
        if len(self._values) != len(out):
            self._values = np.empty(len(out), np.float32)
        values = self._values
        values[:] = out
        self._factor.fill(target)
        ramp = self._factor if before == target else np.linspace(before, target, len(out), dtype=np.float32)
        np.multiply(values, ramp, out=values)
        np.rint(values, out=values)
        np.maximum(values, _LOWEST, out=values)
        np.minimum(values, _HIGHEST, out=values)
        out[:] = values
