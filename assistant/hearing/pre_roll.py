"""The frames from before the VAD gate opened, for what runs only while it is open."""

from __future__ import annotations

from collections import deque

import numpy as np

from assistant.audio.format import FRAME_SAMPLES, Samples


class PreRoll:
    """Keeps copies of the newest frames in memory that is allocated once.

    Args:
        frames: how many are kept, at least 1.
    """

    def __init__(self, frames: int) -> None:
        #: Oldest first; only the last `_kept` of them are filled.
        self._rows: deque[Samples] = deque(np.zeros((frames, FRAME_SAMPLES), np.int16))
        self._kept = 0

    def __len__(self) -> int:
        return self._kept

    def keep(self, frame: Samples) -> None:
        """Add a frame, int16 (160,); the oldest one is dropped."""
        rows = self._rows
        rows.rotate(-1)
        rows[-1][:] = frame
        if self._kept < len(rows):
            self._kept += 1

    def frames(self) -> list[Samples]:
        """The frames, oldest first, int16 (160,) each; valid until the next call of `keep`."""
        return list(self._rows)[len(self._rows) - self._kept :]

    def clear(self) -> None:
        """Drop all frames."""
        self._kept = 0
