"""Sounds that are made and not recorded: the chime before an announcement, and tones."""

from __future__ import annotations

import numpy as np

from assistant.audio.convert import to_int16
from assistant.audio.format import Samples

#: Longest tone in s.
_MOST_SECONDS = 30.0
#: Length in s of the fade at each end: without it a loudspeaker clicks.
_FADE_S = 0.01


def tone(rate: int, frequency: float = 440.0, seconds: float = 1.0, level: float = 0.25) -> Samples:
    """A sine with soft ends, int16 (n,).

    Args:
        rate: in Hz.
        frequency: in Hz.
        seconds: length; at most 30.
        level: amplitude as a part of full scale.
    """
    time = np.arange(round(min(seconds, _MOST_SECONDS) * rate)) / rate
    wave = level * np.sin(2 * np.pi * frequency * time)
    soft = np.minimum(1.0, np.minimum(time, time[::-1]) / _FADE_S)
    return to_int16(wave * soft)


def chime(rate: int) -> Samples:
    """Two rising notes, C5 and G5, int16 (n,), 0.3 s: short enough to be repeated."""
    return np.concatenate([tone(rate, 523.25, 0.12), tone(rate, 783.99, 0.18)])
