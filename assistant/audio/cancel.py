"""AEC with two cancellers: WebRTC's, and a linear one during barge-in.

WebRTC's (AEC3) works at once and leaves almost no echo, because it also suppresses. During barge-in its
suppressor removes the person, too. The linear canceller needs some seconds of sound to converge, once, and
then leaves the person intact; but a wake word that the box itself says can be detected in its residual echo
(docs/performance.md, "Echo"). So it is used only while somebody speaks over playback.

Each reply has another delay. The linear canceller works only if its reference is delayed by the same amount
(`align.py`). Once it has converged, the power of its output shows whether somebody speaks.
"""

from __future__ import annotations

import numpy as np
from pywebrtc_audio import AudioProcessor

from assistant.audio.align import Aligner
from assistant.audio.convert import FULL_SCALE, level_dbfs
from assistant.audio.format import FRAME_SAMPLES, SAMPLE_RATE, Samples
from assistant.audio.speex import LinearCanceller

_FADE = np.linspace(0.0, 1.0, FRAME_SAMPLES, dtype=np.float32)
#: Frames below this level at the microphone are no measure of how well the canceller works.
_AUDIBLE_DBFS = -50.0
#: Weight of a frame in the running mean over 0.33 s.
_SHARE = FRAME_SAMPLES / (0.33 * SAMPLE_RATE)
#: Weight in the running mean over 30 ms, which must react to the first sound of a word.
_QUICK_SHARE = 0.3
#: Somebody speaks if the linear canceller lowers the sound by less than this. With a person 10 dB softer than
#: the echo its output is 10 dB below the microphone; with the box alone it is seldom less than 20 dB below.
_ALONE_DB = 14.0
#: Output softer than a person at the far end of a room, -60 dBFS, is never a person: in the pauses of the box
#: the noise of the microphone is not lowered either.
_QUIET_POWER = FRAME_SAMPLES * (FULL_SCALE * 10 ** (-60 / 20)) ** 2
#: Frames (300 ms) for which the linear canceller stays in use after the last sound of a person: the closure
#: of a consonant is part of a word.
_HOLD = 30
#: The linear canceller counts as converged from this echo return loss enhancement (ERLE) on, measured anew in
#: each reply; it reaches 27 to 36 dB.
_CONVERGED_DB = 18.0
#: If its ERLE stays below this for 300 frames (3 s) of sound, the echo path has changed. A person is not the
#: cause: nobody speaks over the box for so long without stopping it.
_DIVERGED_DB = 3.0
_MOST_DIVERGED = 300


def cross_fade(before: Samples, after: Samples) -> Samples:
    """Blend two frames, int16 (160,), from `before` to `after`: a hard switch would be heard as a click."""
    return np.rint(before + (after.astype(np.float32) - before) * _FADE).astype(np.int16)


class Canceller:
    """Removes the echo, with the linear canceller while somebody speaks, and with WebRTC's otherwise.

    Both cancellers process every frame, so that either can take over at once.

    Raises:
        Unavailable: `audio.no-speexdsp`.
    """

    def __init__(self) -> None:
        self._suppressing = AudioProcessor(sample_rate=SAMPLE_RATE, echo_cancellation=True)
        self._linear = LinearCanceller()
        self._aligner = Aligner()
        self.begin()

    @property
    def converged(self) -> bool:
        """Whether the linear canceller has converged, so that barge-in speech stays intact."""
        return self._converged

    def begin(self) -> None:
        """Playback begins: its echo delay, and whether the linear canceller fits it, are measured anew."""
        self._aligner.begin()
        self._forget_fit()
        self._uses_linear = False

    def process(self, microphone: Samples, played: Samples) -> Samples:
        """Take 10 ms of each, int16 (160,); gives the microphone's frame without the echo, int16 (160,)."""
        suppressed: Samples = self._suppressing.process(microphone, played)
        before = self._aligner.lag
        aligned = self._aligner.process(microphone, played)
        if self._aligner.lag is None:
            return suppressed
        if self._aligner.lag != before:
            self._forget_fit()
            for pair in self._aligner.replayed():
                self._filter(*pair)
        linear, speaks = self._filter(microphone, aligned)
        was, self._uses_linear = self._uses_linear, speaks and self._converged
        before_switch, chosen = (linear if uses else suppressed for uses in (was, self._uses_linear))
        return chosen if was == self._uses_linear else cross_fade(before_switch, chosen)

    def _filter(self, microphone: Samples, played: Samples) -> tuple[Samples, bool]:
        """The output of the linear canceller, int16 (160,), and whether somebody speaks."""
        linear = self._linear.process(microphone, played)
        if played.any() and (level := level_dbfs(microphone)) > _AUDIBLE_DBFS:
            self._follow_erle(level - level_dbfs(linear))
        return linear, self._is_speech(microphone, linear)

    def _forget_fit(self) -> None:
        self._converged, self._erle_db, self._diverged = False, 0.0, 0
        self._microphone_power = self._residual_power = 0.0
        self._hold = 0

    def _is_speech(self, microphone: Samples, linear: Samples) -> bool:
        self._microphone_power += (_power(microphone) - self._microphone_power) * _QUICK_SHARE
        self._residual_power += (_power(linear) - self._residual_power) * _QUICK_SHARE
        alone = self._residual_power < max(self._microphone_power * 10 ** (-_ALONE_DB / 10), _QUIET_POWER)
        self._hold = max(0, self._hold - 1) if alone else _HOLD
        return self._hold > 0

    def _follow_erle(self, erle_db: float) -> None:
        self._erle_db += (erle_db - self._erle_db) * _SHARE
        self._diverged = self._diverged + 1 if self._erle_db < _DIVERGED_DB else 0
        if self._erle_db >= _CONVERGED_DB:
            self._converged = True
        elif self._diverged > _MOST_DIVERGED:
            self._converged = False


def _power(samples: Samples) -> float:
    floats = samples.astype(np.float32)
    return float(np.dot(floats, floats))
