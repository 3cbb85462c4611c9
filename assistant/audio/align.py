"""Finds how far the echo lags behind what is played, anew for each reply.

A sound device begins each reply some milliseconds earlier or later, and a filter that has learnt the room
is worth nothing when what it is fed lies a few samples elsewhere than it did. (Between replies of one
PulseAudio the lag was seen to move from 25 to 49 ms; within a reply it stays, unless the device runs dry.)
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from assistant.audio.convert import FULL_SCALE
from assistant.audio.format import FRAME_SAMPLES, Samples

#: Samples at 16 kHz that are compared, half a second, and the longest lag that is looked for.
_WINDOW = 8192
_LONGEST = 8000
_FFT = 16_384
#: Frames between two looks.
_EVERY = 20
#: Ahead of the lag that was found: the filter begins so many samples before the strongest part of the echo.
_AHEAD = 64
#: How far the highest point of the correlation stands out, in standard deviations. With a loudspeaker alone
#: the right lag has 13 and more nearly always, a wrong one 17 at most; beside a person 10 dB louder than the
#: echo a wrong one may have 20 (12 replies in a room, 588 windows).
_SURE = 20.0
_LIKELY = 12.0
#: Mean square of what was played below which nothing is looked for: -60 dBFS.
_AUDIBLE = (FULL_SCALE * 10 ** (-60 / 20)) ** 2


class Aligner:
    """Delays what is played so that its echo follows by nearly nothing, whatever the devices do."""

    def __init__(self) -> None:
        self._heard = np.zeros(_WINDOW, np.float32)
        self._played = np.zeros(_WINDOW + _LONGEST, np.float32)
        self._frames = 0
        self._last: int | None = None
        self._lag: int | None = None

    @property
    def lag(self) -> int | None:
        """Samples from what is played to its echo; None until it is known for this reply."""
        return self._lag

    def begin(self) -> None:
        """A reply begins: where its echo lies is not known."""
        self._heard[:] = 0
        self._played[:] = 0
        self._frames, self._last, self._lag = 0, None, None

    def process(self, microphone: Samples, played: Samples) -> Samples:
        """What is played, int16 (160,), as late as its echo comes; both are 10 ms, int16 (160,)."""
        _push(self._heard, microphone)
        _push(self._played, played)
        self._frames += 1
        if self._frames % _EVERY == 0:
            self._look()
        return self._delayed(0)

    def past(self) -> Iterator[tuple[Samples, Samples]]:
        """The frames before the last one, oldest first, with what is played as late as it comes by now."""
        for back in range(_WINDOW - _WINDOW % FRAME_SAMPLES - FRAME_SAMPLES, 0, -FRAME_SAMPLES):
            end = _WINDOW - back
            yield self._heard[end - FRAME_SAMPLES : end].astype(np.int16), self._delayed(back)

    def _delayed(self, back: int) -> Samples:
        end = len(self._played) - back - max((self._lag or 0) - _AHEAD, 0)
        return self._played[end - FRAME_SAMPLES : end].astype(np.int16)

    def _look(self) -> None:
        if float(np.mean(self._played[-_WINDOW:] ** 2)) < _AUDIBLE:
            return
        lag, sharpness = lag_of(self._heard, self._played)
        if sharpness < _LIKELY:
            return
        # One sure look is enough to begin with; a person may hide the echo, so that it takes two to move.
        if lag == self._last or (self._lag is None and sharpness > _SURE):
            self._lag = lag
        self._last = lag


def lag_of(heard: NDArray[np.float32], played: NDArray[np.float32]) -> tuple[int, float]:
    """The lag of an echo, in samples, and how far it stands out, in standard deviations.

    The generalised cross-correlation with phase transform (Knapp and Carter, "The generalized correlation
    method for estimation of time delay", 1976): speech resembles itself at many lags, its phases do not.

    Args:
        heard: (n,), with the echo.
        played: (n + m,), which ends when `heard` does; lags of 0 to m are looked for.
    """
    longest = len(played) - len(heard)
    cross = np.conj(np.fft.rfft(played, _FFT)) * np.fft.rfft(heard, _FFT)
    size = np.abs(cross)
    # What hardly sounded has no phase worth a vote.
    correlation = np.fft.irfft(cross / (size + 1e-3 * size.max() + 1e-9), _FFT)
    by_lag = correlation[(np.arange(longest + 1) - longest) % _FFT]
    lag = int(np.argmax(by_lag))
    return lag, float(by_lag[lag] / (np.sqrt(np.mean(by_lag**2)) + 1e-12))


def _push(ring: NDArray[np.float32], frame: Samples) -> None:
    ring[:-FRAME_SAMPLES] = ring[FRAME_SAMPLES:]
    ring[-FRAME_SAMPLES:] = frame
