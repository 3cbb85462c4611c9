"""AEC for one loudspeaker and one microphone: finds what was played at each frame, and runs the canceller."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from assistant.audio.cancel import Canceller, cross_fade
from assistant.audio.format import FRAME_SAMPLES, SAMPLE_RATE, Samples
from assistant.audio.pace import Pace
from assistant.audio.playback import PlaybackReference
from common.errors import InvalidInput

EchoMode = Literal["auto", "on", "off"]
#: A frame later than that waited for us; when so many come in a row (2 s), frames were lost, or the
#: microphone was away, and its stream has another beginning.
_LATE_S = 0.05
_MOST_LATE = 200
#: What is played when nothing is.
_NOTHING: Samples = np.zeros(FRAME_SAMPLES, np.int16)


@dataclass(frozen=True)
class AudioSettings:
    """How the sound of the microphone is processed.

    Attributes:
        echo_cancellation: "on", "off", or "auto": on unless the sound service tells of a loopback cable.

    Raises:
        InvalidInput: `audio.settings`.
    """

    echo_cancellation: EchoMode = "auto"

    def __post_init__(self) -> None:
        if self.echo_cancellation not in get_args(EchoMode):
            raise InvalidInput(
                f"[audio] echo_cancellation = {self.echo_cancellation!r} is not known",
                hint=f"choose one of: {', '.join(get_args(EchoMode))}",
                code="audio.settings",
            )


class EchoCanceller:
    """Cancels the echo of one loudspeaker in one microphone, frame by frame.

    Only the echo is removed; there is no noise suppression and no gain control. The canceller runs while
    something plays and for 1 s after; all other frames pass unchanged, bit for bit, and cost nothing. It
    keeps what it has learnt of the room from reply to reply.

    Args:
        reference: the played sound.
        wanted: called each time something begins to play; False means that this echo is not cancelled.

    Raises:
        Unavailable: `audio.no-speexdsp`.
    """

    def __init__(self, reference: PlaybackReference, wanted: Callable[[], bool] = lambda: True) -> None:
        self._reference = reference
        self._wanted = wanted
        self._canceller = Canceller()
        self._pace = Pace(SAMPLE_RATE)
        self._position = 0
        self._late = 0
        self._playing = False
        self._run = 0
        self._working = False

    @property
    def working(self) -> bool:
        """Whether the last frame went through the canceller."""
        return self._working

    def process(self, frame: Samples, arrived: float) -> Samples:
        """The frame, int16 (160,), without the echo.

        Args:
            frame: the next 10 ms of the microphone.
            arrived: when the frame arrived, in seconds, on the clock of the reference.
        """
        played = self._reference.frame(self._captured_at(arrived))
        was = self._working
        if played is None:
            self._playing = self._working = False
            played = _NOTHING
        elif not self._playing:
            self._playing = True
            self._working = self._wanted()
        if self._run != self._reference.run:
            # A device that starts again has another delay.
            self._run = self._reference.run
            self._canceller.begin()
        if not (was or self._working):
            return frame
        clean = self._canceller.process(frame, played)
        if was == self._working:
            return clean
        # The canceller delays its output by some milliseconds, so a hard switch would be heard.
        return cross_fade(clean, frame) if was else cross_fade(frame, clean)

    def _captured_at(self, arrived: float) -> float:
        self._position += FRAME_SAMPLES
        at = self._pace.captured_at(self._position, arrived)
        self._late = self._late + 1 if arrived - at > _LATE_S else 0
        if self._late > _MOST_LATE:
            self._pace, self._position, self._late = Pace(SAMPLE_RATE), FRAME_SAMPLES, 0
            self._canceller.begin()
            at = self._pace.captured_at(self._position, arrived)
        return at
