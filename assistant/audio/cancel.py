"""Two echo cancellers in one: WebRTC's for the box alone, a linear one while a person talks over it.

WebRTC's (AEC3) is there at once and leaves next to nothing, because it also suppresses; what it is not sure
of it cuts out, and a person who talks over the box with it. The linear one needs some seconds of sound, once,
and then leaves the person whole; but a wake word that the box says itself can be heard in what it leaves
(docs/performance.md, "Echo"). Each reply comes with another delay, so that the linear one fits only when
it is fed what is played as late as its echo comes (`align.py`). Once it fits, what it leaves tells whether
somebody speaks.
"""

from __future__ import annotations

import numpy as np
from pywebrtc_audio import AudioProcessor

from assistant.audio.align import Aligner
from assistant.audio.convert import FULL_SCALE, level_dbfs
from assistant.audio.format import FRAME_SAMPLES, SAMPLE_RATE, Samples
from assistant.audio.speex import LinearCanceller

_FADE = np.linspace(0.0, 1.0, FRAME_SAMPLES, dtype=np.float32)
#: Frames in which the microphone hears less of what is played tell nothing about the canceller.
_AUDIBLE_DBFS = -50.0
#: A frame's share in the mean over a third of a second.
_SHARE = FRAME_SAMPLES / (0.33 * SAMPLE_RATE)
#: And in that over 30 ms, which the first sound of a word must move.
_QUICK_SHARE = 0.3
#: Somebody speaks when the linear canceller takes away less than that. Of a person 10 dB softer than the echo
#: it leaves 10 dB of the sum, of the box alone seldom more than 20.
_ALONE_DB = 14.0
#: What is left is nobody when it is softer than a person at the far end of a room, -60 dBFS: the noise of a
#: microphone in the pauses of the box is not lowered either.
_QUIET_POWER = FRAME_SAMPLES * (FULL_SCALE * 10 ** (-60 / 20)) ** 2
#: Frames that are let through behind the last sound of a person: closures of consonants are part of words.
_HOLD = 30
#: The linear canceller fits when it takes away so much, as seen anew in each reply; it reaches 27 to 36 dB.
_LEARNT_DB = 18.0
#: When it takes away no more than that for 3 s of sound, the way has changed: nobody talks over the box for
#: so long without stopping it.
_LOST_DB = 3.0
_MOST_LOST = 300


def cross_fade(before: Samples, after: Samples) -> Samples:
    """One frame that begins as the one and ends as the other, int16 (160,): a step would be a click."""
    return np.rint(before + (after.astype(np.float32) - before) * _FADE).astype(np.int16)


class Canceller:
    """Takes away what is played, by whichever of the two is right for the moment.

    Raises:
        Unavailable: `audio.no-speexdsp`.
    """

    def __init__(self) -> None:
        self._suppressing = AudioProcessor(sample_rate=SAMPLE_RATE, echo_cancellation=True)
        self._linear = LinearCanceller()
        self._aligner = Aligner()
        self.begin()

    @property
    def learnt(self) -> bool:
        """Whether the room is known, and a person who talks over what is played is left whole."""
        return self._learnt

    def begin(self) -> None:
        """Something begins to play: how late its echo comes, and whether the filter fits, will be seen."""
        self._aligner.begin()
        self._judge_anew()
        self._lets_through = False

    def process(self, microphone: Samples, played: Samples) -> Samples:
        """The microphone's frame without the echo, int16 (160,); both are 10 ms, int16 (160,)."""
        suppressed: Samples = self._suppressing.process(microphone, played)
        before = self._aligner.lag
        aligned = self._aligner.process(microphone, played)
        if self._aligner.lag is None:
            return suppressed
        if self._aligner.lag != before:
            self._judge_anew()
            for pair in self._aligner.past():
                self._through_the_filter(*pair)
        linear, speaks = self._through_the_filter(microphone, aligned)
        was, self._lets_through = self._lets_through, speaks and self._learnt
        one, other = (linear if through else suppressed for through in (was, self._lets_through))
        return other if was == self._lets_through else cross_fade(one, other)

    def _through_the_filter(self, microphone: Samples, played: Samples) -> tuple[Samples, bool]:
        """What the linear canceller leaves, and whether somebody speaks."""
        linear = self._linear.process(microphone, played)
        if played.any() and (level := level_dbfs(microphone)) > _AUDIBLE_DBFS:
            self._judge(level - level_dbfs(linear))
        return linear, self._somebody_speaks(microphone, linear)

    def _judge_anew(self) -> None:
        self._learnt, self._gain_db, self._lost = False, 0.0, 0
        self._heard_power = self._left_power = 0.0
        self._hold = 0

    def _somebody_speaks(self, microphone: Samples, linear: Samples) -> bool:
        self._heard_power += (_power(microphone) - self._heard_power) * _QUICK_SHARE
        self._left_power += (_power(linear) - self._left_power) * _QUICK_SHARE
        alone = self._left_power < max(self._heard_power * 10 ** (-_ALONE_DB / 10), _QUIET_POWER)
        self._hold = max(0, self._hold - 1) if alone else _HOLD
        return self._hold > 0

    def _judge(self, taken_db: float) -> None:
        self._gain_db += (taken_db - self._gain_db) * _SHARE
        self._lost = self._lost + 1 if self._gain_db < _LOST_DB else 0
        if self._gain_db >= _LEARNT_DB:
            self._learnt = True
        elif self._lost > _MOST_LOST:
            self._learnt = False


def _power(samples: Samples) -> float:
    floats = samples.astype(np.float32)
    return float(np.dot(floats, floats))
