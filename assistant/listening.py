"""One turn while it is being heard: what was said so far, and what it is taken for."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from time import perf_counter

from assistant.audio.format import SAMPLE_RATE, Samples
from assistant.hearing.activity import Activity
from assistant.hearing.ears import Ears
from assistant.speech.after_wake import AfterWakeWord
from assistant.speech.recogniser import Recogniser, Transcript
from assistant.speech.stop_words import StopWords
from assistant.understanding.completeness import Completeness
from assistant.understanding.grammar import Grammar

_PER_MS = SAMPLE_RATE // 1000
#: Audio kept around the detected speech for the recogniser. Measured on real commands: with 300 and
#: 200 ms nothing is lost, with 150 and 100 ms one point of accuracy.
LEAD_MS = 300
TAIL_MS = 200


@dataclass(frozen=True)
class WakeWord:
    """The wake word that opened a turn: its words, where its breath began, and where it ended."""

    phrase: str
    breath: int
    end: int


@dataclass(frozen=True)
class Guess:
    """What the speech up to sample `speech_end` was taken for.

    `text` is the transcript without the wake word; `searched` tells whether the full search of the
    grammar was made.
    """

    speech_end: int
    transcript: Transcript
    text: str
    completeness: Completeness
    searched: bool

    @property
    def is_understood(self) -> bool:
        """Whether the grammar accepts the text as it stands."""
        return self.completeness in (Completeness.COMPLETE, Completeness.EXTENDABLE)


@dataclass
class Listening:
    """The turn being heard. Positions are samples of the stream; `earliest` bounds its audio."""

    opened: int
    earliest: int
    wake: WakeWord | None = None
    id: str = field(default_factory=lambda: uuid.uuid4().hex[:12])
    heard_speech: bool = False
    guess: Guess | None = None
    recognise_ms: float = 0.0

    def current_guess(self, activity: Activity) -> Guess | None:
        """The guess, unless more was said since."""
        guess = self.guess
        return guess if guess is not None and guess.speech_end == activity.last_speech else None

    def is_one_breath(self, activity: Activity) -> bool:
        """Whether speech went on behind the wake word without a pause that could be heard."""
        return self.wake is not None and activity.onset is not None and activity.onset <= self.wake.end


class Listener:
    """Turns what the ears of one stream heard into guesses."""

    def __init__(self, ears: Ears, recogniser: Recogniser) -> None:
        self._ears = ears
        self._recogniser = recogniser
        self._stop_words = StopWords()

    def guess(self, turn: Listening, activity: Activity, grammar: Grammar, *, search: bool) -> Guess:
        """Recognise the turn so far and remember the guess in it."""
        started = perf_counter()
        audio = self.speech_of(turn, activity)
        if turn.wake is not None and turn.is_one_breath(activity):
            led = AfterWakeWord(turn.wake.phrase, grammar)
            transcript = self._recogniser.transcribe(audio, led, deep=search)
            text = led.after(transcript.text)
            text = transcript.text if text is None else text
        else:
            transcript = self._recogniser.transcribe(audio, grammar, deep=search)
            text = transcript.text
        turn.guess = Guess(activity.last_speech or 0, transcript, text, grammar.completeness(text), search)
        turn.recognise_ms = (perf_counter() - started) * 1e3
        return turn.guess

    def speech_of(self, turn: Listening, activity: Activity) -> Samples:
        """The audio of the turn, with a margin; from the wake word on if it was one breath."""
        start = max(turn.earliest, (activity.onset or 0) - LEAD_MS * _PER_MS)
        if turn.wake is not None and turn.is_one_breath(activity):
            start = turn.wake.breath
        end = min(self._ears.position, (activity.last_speech or 0) + TAIL_MS * _PER_MS)
        return self._ears.audio(start, end)

    def said_stop(self, activity: Activity) -> bool:
        """Whether the utterance that has just ended was a "stop"."""
        end = min(self._ears.position, (activity.last_speech or 0) + TAIL_MS * _PER_MS)
        audio = self._ears.audio(activity.onset or 0, end)
        heard = self._recogniser.transcribe(audio, self._stop_words, deep=False)
        return self._stop_words.parses(heard.text)
