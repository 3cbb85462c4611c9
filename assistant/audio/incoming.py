"""A sound that comes piece by piece from elsewhere while it is already played."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator

import numpy as np

from assistant.audio.convert import Resampler
from assistant.audio.format import Samples
from common.errors import TooLarge

#: Longest sound, seconds.
MAX_SOUND_S = 120.0
#: A sound of which nothing came for so many seconds counts as cut off.
STALL_S = 5.0


class IncomingSound:
    """Filled by one thread, played by another; never makes the filling one wait.

    Args:
        rate: of what comes, Hz.
        rate_out: of what is played, Hz.
        max_s: longest sound, seconds.
        stall_s: seconds to wait for the next piece.

    Raises:
        InvalidInput: `audio.rate` for a rate that sound does not have.
    """

    def __init__(
        self, rate: int, rate_out: int, max_s: float = MAX_SOUND_S, stall_s: float = STALL_S
    ) -> None:
        self._resampler = Resampler(rate, rate_out)
        self._room = int(max_s * rate)
        self._max_s = max_s
        self._stall_s = stall_s
        self._pieces: deque[Samples] = deque()
        self._odd = b""
        self._ready = threading.Condition()
        self._ended = False
        self._whole = False

    @property
    def is_whole(self) -> bool:
        """Whether its end came: it was not cut off."""
        return self._whole

    def put(self, pcm: bytes) -> None:
        """The next piece, 16-bit little-endian mono; cut anywhere. What comes behind the end is dropped.

        Raises:
            TooLarge: the sound is longer than allowed; it ends here.
        """
        data = self._odd + pcm
        even = len(data) // 2 * 2
        self._odd = data[even:]
        samples = np.frombuffer(data[:even], "<i2").astype(np.int16)
        with self._ready:
            if self._ended:
                return
            if len(samples) > self._room:
                self.end()
                raise TooLarge(
                    f"a sound of more than {self._max_s:.0f} s",
                    hint="send it in parts",
                    code="sound.too-long",
                )
            self._room -= len(samples)
            self._pieces.append(self._resampler.process(samples))
            self._ready.notify()

    def end(self) -> None:
        """All of it is there."""
        with self._ready:
            if not self._ended:
                self._pieces.append(self._resampler.flush())
                self._ended = self._whole = True
            self._ready.notify()

    def cut(self) -> None:
        """Nothing more will come, although it has not ended."""
        with self._ready:
            self._ended = True
            self._ready.notify()

    def chunks(self) -> Iterator[Samples]:
        """What came, as it comes; ends at the end, when it is cut, or when nothing comes for too long."""
        while True:
            with self._ready:
                if not self._ready.wait_for(lambda: self._pieces or self._ended, self._stall_s):
                    self._ended = True
                if not self._pieces:
                    return
                piece = self._pieces.popleft()
            if len(piece):
                yield piece
