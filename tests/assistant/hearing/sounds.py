"""Synthetic sounds for tests, and clips cut into frames."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from assistant.audio.format import FRAME_SAMPLES, SAMPLE_RATE, Samples


def frames(samples: Samples) -> Iterator[Samples]:
    """The frames, int16 (160,), of a clip."""
    for at in range(0, len(samples) - FRAME_SAMPLES + 1, FRAME_SAMPLES):
        yield samples[at : at + FRAME_SAMPLES]


def hiss(seconds: float, rms: float = 10.0, seed: int = 1) -> Samples:
    """White noise, int16 (n,), 16 kHz; an `rms` of 10 is -70 dBFS, as in a silent room."""
    noise = np.random.default_rng(seed).normal(0, rms, round(seconds * SAMPLE_RATE))
    return np.clip(np.rint(noise), -32_768, 32_767).astype(np.int16)


def in_room(clip: Samples, before: float, after: float, rms: float = 10.0) -> Samples:
    """A clip with the noise of a silent room, for `before` and `after` seconds around it, too."""
    quiet = [np.zeros(round(seconds * SAMPLE_RATE), np.int16) for seconds in (before, after)]
    whole = np.concatenate([quiet[0], clip, quiet[1]]).astype(np.int32)
    whole += hiss(len(whole) / SAMPLE_RATE, rms)[: len(whole)]
    return np.clip(whole, -32_768, 32_767).astype(np.int16)
