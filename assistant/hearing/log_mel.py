"""Log-mel features for networks of the Whisper family, computed with numpy."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from assistant.audio.format import SAMPLE_RATE, Floats

#: Whisper's analysis: windows of 25 ms every 10 ms (samples at 16 kHz), 80 bands up to half the sample rate.
_WINDOW, _HOP, _BANDS = 400, 160, 80
#: Slaney's mel scale: linear up to 1 kHz, which is 15 mel; above, 27 mel are a factor of 6.4 in frequency.
_LINEAR_HZ, _KNEE_HZ, _KNEE_MEL, _LOG_STEP = 200 / 3, 1000.0, 15.0, np.log(6.4) / 27
#: Dynamic range in powers of ten: values further below the loudest one are raised to this limit.
_RANGE = 8.0
_SILENCE = 1e-10


def _to_hz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(mel < _KNEE_MEL, mel * _LINEAR_HZ, _KNEE_HZ * np.exp(_LOG_STEP * (mel - _KNEE_MEL)))


@cache
def _bands() -> NDArray[np.float64]:
    """Triangular filters, float64 (80, 201), over the bins of the spectrum; all have the same area."""
    highest = _KNEE_MEL + np.log(SAMPLE_RATE / 2 / _KNEE_HZ) / _LOG_STEP
    corners = _to_hz(np.linspace(0.0, highest, _BANDS + 2))
    low, centre, high = (corners[at : at + _BANDS, None] for at in range(3))
    bins = np.linspace(0.0, SAMPLE_RATE / 2, _WINDOW // 2 + 1)
    rising, falling = (bins - low) / (centre - low), (high - bins) / (high - centre)
    triangles: NDArray[np.float64] = np.maximum(0.0, np.minimum(rising, falling)) * 2 / (high - low)
    return triangles


def log_mel(audio: Floats) -> Floats:
    """Features, float32 (80, n // 160), of 16 kHz samples, float32 (n,), n > 200, about within [-1, 1]."""
    padded = np.pad(audio.astype(np.float64), _WINDOW // 2, mode="reflect")
    windows = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::_HOP][: len(audio) // _HOP]
    spectrum = np.fft.rfft(windows * np.hanning(_WINDOW + 1)[:-1])
    power = _bands() @ (spectrum.real**2 + spectrum.imag**2).T
    levels = np.log10(np.maximum(power, _SILENCE))
    features: Floats = ((np.maximum(levels, levels.max() - _RANGE) + 4) / 4).astype(np.float32)
    return features
