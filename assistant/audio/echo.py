"""Takes what the loudspeaker plays out of what the microphone hears."""

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


@dataclass(frozen=True)
class AudioSettings:
    """What is done to sound before it is heard.

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

    Only the echo is taken away; nothing else is suppressed or made louder. It works while something plays
    and for a second after it; all other frames pass as they are, bit for bit, and cost nothing. What it has
    learnt of the room it keeps from reply to reply, whenever the device begins.

    Args:
        reference: what is played.
        wanted: asked each time something begins to play; False lets its echo pass.

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
            arrived: when it came, in seconds of the clock of the reference.
        """
        played = self._reference.frame(self._captured_at(arrived))
        was = self._working
        if played is None:
            self._playing = self._working = False
            played = np.zeros_like(frame)
        elif not self._playing:
            self._playing = True
            self._working = self._wanted()
        if self._run != self._reference.run:
            # A device that starts anew has another delay.
            self._run = self._reference.run
            self._canceller.begin()
        if not (was or self._working):
            return frame
        clean = self._canceller.process(frame, played)
        if was == self._working:
            return clean
        # Some milliseconds lie between the two, so neither may break off.
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
