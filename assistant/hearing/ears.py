"""One stream's hearing: what was said lately, whether somebody speaks, and the wake words."""

from __future__ import annotations

from dataclasses import dataclass

from assistant.audio.format import SAMPLE_RATE, Samples
from assistant.audio.ring import RingBuffer
from assistant.hearing.activity import Activity, VoiceActivity
from assistant.hearing.wake import WakeWords


@dataclass(frozen=True)
class HearingFrame:
    """What a frame brought. `wake_end` is where, in samples of the stream, the wake word ended."""

    activity: Activity
    wake_word: str = ""
    wake_probability: float = 0.0
    wake_end: int = 0


class Ears:
    """Hears one stream of frames.

    Args:
        activity: voice activity of this stream.
        wake: wake words of this stream, or None if it needs none.
        seconds: how much audio is remembered; a turn can be no longer.
    """

    def __init__(self, activity: VoiceActivity, wake: WakeWords | None, seconds: float) -> None:
        self._activity = activity
        self._wake = wake
        self._awaiting = False
        self._recent = RingBuffer(int(seconds * SAMPLE_RATE))

    @property
    def position(self) -> int:
        """Samples heard since the stream began."""
        return self._recent.total

    @property
    def wake_inferences(self) -> int:
        """Inferences of wake word networks so far; stands still in a silent room."""
        return self._wake.inferences if self._wake is not None else 0

    def feed(self, frame: Samples, *, want_wake: bool) -> HearingFrame:
        """Take the next 10 ms; wake words are looked for only while they are wanted."""
        self._recent.append(frame)
        activity = self._activity.process(frame)
        if self._wake is None or not want_wake:
            self._awaiting = False
            return HearingFrame(activity)
        if not self._awaiting:
            self._awaiting = True
            self._wake.reset()
        detection = self._wake.process(frame, activity.gate_open)
        if detection is None:
            return HearingFrame(activity)
        # The wake words count only the frames they were given.
        skipped = self.position - self._wake.position
        return HearingFrame(activity, detection.name, detection.probability, detection.end + skipped)

    def new_turn(self, start: int | None = None) -> None:
        """Count speech and silence from `start` on, or from here."""
        self._activity.new_turn(start)

    def close(self) -> None:
        """The stream is over: what was heard of it is given back. A frame that still comes does no harm."""
        self._recent.release()

    def audio(self, start: int, end: int) -> Samples:
        """Samples of the stream from `start` to `end`, as far as they are remembered."""
        return self._recent.between(start, end)
