"""Measures the echo delay of each reply, because the linear canceller needs it to the sample.

A sound device begins each reply some milliseconds earlier or later. A linear filter that has converged is
useless if its reference is shifted by a few samples. (Between replies on one PulseAudio server the delay
moved from 25 to 49 ms; within a reply it is constant, unless the device runs dry.)
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from assistant.audio.convert import FULL_SCALE
from assistant.audio.format import FRAME_SAMPLES, Samples

#: Samples at 16 kHz that are correlated (0.5 s), and the longest lag that can be found, in samples (0.5 s).
_WINDOW = 8192
_LONGEST = 8000
_FFT = 16_384
#: Frames between two measurements (200 ms).
_EVERY = 20
#: Margin in samples: the filter begins this much before the strongest part of the echo.
_AHEAD = 64
#: Height of the correlation's peak, in standard deviations: `_SURE` is accepted at once, `_LIKELY` only if
#: two measurements agree. With the loudspeaker alone the right lag has 13 or more nearly always, and a wrong
#: one 17 at most; with a person 10 dB louder than the echo a wrong one may have 20 (12 replies in a room, 588
#: windows).
_SURE = 20.0
_LIKELY = 12.0
#: Mean square of the played sound below which nothing is measured: -60 dBFS.
_AUDIBLE = (FULL_SCALE * 10 ** (-60 / 20)) ** 2


class Aligner:
    """Delays the played sound so that it coincides with its echo, less a margin of 64 samples."""

    def __init__(self) -> None:
        self._heard = np.zeros(_WINDOW, np.float32)
        self._played = np.zeros(_WINDOW + _LONGEST, np.float32)
        self._frames = 0
        self._last: int | None = None
        self._lag: int | None = None

    @property
    def lag(self) -> int | None:
        """Samples at 16 kHz from the played sound to its echo; None until it is measured for this reply."""
        return self._lag

    def begin(self) -> None:
        """A reply begins: forget the lag of the last one."""
        self._heard[:] = 0
        self._played[:] = 0
        self._frames, self._last, self._lag = 0, None, None

    def process(self, microphone: Samples, played: Samples) -> Samples:
        """Take 10 ms of each, int16 (160,); gives the played sound, int16 (160,), delayed by the lag.

        While the lag is unknown the sound is not delayed.
        """
        _push(self._heard, microphone)
        _push(self._played, played)
        self._frames += 1
        if self._frames % _EVERY == 0:
            self._measure()
        return self._delayed(0)

    def replayed(self) -> Iterator[tuple[Samples, Samples]]:
        """The remembered frames before the newest one, oldest first (0.5 s): for a filter to learn from.

        Yields:
            A frame of the microphone and the played sound, delayed by the lag as it is known now; both are
            int16 (160,).
        """
        for back in range(_WINDOW - _WINDOW % FRAME_SAMPLES - FRAME_SAMPLES, 0, -FRAME_SAMPLES):
            end = _WINDOW - back
            yield self._heard[end - FRAME_SAMPLES : end].astype(np.int16), self._delayed(back)

    def _delayed(self, back: int) -> Samples:
        end = len(self._played) - back - max((self._lag or 0) - _AHEAD, 0)
        return self._played[end - FRAME_SAMPLES : end].astype(np.int16)

    def _measure(self) -> None:
        if float(np.mean(self._played[-_WINDOW:] ** 2)) < _AUDIBLE:
            return
        lag, sharpness = lag_of(self._heard, self._played)
        if sharpness < _LIKELY:
            return
        # The first lag needs one sure measurement. To change it takes two that agree, because a person who
        # speaks may mask the echo.
        if lag == self._last or (self._lag is None and sharpness > _SURE):
            self._lag = lag
        self._last = lag


def lag_of(heard: NDArray[np.float32], played: NDArray[np.float32]) -> tuple[int, float]:
    """The lag of an echo, in samples, and the height of its correlation peak, in standard deviations.

    Generalised cross-correlation with phase transform (Knapp and Carter, "The generalized correlation method
    for estimation of time delay", 1976). Plain correlation is ambiguous, because speech resembles itself at
    many lags; its phases do not.

    Args:
        heard: float32 (n,), the microphone, with the echo.
        played: float32 (n + m,), ends at the same time as `heard`; lags from 0 to m are searched.
    """
    longest = len(played) - len(heard)
    cross = np.conj(np.fft.rfft(played, _FFT)) * np.fft.rfft(heard, _FFT)
    size = np.abs(cross)
    # Frequencies with little energy have a random phase, so they get little weight.
    correlation = np.fft.irfft(cross / (size + 1e-3 * size.max() + 1e-9), _FFT)
    by_lag = correlation[(np.arange(longest + 1) - longest) % _FFT]
    lag = int(np.argmax(by_lag))
    return lag, float(by_lag[lag] / (np.sqrt(np.mean(by_lag**2)) + 1e-12))


def _push(ring: NDArray[np.float32], frame: Samples) -> None:
    ring[:-FRAME_SAMPLES] = ring[FRAME_SAMPLES:]
    ring[-FRAME_SAMPLES:] = frame
