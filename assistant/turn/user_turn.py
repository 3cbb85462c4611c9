"""The turn of a user while it is being heard: its span in the stream, and what is known of it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field, replace

from assistant.audio.format import SAMPLE_RATE
from assistant.hearing.activity import Activity
from assistant.hearing.ears import HearingFrame
from assistant.speech.recognition import Recognition, Transcript
from assistant.turn.dialogue import Plan
from assistant.understanding.completeness import Completeness

_PER_MS = SAMPLE_RATE // 1000
#: Audio kept around the detected speech for the recogniser. Measured on real commands: with 300 and
#: 200 ms nothing is lost, with 150 and 100 ms one point of accuracy.
LEAD_MS = 300
TAIL_MS = 200


@dataclass(frozen=True)
class WakeWord:
    """The wake word that opened a turn. Positions are samples of the stream.

    Attributes:
        phrase: its words, lower-case.
        start: where the utterance that it belongs to began, at the earliest.
        end: where it ended, as its network found.
    """

    phrase: str
    start: int
    end: int


@dataclass(frozen=True)
class Opening:
    """Where a turn began. Positions are samples of the stream.

    Attributes:
        at: where the stream was when the turn was opened.
        earliest: no audio before it belongs to the turn.
        wake: the wake word that opened it, if one did.
        joined_from: where the audio of the turn begins that this one continues; `wake` then leads it.
    """

    at: int
    earliest: int
    wake: WakeWord | None = None
    joined_from: int | None = None


@dataclass(frozen=True)
class Interpretation:
    """What the speech up to sample `speech_end` was taken for.

    Attributes:
        speech_end: the last speech sample that was known.
        audio_end: where the recognised audio ends.
        transcript: of the recogniser.
        text: the transcript without the wake word.
        completeness: how finished the text is in the grammar.
        searched: whether the deep result was asked for.
        recognition: the recording as far as it is worked out.
        recognise_ms: what this result took.
        plan: what the text would lead to, if the grammar accepts it.
    """

    speech_end: int
    audio_end: int
    transcript: Transcript
    text: str
    completeness: Completeness
    searched: bool
    recognition: Recognition
    recognise_ms: float
    plan: Plan | None = None

    @property
    def is_understood(self) -> bool:
        """Whether the grammar accepts the text as it stands."""
        return self.completeness in (Completeness.COMPLETE, Completeness.EXTENDABLE)


@dataclass
class UserTurn:
    """The turn being heard; its span follows from where it was opened and from the newest activity.

    Attributes:
        opening: where it began.
        activity: voice activity after the newest frame of the turn.
        id: of the record to come.
        for_hub: a hub answers it, and nothing of it is recognised here.
        hub_failed: a hub had it and failed, so that the box answers.
        heard_speech: whether anything was said.
        interpretation: the newest one.
        recognised_at: where the stream was when the turn was last recognised.
        voice_judged_at, sounds_finished: the end-of-turn model's verdict on the speech up to that sample.
        before: the activity of the frame before that, once there was speech.
    """

    opening: Opening
    activity: Activity
    id: str = field(default_factory=lambda: uuid.uuid4().hex[:12])
    for_hub: bool = False
    hub_failed: bool = False
    heard_speech: bool = False
    interpretation: Interpretation | None = None
    recognised_at: int = 0
    voice_judged_at: int = -1
    sounds_finished: bool = False
    before: Activity | None = None

    @classmethod
    def opened_here(cls, activity: Activity) -> UserTurn:
        """A turn that begins at the newest frame."""
        return cls(Opening(activity.position, activity.position), activity)

    @classmethod
    def opened_at_onset(cls, activity: Activity) -> UserTurn:
        """A turn that begins with speech that is under way."""
        onset = activity.onset or 0
        return cls(Opening(onset, onset), activity)

    @classmethod
    def opened_by_wake_word(cls, frame: HearingFrame, longest_ms: int) -> UserTurn:
        """The turn that a wake word has opened, which begins at most `longest_ms` before its end."""
        start = max(0, frame.wake_end - longest_ms * _PER_MS, frame.activity.onset or 0)
        wake = WakeWord(frame.wake_word.replace("_", " "), start, frame.wake_end)
        return cls(Opening(frame.activity.position, frame.wake_end, wake), frame.activity)

    @property
    def current(self) -> Interpretation | None:
        """The interpretation, unless more was said since."""
        known = self.interpretation
        return known if known is not None and known.speech_end == self.activity.last_speech else None

    @property
    def wake_in_utterance(self) -> WakeWord | None:
        """The wake word, if speech went on behind it without a pause that could be heard."""
        opening, onset = self.opening, self.activity.onset
        if opening.wake is None or opening.joined_from is not None:
            return opening.wake
        return opening.wake if onset is not None and onset <= opening.wake.end else None

    @property
    def start(self) -> int:
        """The sample at which its audio begins, with a margin but without the wake word."""
        if self.opening.joined_from is not None:
            return self.opening.joined_from
        return max(self.opening.earliest, (self.activity.onset or 0) - LEAD_MS * _PER_MS)

    @property
    def utterance_start(self) -> int:
        """The same with the wake word, if that is part of the utterance."""
        wake = self.wake_in_utterance
        return self.start if wake is None else wake.start

    @property
    def end(self) -> int:
        """The sample at which its audio ends, with a margin."""
        return speech_end(self.activity)

    @property
    def voice_sounds_finished(self) -> bool | None:
        """The end-of-turn model's verdict on all that was said; None where there is none."""
        return self.sounds_finished if self.voice_judged_at == self.activity.last_speech else None

    def restart(self, position: int) -> None:
        """Only the last sound of the wake word was heard: the turn begins anew at that position."""
        self.opening = replace(self.opening, earliest=position, wake=None)
        self.interpretation = None


def speech_end(activity: Activity) -> int:
    """Where the audio of what was said ends, with a margin."""
    return min(activity.position, (activity.last_speech or 0) + TAIL_MS * _PER_MS)
