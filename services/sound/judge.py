"""Judges a recording of one second: alive, dead, or flawed. Pure."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from services.sound.reading import SILENCE_DBFS, Health, MicReading, nothing_heard

Block = NDArray[np.float32]

# Even a bad microphone in a quiet room changes the last of 16 bits; one such step is -96 dBFS.
_STEP = 2.0**-17
# The noise of a working microphone lies between -90 and -40 dBFS; a room with a fan or somebody speaking
# reaches -20; only a fault (gain at its maximum, a floating plug, hum) stays above.
_LOUD_DBFS = -12.0
_CLIPPED_LEVEL = 0.99
_CLIPPED_PART = 0.01
_OFFSET = 0.1
# Blocks of a second arrive some 20 to 100 ms early or late, more on a busy machine; a card that runs at
# 44.1 kHz and calls it 48 is 8 % off, one at a wrong multiple much more.
_RATE_OFF = 0.07
_FRAME_S = 0.01


def judge(block: Block, rate: int, rate_hz: float = 0.0) -> MicReading:
    """Judge a recording.

    Args:
        block: float (n, channels), 1.0 as full scale.
        rate: samples a second that were asked for.
        rate_hz: samples a second that arrived by the clock on the wall; 0 for unknown.
    """
    if block.ndim != 2 or block.shape[0] < rate // 10 or block.shape[1] == 0:
        return nothing_heard("gives no sound")
    finite = np.isfinite(block)
    sound = np.where(finite, block, 0.0).astype(np.float64)
    moving = np.ptp(sound, axis=0) >= _STEP
    channels = sound.shape[1]
    peak = float(np.abs(sound).max())
    mean = sound.mean(axis=0)
    offset = float(np.abs(mean).max())
    if not moving.any():
        level = "silence" if peak < _STEP else f"the same value ({peak:.2f})"
        words = f"gives nothing but {level}: muted, not connected or dead"
        return MicReading(Health.STUCK, words, peak=peak, offset=offset, rate_hz=rate_hz, channels=channels)
    alive = sound[:, moving]
    distinct = _distinct(alive)
    noise = _noise_dbfs(alive, rate)
    clipped = float(np.mean(np.abs(alive) >= _CLIPPED_LEVEL))
    faults = _faults(noise, clipped, float(np.abs(mean[moving]).max()), rate, rate_hz)
    if not finite.all():
        faults.append("some samples are no numbers")
    words = "; ".join(faults) if faults else f"alive, noise floor {noise:.0f} dBFS"
    if distinct < channels:
        words += f", {distinct} of {channels} channels of use"
    return MicReading(
        Health.FLAWED if faults else Health.ALIVE,
        words,
        noise_dbfs=noise,
        peak=min(peak, 1.0),
        clipped=clipped,
        offset=offset,
        rate_hz=rate_hz,
        channels=channels,
        distinct=distinct,
    )


def _faults(noise: float, clipped: float, offset: float, rate: int, rate_hz: float) -> list[str]:
    faults = []
    if noise > _LOUD_DBFS:
        faults.append(f"never quiet ({noise:.0f} dBFS)")
    if clipped > _CLIPPED_PART:
        faults.append(f"{clipped:.0%} of it is clipped")
    if offset > _OFFSET:
        faults.append(f"an offset of {offset:.0%}")
    if rate_hz and abs(rate_hz / rate - 1) > _RATE_OFF:
        faults.append(f"gives {rate_hz:.0f} samples a second instead of {rate}")
    return faults


def _noise_dbfs(sound: NDArray[np.float64], rate: int) -> float:
    frame = max(1, round(rate * _FRAME_S))
    whole = sound[: len(sound) // frame * frame]
    # The variance ignores an offset, also one that drifts.
    power = np.var(whole.reshape(-1, frame, sound.shape[1]), axis=1)
    quiet = float(np.percentile(power, 10, axis=0).min())
    return max(SILENCE_DBFS, float(10 * np.log10(max(quiet, 1e-12))))


def _distinct(sound: NDArray[np.float64]) -> int:
    columns = list(sound.T)
    return sum(
        all(np.ptp(column - other) >= _STEP for other in columns[:number])
        for number, column in enumerate(columns)
    )
