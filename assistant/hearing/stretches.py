"""The stretches of a whole recording in which somebody speaks; only these are recognised.

A recogniser finds words in any sound: "Thank you for watching." in noise, and "I hope you're doing well." in
the noise after a sentence.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from assistant.audio.convert import level_dbfs
from assistant.audio.format import FRAME_SAMPLES, SAMPLE_RATE, Samples, whole_frames
from assistant.hearing.activity import VoiceActivity

_PER_MS = SAMPLE_RATE // 1000
#: Audio before and after the detected speech that the recogniser gets, in ms. Measured on real commands: 300
#: and 200 ms lose nothing, 150 and 100 ms lose one point of accuracy.
LEAD_MS = 300
TAIL_MS = 200
#: A pause of this length ends a stretch: the longest wait of the endpointing.
_PAUSE_MS = 2000
#: Sound between and around stretches that is quieter and shorter than this stays: without it, the recogniser
#: writes some words of a clear recording differently. In louder sound it invents words: with 1 s of kitchen
#: noise of -30 dBFS around each of 22 commands, it did so in 2.
_QUIET_DBFS = -55.0
_QUIET_S = 6.0


@dataclass(frozen=True)
class Stretch:
    """A stretch of a recording with speech. Positions are samples.

    Attributes:
        start, end: with the quiet around it.
        core_start, core_end: with its margin alone, as a turn in a stream has it.
        speech_start, speech_end: its first and its last speech.
    """

    start: int
    end: int
    core_start: int
    core_end: int
    speech_start: int
    speech_end: int

    @property
    def speech_s(self) -> float:
        """Time from the first to the last speech, in seconds."""
        return (self.speech_end - self.speech_start) / SAMPLE_RATE


def speech_stretches(audio: Samples, activity: VoiceActivity) -> list[Stretch]:
    """Where somebody speaks in a recording, int16 (n,), 16 kHz; in order, without overlap.

    Args:
        audio: the recording.
        activity: a new one; it is used up.
    """
    found: list[Stretch] = []
    for stretch in _detected(audio, activity):
        if not _is_quiet(audio[found[-1].end if found else 0 : stretch.start]):
            found.append(stretch)
        elif found:
            found[-1] = replace(
                found[-1], end=stretch.end, core_end=stretch.core_end, speech_end=stretch.speech_end
            )
        else:
            found.append(replace(stretch, start=0))
    if found and _is_quiet(audio[found[-1].end :]):
        found[-1] = replace(found[-1], end=len(audio))
    return found


def _detected(audio: Samples, activity: VoiceActivity) -> Iterator[Stretch]:
    """The stretches by the detector alone."""
    length, before = len(audio), 0
    for frame in whole_frames(np.pad(audio, (0, -length % FRAME_SAMPLES))):
        now = activity.process(frame)
        if now.last_speech is None or now.onset is None:
            continue
        if now.ended_silence_ms >= _PAUSE_MS or now.position >= length:
            start = max(before, now.onset - LEAD_MS * _PER_MS)
            end = min(length, now.last_speech + TAIL_MS * _PER_MS)
            speech_start = now.last_speech - now.speech_ms * _PER_MS
            yield Stretch(start, end, start, end, speech_start, min(length, now.last_speech))
            before = end
            activity.new_turn()


def _is_quiet(audio: Samples) -> bool:
    return len(audio) <= _QUIET_S * SAMPLE_RATE and level_dbfs(audio) <= _QUIET_DBFS
