"""A recording as a stream of frames, and the turn of one in which nobody spoke."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from time import perf_counter, sleep

import numpy as np

from assistant.audio.format import FRAME_SAMPLES, SAMPLE_RATE, Samples
from assistant.turn.store import Turn

#: Silence that follows a recording in real time at most, in s: longer than any wait of the endpointing.
_SILENCE_S = 2.5


def frames_of(
    audio: Samples, *, realtime: bool, more: Callable[[], bool] = lambda: False
) -> Iterator[Samples]:
    """10 ms frames of a recording; the last one is padded.

    Args:
        audio: int16, 16 kHz.
        realtime: at the pace of a microphone.
        more: asked after the recording; while it says so, silence follows, up to `_SILENCE_S` seconds: a
            microphone does not end with the sentence.
    """
    started = perf_counter()
    padded = np.pad(audio, (0, -len(audio) % FRAME_SAMPLES))
    frames = padded.reshape(-1, FRAME_SAMPLES)
    silence = np.zeros(FRAME_SAMPLES, np.int16)
    for number in range(len(frames) + int(_SILENCE_S * SAMPLE_RATE) // FRAME_SAMPLES):
        if number >= len(frames) and not more():
            return
        if realtime:
            due = started + (number + 1) * FRAME_SAMPLES / SAMPLE_RATE
            sleep(max(0.0, due - perf_counter()))
        yield frames[number] if number < len(frames) else silence


def nothing_heard(label: str) -> Turn:
    """The turn of a recording in which nobody spoke."""
    return Turn(id="", time=0.0, transcript="", accepted=False, label=label)
