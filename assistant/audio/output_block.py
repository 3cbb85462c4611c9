"""The memory of one block of an output device: one channel, and all channels of the device interleaved."""

from __future__ import annotations

import numpy as np

from assistant.audio.format import Samples


class OutputBlock:
    """A block that is filled again and again by the audio callback.

    Args:
        samples: size of the block of one channel.
        channels: of the device.

    Attributes:
        mono: int16 (samples,), to be filled.
    """

    def __init__(self, samples: int, channels: int) -> None:
        self._interleaved = np.zeros((samples, channels), np.int16)
        #: With one channel both are the same memory.
        self.mono: Samples = self._interleaved[:, 0] if channels == 1 else np.zeros(samples, np.int16)
        self._spread = channels > 1
        self._column = self.mono[:, None]
        self._bytes = self._interleaved.reshape(-1).data.cast("B")

    def bytes(self) -> memoryview:
        """What is in `mono`, for all channels, as the device takes it."""
        if self._spread:
            self._interleaved[:] = self._column
        return self._bytes
