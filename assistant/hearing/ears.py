"""The hearing of one stream: its recent audio, voice activity and wake words."""

from __future__ import annotations

from dataclasses import dataclass

from assistant.audio.format import SAMPLE_RATE, Samples
from assistant.audio.ring import RingBuffer
from assistant.hearing.activity import Activity, VoiceActivity
from assistant.hearing.wake import WakeWords


@dataclass(frozen=True)
class HearingFrame:
    """What was detected in a frame.

    Attributes:
        activity: voice activity after the frame.
        wake_word: name of the wake word that was detected; "" for none.
        wake_probability: its probability, 0 to 1.
        wake_end: where it ended, in samples since the stream began.
    """

    activity: Activity
    wake_word: str = ""
    wake_probability: float = 0.0
    wake_end: int = 0


class Ears:
    """Hears one stream of frames.

    Args:
        activity: voice activity of this stream.
        wake: wake words of this stream; None if it needs none.
        seconds: how much audio is kept. A turn cannot be longer.
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
        """Inferences of the wake word networks so far; constant while the VAD gate is closed."""
        return self._wake.inferences if self._wake is not None else 0

    def feed(self, frame: Samples, *, want_wake: bool) -> HearingFrame:
        """Take the next frame, int16 (160,). Wake words are detected only if `want_wake`.

        Raises:
            InvalidInput: `hearing.frame` for a frame of another shape or type.
        """
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
        # `WakeWords` counts only the frames that it was given.
        skipped = self.position - self._wake.position
        return HearingFrame(activity, detection.name, detection.probability, detection.end + skipped)

    def new_turn(self, start: int | None = None) -> None:
        """Count speech and silence from sample `start` on; by default from the newest sample."""
        self._activity.new_turn(start)

    def close(self) -> None:
        """The stream is over: free its audio. `feed` may still be called."""
        self._recent.release()

    def audio(self, start: int, end: int) -> Samples:
        """Samples of the stream from `start` to before `end`, int16 (n,), as far as they are kept."""
        return self._recent.between(start, end)
