"""The queue between the audio callback of an input stream, which copies its blocks, and the reader."""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import Any

import numpy as np

from assistant.audio.format import Samples
from assistant.serving.blocks import Block, BlockPool
from common.metrics import Counter

DROPPED = Counter(
    "sotto_microphone_dropped_blocks_total",
    "Blocks of 20 ms that were lost because nobody read them in time",
)


class BlockQueue:
    """A bounded queue of the blocks of one input stream. If it is full, the oldest block is dropped.

    Its memory is allocated when it is made; a block costs no allocation.

    Args:
        blocks: how many may wait, at least 1.
        samples: size of each in samples of all channels together.
    """

    def __init__(self, blocks: int, samples: int) -> None:
        self.dropped = 0
        self._pool = BlockPool("microphone", blocks, samples)
        self._waiting: deque[Block] = deque()
        self._joined: Samples = np.zeros(blocks * samples, np.int16)
        self._arrived = threading.Condition()
        self._ended = False
        self._wanted = 1
        self._last_block = time.monotonic()

    def begin(self) -> None:
        """The device has started: `quiet_s` counts from now."""
        self._last_block = time.monotonic()

    def on_block(self, data: Any, _frames: int, _time: Any, _status: Any) -> None:
        """The audio callback, as `sounddevice.RawInputStream` wants it."""
        # PortAudio's overflow flags stay 0 if a sound server loses samples, so they are not read.
        self.put(memoryview(data))

    def put(self, data: memoryview) -> None:
        """Add what the device delivers, 16-bit samples as bytes.

        It is one block; only a device that ignores the size it was asked for delivers more or less.
        """
        with self._arrived:
            while len(data):
                block = self._free_block()
                size = min(len(data), len(block.data))
                block.data[:size] = data[:size]
                block.used = size // 2
                self._waiting.append(block)
                data = data[size:]
            self._last_block = time.monotonic()
            if len(self._waiting) >= self._wanted:
                self._arrived.notify()

    def _free_block(self) -> Block:
        block = self._pool.take()
        if block is not None:
            return block
        self.dropped += 1
        DROPPED.inc()
        return self._waiting.popleft()

    def end(self) -> None:
        """The device has ended the stream."""
        with self._arrived:
            self._ended = True
            self._arrived.notify()

    def wake(self) -> None:
        """Make a waiting `read` return now."""
        with self._arrived:
            self._arrived.notify()

    @property
    def ended(self) -> bool:
        """Whether the device has ended the stream."""
        return self._ended

    def quiet_s(self) -> float:
        """Seconds since the device last delivered a block."""
        return time.monotonic() - self._last_block

    def read(self, timeout_s: float, blocks: int = 1) -> Samples:
        """Wait for blocks; gives all that wait, one after the other, int16 (n,). May be empty.

        The samples are valid until the next call.

        Args:
            timeout_s: longest wait, in seconds.
            blocks: wait until so many have arrived. A larger number wakes the reader less often, which saves
                power.
        """
        end = 0
        with self._arrived:
            self._wanted = min(blocks, self._pool.capacity)
            if len(self._waiting) < self._wanted and not self._ended:
                self._arrived.wait(timeout_s)
            while self._waiting:
                block = self._waiting.popleft()
                self._joined[end : end + block.used] = block.samples[: block.used]
                end += block.used
                block.give_back()
        return self._joined[:end]
