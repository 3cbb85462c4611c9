"""Cuts what a sound device delivers into frames."""

from __future__ import annotations

import numpy as np

from assistant.audio.convert import Resampler, to_mono_int16
from assistant.audio.dc_blocker import DcBlocker
from assistant.audio.format import FRAME_SAMPLES, SAMPLE_RATE, Samples


class FrameCutter:
    """Converts the stream of a device to frames of 10 ms, 16 kHz, mono, without its DC offset.

    A stream that is 16 kHz mono already costs no allocation once the largest read was there. Another one
    costs what the mean of its channels and the resampler allocate.

    Args:
        rate: of the stream, in Hz.
        channels: of the stream.

    Raises:
        InvalidInput: `audio.rate`; see `check_rate`.
    """

    def __init__(self, rate: int, channels: int) -> None:
        self._channels = channels
        self._plain = rate == SAMPLE_RATE and channels == 1
        self._resampler = Resampler(rate, SAMPLE_RATE)
        self._dc = DcBlocker()
        self._allocate(1)
        #: Samples that have come; those from `_whole` on belong to no frame yet.
        self._filled = 0
        self._whole = 0

    def _allocate(self, frames: int) -> None:
        self._buffer: Samples = np.zeros(frames * FRAME_SAMPLES, np.int16)
        self._frames = list(self._buffer.reshape(-1, FRAME_SAMPLES))

    def cut(self, samples: Samples) -> list[Samples]:
        """Add samples of all channels, int16 (n,); gives the whole frames, int16 (160,), that there are now.

        The frames are valid until the next call.
        """
        if not self._plain:
            samples = self._resampler.process(to_mono_int16(samples.reshape(-1, self._channels)))
        rest = self._filled - self._whole
        before, start = self._buffer, self._whole
        self._filled = rest + len(samples)
        if self._filled > len(self._buffer):
            self._allocate(-(-self._filled // FRAME_SAMPLES))
        self._buffer[:rest] = before[start : start + rest]
        self._dc.process(samples, self._buffer[rest : self._filled])
        whole = self._filled // FRAME_SAMPLES
        self._whole = whole * FRAME_SAMPLES
        return self._frames[:whole]
