"""One turn while it is being heard: what was said so far, what it is taken for, and whether it is over."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from time import perf_counter

from assistant.audio.format import SAMPLE_RATE, Samples
from assistant.conversation_settings import ConversationSettings
from assistant.events import EventBus, EventKind
from assistant.hearing.activity import Activity
from assistant.hearing.ears import Ears, Heard
from assistant.hearing.turn_end import Decision, TurnEndSettings, decide
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
#: What is heard behind a wake word and ends so soon after it is its own last sound. Of 162 wake words alone,
#: 150 of them real, none lasts for more than 46 ms; the shortest "yes" in one breath with one, for 136 ms.
RESIDUE_END_MS = 100


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


class Verdict(Enum):
    """What is to become of the turn being heard."""

    WAIT = "wait"
    COMMIT = "commit"
    #: Only the last sound of the wake word was heard: a pause may follow it.
    BEGIN_AGAIN = "begin again"
    #: Nobody said anything.
    CLOSE = "close"


@dataclass
class Listening:
    """The turn being heard. Positions are samples of the stream; `earliest` bounds its audio.

    `for_hub`: a hub is told what is said, and nothing of it is recognised here. `had_hub`: one was told, and
    failed.
    """

    opened: int
    earliest: int
    wake: WakeWord | None = None
    id: str = field(default_factory=lambda: uuid.uuid4().hex[:12])
    for_hub: bool = False
    had_hub: bool = False
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
    """Turns what the ears of one stream heard into guesses, and says when a turn is over.

    Args:
        ears: of the stream.
        recogniser: of words.
        grammar: gives the grammar in force.
        settings, turn_end: when to recognise, and how long a pause may be.
        bus: told of each guess that is made while a turn lasts.
    """

    def __init__(
        self,
        ears: Ears,
        recogniser: Recogniser,
        grammar: Callable[[], Grammar],
        settings: ConversationSettings,
        turn_end: TurnEndSettings,
        bus: EventBus,
    ) -> None:
        self._ears = ears
        self._recogniser = recogniser
        self._grammar = grammar
        self._settings = settings
        self._turn_end = turn_end
        self._bus = bus
        self._stop_words = StopWords()

    def opened_by(self, heard: Heard) -> Listening:
        """The turn that a wake word has opened."""
        reach = heard.wake_end - self._settings.breath_ms * SAMPLE_RATE // 1000
        breath = max(0, reach, heard.activity.onset or 0)
        wake = WakeWord(heard.wake_word.replace("_", " "), breath, heard.wake_end)
        return Listening(self._ears.position, heard.wake_end, wake)

    def follow(self, turn: Listening, activity: Activity) -> Verdict:
        """Look at the turn after a frame; the pauses are used to recognise what was said so far."""
        if activity.last_speech is None:
            waited = (self._ears.position - turn.opened) * 1000 // SAMPLE_RATE
            silent = self._settings.wake and waited >= self._settings.no_speech_ms
            return Verdict.CLOSE if silent else Verdict.WAIT
        if not self._settings.endpointing:
            return Verdict.WAIT  # nothing can be committed before the stream ends
        if turn.for_hub:
            # The grammar knows nothing of what a hub understands; the wait is that for strange words.
            completeness: Completeness | None = Completeness.UNPARSED
        else:
            self._recognise_in_pause(turn, activity)
            guess = turn.current_guess(activity)
            completeness = guess.completeness if guess else None
        ended = decide(activity.ended_silence_ms, activity.speech_ms, completeness, self._turn_end)
        if ended is Decision.WAIT:
            return Verdict.WAIT
        return Verdict.BEGIN_AGAIN if self._is_residue(turn, activity) else Verdict.COMMIT

    def _is_residue(self, turn: Listening, activity: Activity) -> bool:
        if turn.for_hub:
            # Without the words to judge by, the moment must do.
            end = turn.wake.end if turn.wake is not None else None
            return end is not None and (activity.last_speech or 0) - end <= RESIDUE_END_MS * _PER_MS
        if not self._settings.wake or activity.speech_ms > self._settings.residue_ms:
            return False
        return turn.guess is not None and not turn.guess.is_understood

    def _recognise_in_pause(self, turn: Listening, activity: Activity) -> None:
        """Use the pauses: recognise quickly first, with the full search if the pause lasts."""
        guess, silence = turn.current_guess(activity), activity.ended_silence_ms
        if guess is None and silence >= self._settings.recognise_after_ms:
            self.recognise(turn, activity, search=False)
        if guess is None or guess.searched or guess.completeness is not Completeness.UNPARSED:
            return
        if silence >= self._settings.search_after_ms:
            self.recognise(turn, activity, search=True)

    def final(self, turn: Listening, activity: Activity) -> Guess:
        """What the turn is taken for at its end."""
        guess = turn.current_guess(activity)
        if guess is None or not (guess.searched or guess.is_understood):
            guess = self.recognise(turn, activity, search=True)
        return guess

    def recognise(self, turn: Listening, activity: Activity, *, search: bool) -> Guess:
        """Recognise the turn so far, remember the guess in it, and tell of it."""
        guess = self._guess(turn, activity, self._grammar(), search=search)
        state = guess.completeness.name.lower()
        self._bus.publish(EventKind.TRANSCRIPT, turn.id, text=guess.text, final=False, completeness=state)
        return guess

    def _guess(self, turn: Listening, activity: Activity, grammar: Grammar, *, search: bool) -> Guess:
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

    def start_of(self, turn: Listening, activity: Activity) -> int:
        """The sample at which the audio of the turn begins, with a margin but without the wake word."""
        return max(turn.earliest, (activity.onset or 0) - LEAD_MS * _PER_MS)

    def speech_of(self, turn: Listening, activity: Activity) -> Samples:
        """The audio of the turn, with a margin; from the wake word on if it was one breath."""
        start = self.start_of(turn, activity)
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
