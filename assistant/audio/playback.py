"""The reference of the echo canceller: what the loudspeaker plays, by the machine's clock."""

from __future__ import annotations

import contextlib
from collections import deque

import numpy as np

from assistant.audio.convert import Resampler
from assistant.audio.format import FRAME_MS, FRAME_SAMPLES, SAMPLE_RATE, Samples
from assistant.serving.blocks import Block, BlockPool

#: Seconds that are kept. Frames of the microphone wait in their queue for 2 s at most.
_KEPT_S = 4.0
#: Blocks of 10 ms that may wait for the reader: as long as what is kept.
_MOST_BLOCKS = 400
#: If a device requests a block more than so many samples (30 ms) after the end of the last one, it was silent
#: in between. A smaller gap is jitter of its callbacks.
_DRY_SAMPLES = SAMPLE_RATE * 30 // 1000
#: The reader stays so many samples (10 ms) behind, so that a late callback or the resampler's delay causes no
#: gap. The echo is later still, because a device requests its first blocks before it plays them.
_BEHIND_SAMPLES = SAMPLE_RATE * 10 // 1000
#: So many samples (1 s) after the last one the echo is over, device buffers and reverberation included.
_TAIL_SAMPLES = SAMPLE_RATE
#: The reading position follows the clock only if it is off by more than this (15 ms), because the canceller
#: sees each correction as a change of the echo delay. The drift of a sound card's clock needs minutes for it.
_OFF_SAMPLES = SAMPLE_RATE * 15 // 1000


class PlaybackReference:
    """Written by the audio callback that plays, read by the thread that hears; neither waits for the other.

    Writing is one copy into a block that was allocated before. If nobody reads, the oldest blocks are
    dropped. All times are seconds on one monotonic clock.
    """

    def __init__(self) -> None:
        self._waiting: deque[tuple[int, Block, int, float]] = deque()
        self._pool: BlockPool | None = None
        self._pool_rate = 0
        self._run = 0
        self._reading_run = 0
        self._resampler: Resampler | None = None
        self._kept: Samples = np.zeros(int(_KEPT_S * SAMPLE_RATE), np.int16)
        #: Positions are times of the clock in samples at 16 kHz: the end of what was written, where the next
        #: block is written, and where the next frame is read.
        self._end = 0
        self._write = 0
        self._read: int | None = None

    def begin(self) -> None:
        """A device starts to play: the next block does not continue the last one."""
        self._run += 1

    @property
    def run(self) -> int:
        """How many times `begin` was called, as far as the reader has come."""
        return self._reading_run

    def played(self, samples: Samples, rate: int, at: float) -> None:
        """A device has taken `samples`, int16 (n,) at `rate` Hz, at time `at`. They are copied."""
        if self._pool is None or self._pool_rate != rate:
            # One more than may wait, because the reader holds one.
            self._pool = BlockPool("playback", _MOST_BLOCKS + 1, max(1, rate * FRAME_MS // 1000))
            self._pool_rate = rate
        start = 0
        while start < len(samples):
            block = self._pool.take()
            if block is None:
                self._drop_oldest()
                continue
            part = samples[start : start + len(block.samples)]
            block.samples[: len(part)] = part
            block.used = len(part)
            self._waiting.append((self._run, block, rate, at))
            start += len(part)

    def _drop_oldest(self) -> None:
        # The reader may have emptied the queue meanwhile.
        with contextlib.suppress(IndexError):
            self._waiting.popleft()[1].give_back()

    def frame(self, at: float) -> Samples | None:
        """What was played in the 10 ms before `at`, int16 (160,), 16 kHz; None if nothing was played for 1 s.

        Calls that are 10 ms apart give successive samples: without gap or overlap while something plays.
        """
        self._read_queue()
        wanted = round(at * SAMPLE_RATE) - FRAME_SAMPLES - _BEHIND_SAMPLES
        if wanted >= self._end + _TAIL_SAMPLES or not self._end:
            self._read = None
            return None
        if self._read is None or abs(wanted - self._read) > _OFF_SAMPLES:
            self._read = wanted
        start, self._read = self._read, self._read + FRAME_SAMPLES
        return self._copy(start)

    def _read_queue(self) -> None:
        while self._waiting:
            run, block, rate, at = self._waiting.popleft()
            position = round(at * SAMPLE_RATE)
            if self._resampler is None or run != self._reading_run:
                self._reading_run = run
                self._resampler = Resampler(rate, SAMPLE_RATE)
                self._write = position
            elif position - self._write > _DRY_SAMPLES:
                self._write = position
            self._append(self._resampler.process(block.samples[: block.used]))
            block.give_back()

    def _append(self, samples: Samples) -> None:
        """Write samples at the writing position. A gap before it becomes silence; what lay after is void."""
        gap = min(max(self._write - self._end, 0), len(self._kept))
        self._store(self._write - gap, np.zeros(gap, np.int16))
        self._store(self._write, samples)
        self._write += len(samples)
        self._end = self._write

    def _store(self, start: int, samples: Samples) -> None:
        size = len(self._kept)
        self._kept[np.arange(start, start + len(samples))[-size:] % size] = samples[-size:]

    def _copy(self, start: int) -> Samples:
        size = len(self._kept)
        places = np.arange(start, start + FRAME_SAMPLES)
        known = (places >= self._end - size) & (places < self._end)
        return np.where(known, self._kept[places % size], 0).astype(np.int16)
