"""The hearing part of a turn: its span in the stream, and what is known of it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field, replace

from assistant.audio.format import SAMPLE_RATE
from assistant.hearing.activity import Activity
from assistant.hearing.ears import HearingFrame
from assistant.hearing.stretches import LEAD_MS, TAIL_MS
from assistant.speech.recognising import SpeechRecognition
from assistant.speech.transcript import Transcript
from assistant.turn.dialogue import Plan
from assistant.understanding.completeness import Completeness

_PER_MS = SAMPLE_RATE // 1000


@dataclass(frozen=True)
class WakeWord:
    """The wake word that opened a turn. Positions are samples of the stream.

    Attributes:
        phrase: its words, lower-case.
        start: the earliest position at which the utterance with the wake word can have begun.
        end: where the wake word ended, as estimated by its network.
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
    """What was recognised and understood of the speech up to sample `speech_end`.

    Attributes:
        speech_end: position of the last speech sample at that time.
        audio_end: position at which the recognised audio ends.
        transcript: of the recogniser.
        text: the transcript without the wake word.
        completeness: of the text in the grammar.
        searched: whether this is the deep result.
        recognition: of the audio, for a deep result later.
        recognise_ms: time spent on this result.
        plan: of the reply, if the grammar accepts the text.
    """

    speech_end: int
    audio_end: int
    transcript: Transcript
    text: str
    completeness: Completeness
    searched: bool
    recognition: SpeechRecognition
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
        for_hub: whether a hub answers it; it is not recognised here then.
        hub_failed: whether a hub had it and failed, so that the box answers.
        heard_speech: whether anything was said.
        interpretation: the newest one; None before the first.
        recognised_at: position of the stream at the last recognition.
        voice_judged_at, sounds_finished: the end-of-turn model's verdict on the speech up to that sample.
        before: voice activity after the frame before that, once there was speech.
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
        """A turn that begins with the speech that is under way."""
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
        """The interpretation, if nothing more was said since; else None."""
        known = self.interpretation
        return known if known is not None and known.speech_end == self.activity.last_speech else None

    @property
    def wake_in_utterance(self) -> WakeWord | None:
        """The wake word, if speech continued after it without a pause for the voice activity; else None."""
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
        """As `start`, but with the wake word, if it is part of the utterance."""
        wake = self.wake_in_utterance
        return self.start if wake is None else wake.start

    @property
    def end(self) -> int:
        """The sample at which its audio ends, with a margin."""
        return speech_end(self.activity)

    @property
    def voice_sounds_finished(self) -> bool | None:
        """The end-of-turn model's verdict on all that was said; None if it has not judged it."""
        return self.sounds_finished if self.voice_judged_at == self.activity.last_speech else None

    def restart(self, position: int) -> None:
        """Only the last sound of the wake word was heard: the turn begins again at that position."""
        self.opening = replace(self.opening, earliest=position, wake=None)
        self.interpretation = None


def speech_end(activity: Activity) -> int:
    """The sample at which the audio of an utterance ends, with a margin."""
    return min(activity.position, (activity.last_speech or 0) + TAIL_MS * _PER_MS)
