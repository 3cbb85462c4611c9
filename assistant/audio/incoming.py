"""A sound that is received piece by piece from a hub, and played while it arrives."""

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
#: A sound of which no piece has arrived for so many seconds counts as cut off.
STALL_S = 5.0


class IncomingSound:
    """A bounded sound that one thread fills and another one plays; the filling thread never waits.

    Args:
        rate: sample rate of what arrives, in Hz.
        rate_out: sample rate of what is played, in Hz.
        max_s: longest sound, in seconds.
        stall_s: longest wait for the next piece, in seconds.

    Raises:
        InvalidInput: `audio.rate`; see `check_rate`.
    """

    def __init__(
        self, rate: int, rate_out: int, max_s: float = MAX_SOUND_S, stall_s: float = STALL_S
    ) -> None:
        self._resampler = Resampler(rate, rate_out)
        self._space = int(max_s * rate)
        self._max_s = max_s
        self._stall_s = stall_s
        self._pieces: deque[Samples] = deque()
        self._odd = b""
        self._ready = threading.Condition()
        self._ended = False
        self._whole = False

    @property
    def is_whole(self) -> bool:
        """Whether all of it has arrived, so that it was not cut off."""
        return self._whole

    def put(self, pcm: bytes) -> None:
        """Add the next piece: 16-bit little-endian mono. A piece may end within a sample.

        What comes after the end is dropped.

        Raises:
            TooLarge: `sound.too-long` if the sound is longer than `max_s`; it ends here.
        """
        # Most pieces end with a sample; their bytes are used as they are.
        data = self._odd + pcm if self._odd else pcm
        self._odd = data[len(data) // 2 * 2 :]
        samples: Samples = np.frombuffer(data, "<i2", len(data) // 2)
        with self._ready:
            if self._ended:
                return
            if len(samples) > self._space:
                self.end()
                raise TooLarge(
                    f"the sound is longer than {self._max_s:.0f} s",
                    hint="send it in parts",
                    code="sound.too-long",
                )
            self._space -= len(samples)
            self._pieces.append(self._resampler.process(samples))
            self._ready.notify()

    def end(self) -> None:
        """All of the sound has arrived."""
        with self._ready:
            if not self._ended:
                self._pieces.append(self._resampler.flush())
                self._ended = self._whole = True
            self._ready.notify()

    def cut(self) -> None:
        """The sender is gone: no more will arrive, although the sound has not ended."""
        with self._ready:
            self._ended = True
            self._ready.notify()

    def chunks(self) -> Iterator[Samples]:
        """The sound as it arrives, int16 (n,) at `rate_out`.

        Ends when the sound has ended or was cut, or when nothing has arrived for `stall_s` seconds.
        """
        while True:
            with self._ready:
                if not self._ready.wait_for(lambda: self._pieces or self._ended, self._stall_s):
                    self._ended = True
                if not self._pieces:
                    return
                piece = self._pieces.popleft()
            if len(piece):
                yield piece
