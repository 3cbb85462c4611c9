"""What the loudspeaker plays, kept by the machine's clock: the reference of the echo canceller."""

from __future__ import annotations

from collections import deque

import numpy as np

from assistant.audio.convert import Resampler
from assistant.audio.format import FRAME_SAMPLES, SAMPLE_RATE, Samples

#: Seconds that are remembered. Frames of the microphone wait in a queue of 2 s at most.
_KEPT_S = 4.0
#: Blocks that may wait for the reader; with blocks of 10 ms as long as what is remembered.
_MOST_BLOCKS = 400
#: A device that asks for sound so many samples after the last it was given has been silent meanwhile.
#: Less is the jitter of its callbacks.
_DRY_SAMPLES = SAMPLE_RATE * 30 // 1000
#: What is read lies so far back, so that a late callback and the resampler's lag leave no hole. The echo
#: comes later still: a device is given its first blocks before it plays.
_BEHIND_SAMPLES = SAMPLE_RATE * 10 // 1000
#: Rooms are quiet again after the last sample by then, device buffers included.
_TAIL_SAMPLES = SAMPLE_RATE
#: Reading follows the clock only when it is so far off: each single step would be heard as an echo that
#: moved. A sound card's own clock needs minutes for it.
_OFF_SAMPLES = SAMPLE_RATE * 15 // 1000


class PlaybackReference:
    """Written by the thread that plays, read by the one that hears; neither waits for the other.

    The writing side costs an append. All times are seconds of one clock that never goes back.
    """

    def __init__(self) -> None:
        self._waiting: deque[tuple[int, Samples, int, float]] = deque(maxlen=_MOST_BLOCKS)
        self._run = 0
        self._reading_run = 0
        self._resampler: Resampler | None = None
        self._kept: Samples = np.zeros(int(_KEPT_S * SAMPLE_RATE), np.int16)
        #: Positions are samples of the clock: the end of what was written, where the next block goes, and
        #: where the next frame is read.
        self._end = 0
        self._write = 0
        self._read: int | None = None

    def begin(self) -> None:
        """A device starts to play: what comes next does not join on to what came before."""
        self._run += 1

    @property
    def run(self) -> int:
        """Counts what `begin` began, as far as it has been read."""
        return self._reading_run

    def played(self, samples: Samples, rate: int, at: float) -> None:
        """A device takes int16 (n,) at `rate` Hz, at the time `at`; not to be changed afterwards."""
        self._waiting.append((self._run, samples, rate, at))

    def frame(self, at: float) -> Samples | None:
        """What was being played in the 10 ms before `at`, int16 (160,); None when nothing was for a while.

        Successive calls, 10 ms apart, give successive samples, without a step while something plays.
        """
        self._take_in()
        wanted = round(at * SAMPLE_RATE) - FRAME_SAMPLES - _BEHIND_SAMPLES
        if wanted >= self._end + _TAIL_SAMPLES or not self._end:
            self._read = None
            return None
        if self._read is None or abs(wanted - self._read) > _OFF_SAMPLES:
            self._read = wanted
        start, self._read = self._read, self._read + FRAME_SAMPLES
        return self._copy(start)

    def _take_in(self) -> None:
        while self._waiting:
            run, samples, rate, at = self._waiting.popleft()
            position = round(at * SAMPLE_RATE)
            if self._resampler is None or run != self._reading_run:
                self._reading_run = run
                self._resampler = Resampler(rate, SAMPLE_RATE)
                self._write = position
            elif position - self._write > _DRY_SAMPLES:
                self._write = position
            self._put(self._resampler.process(samples))

    def _put(self, samples: Samples) -> None:
        """Lay samples at the place of writing; silence fills the way there, what lay behind is void."""
        gap = min(max(self._write - self._end, 0), len(self._kept))
        self._lay(self._write - gap, np.zeros(gap, np.int16))
        self._lay(self._write, samples)
        self._write += len(samples)
        self._end = self._write

    def _lay(self, start: int, samples: Samples) -> None:
        size = len(self._kept)
        self._kept[np.arange(start, start + len(samples))[-size:] % size] = samples[-size:]

    def _copy(self, start: int) -> Samples:
        size = len(self._kept)
        places = np.arange(start, start + FRAME_SAMPLES)
        known = (places >= self._end - size) & (places < self._end)
        return np.where(known, self._kept[places % size], 0).astype(np.int16)
