"""What stands behind `sotto audio test`: a judgement on a microphone by what it records."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assistant.audio.convert import FULL_SCALE, level_dbfs
from assistant.audio.format import FRAME_SAMPLES, SAMPLE_RATE, Samples
from assistant.audio.microphone import Microphone
from common.errors import Unavailable

_MOST_SECONDS = 30.0
# Limits of the verdict, chosen by looking at ordinary microphones: speech at arm's length lies
# between -35 and -15 dBFS, a quiet room below -50.
_NOTHING_DBFS = -85.0
_FAINT_DBFS = -45.0
_NOISY_DBFS = -40.0
_LEAST_SPEECH_OVER_NOISE_DB = 10.0
_CLIPPED_PART = 1e-4
_DC_PART = 0.02


@dataclass(frozen=True)
class SoundReport:
    """What a recording is like.

    Attributes:
        seconds: how long it is.
        level_dbfs: loudness of its louder parts (95th percentile of 10 ms frames).
        noise_dbfs: loudness of its quiet parts (10th percentile).
        peak_dbfs: its largest sample.
        clipped: the part of samples at the end of the scale, 0 to 1.
        dc: constant offset as a part of full scale, -1 to 1.
        verdict: what to make of it, one sentence each.
    """

    seconds: float
    level_dbfs: float
    noise_dbfs: float
    peak_dbfs: float
    clipped: float
    dc: float
    verdict: tuple[str, ...]

    @property
    def good(self) -> bool:
        """Whether nothing is to be done."""
        return self.verdict == (_GOOD,)


_GOOD = "The microphone is fine."


def assess(samples: Samples) -> SoundReport:
    """Judge a recording, 16 kHz int16 (n,), in which somebody spoke."""
    whole = len(samples) - len(samples) % FRAME_SAMPLES
    levels = [level_dbfs(frame) for frame in samples[:whole].reshape(-1, FRAME_SAMPLES)]
    level, noise = (
        (float(np.percentile(levels, 95)), float(np.percentile(levels, 10)))
        if levels
        else (level_dbfs(samples), level_dbfs(samples))
    )
    largest = int(np.abs(samples.astype(np.int32)).max()) if len(samples) else 0
    peak = float(20 * np.log10(max(largest, 1) / FULL_SCALE))
    clipped = float(np.mean(np.abs(samples.astype(np.int32)) >= FULL_SCALE - 1)) if len(samples) else 0.0
    dc = float(samples.mean()) / FULL_SCALE if len(samples) else 0.0
    return SoundReport(
        len(samples) / SAMPLE_RATE,
        level,
        noise,
        peak,
        clipped,
        dc,
        _verdict(level, noise, clipped, dc),
    )


def _verdict(level: float, noise: float, clipped: float, dc: float) -> tuple[str, ...]:
    found: list[str] = []
    if level <= _NOTHING_DBFS:
        found.append("Nothing is heard: the microphone is muted, switched off or not connected.")
        level = noise
    elif level < _FAINT_DBFS:
        found.append("Speech is faint: raise the microphone's gain or come nearer.")
    if clipped > _CLIPPED_PART:
        found.append("The sound is clipped: lower the microphone's gain.")
    if noise > _NOISY_DBFS:
        found.append("The room or the microphone is noisy.")
    if level > noise and level - noise < _LEAST_SPEECH_OVER_NOISE_DB:
        found.append("Nobody seems to have spoken, or speech does not stand out from the noise.")
    if abs(dc) > _DC_PART:
        found.append("The sound card has an offset; it is taken off, but it hints at a bad card.")
    return tuple(found) or (_GOOD,)


def record(microphone: Microphone, seconds: float) -> Samples:
    """Record that long, 16 kHz int16 (n,).

    Raises:
        Unavailable: the microphone does not open, or is closed meanwhile.
    """
    wanted = round(min(seconds, _MOST_SECONDS) * SAMPLE_RATE)
    microphone.open()
    frames: list[Samples] = []
    for frame in microphone.frames():
        frames.append(frame.copy())
        if len(frames) * FRAME_SAMPLES >= wanted:
            return np.concatenate(frames)[:wanted]
    raise Unavailable("the microphone was closed while recording", code="audio.closed")
