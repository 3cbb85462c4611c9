"""One turn while it is being heard: what was said so far, what it is taken for, and whether it is over."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import Enum
from time import perf_counter

from assistant.audio.format import SAMPLE_RATE, Samples
from assistant.events import EventBus, EventKind
from assistant.hearing.activity import Activity
from assistant.hearing.ears import Ears, HearingFrame
from assistant.speech.after_wake import AfterWakeWord
from assistant.speech.recogniser import Recogniser, Transcript
from assistant.speech.stop_words import StopWords
from assistant.turn.dialogue import Plan
from assistant.turn.endpointing import Decision, TurnEndSettings, decide
from assistant.turn.partial_pace import PartialPace
from assistant.turn.pauses import SHORTEST_PAUSE_MS, Pauses
from assistant.turn.settings import ConversationSettings
from assistant.understanding.completeness import Completeness
from assistant.understanding.grammar import Grammar

_PER_MS = SAMPLE_RATE // 1000
#: More may come, and the words do not tell.
_OPEN = (Completeness.EXTENDABLE, Completeness.UNPARSED)
#: Audio kept around the detected speech for the recogniser. Measured on real commands: with 300 and
#: 200 ms nothing is lost, with 150 and 100 ms one point of accuracy.
LEAD_MS = 300
TAIL_MS = 200
#: What is heard behind a wake word and ends so soon after it is its own last sound. Of 162 wake words alone,
#: 150 of them real, none lasts for more than 46 ms; the shortest "yes" in one breath with one, for 136 ms.
RESIDUE_END_MS = 100
#: Frames come in blocks of up to 30 ms; what is later waited for us.
LATE_MS = 60


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
    grammar was made; `plan` is what the text would lead to, if the grammar accepts it; `audio_end` is where
    the audio that it was made from ends.
    """

    speech_end: int
    transcript: Transcript
    text: str
    completeness: Completeness
    searched: bool
    plan: Plan | None = None
    audio_end: int = 0

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
class UserTurn:
    """The turn being heard. Positions are samples of the stream; `earliest` bounds its audio.

    `for_hub`: a hub is told what is said, and nothing of it is recognised here. `had_hub`: one was told, and
    failed. `begins`: where its audio begins, if it goes on from an earlier turn; `wake` then leads it.
    `recognised_at`: where it was last recognised. `sounds_finished`: what the voice said of
    the speech up to `judged_at`; None if it was not asked. `last_speech`, `silence_ms`: of the frame before.
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
    begins: int | None = None
    recognised_at: int = 0
    sounds_finished: bool | None = None
    judged_at: int = -1
    last_speech: int | None = None
    silence_ms: int = 0

    def current_guess(self, activity: Activity) -> Guess | None:
        """The guess, unless more was said since."""
        guess = self.guess
        return guess if guess is not None and guess.speech_end == activity.last_speech else None

    def is_one_breath(self, activity: Activity) -> bool:
        """Whether speech went on behind the wake word without a pause that could be heard."""
        if self.begins is not None:
            return self.wake is not None
        return self.wake is not None and activity.onset is not None and activity.onset <= self.wake.end


class Endpointer:
    """Turns what the ears of one stream heard into guesses, and says when a turn is over.

    Args:
        ears: of the stream.
        recogniser: of words.
        grammar: gives the grammar in force.
        settings, turn_end: when to recognise, and how long a pause may be.
        bus: told of each guess that is made while a turn lasts.
        foresee: what the text of a guess that the grammar accepts would lead to; without side effect.
        sounds_finished: how likely the voice sounds as at the end of a sentence, from 0 to 1, given int16
            samples (n,) at 16 kHz; None where there is no such model.
    """

    def __init__(
        self,
        ears: Ears,
        recogniser: Recogniser,
        grammar: Callable[[], Grammar],
        settings: ConversationSettings,
        turn_end: TurnEndSettings,
        bus: EventBus,
        foresee: Callable[[str], Plan | None] = lambda _text: None,
        sounds_finished: Callable[[Samples], float] | None = None,
    ) -> None:
        self._ears = ears
        self._recogniser = recogniser
        self._grammar = grammar
        self._settings = settings
        self._turn_end = turn_end
        self._bus = bus
        self._foresee = foresee
        self._voice_of_end = sounds_finished
        self._stop_words = StopWords()
        self._pauses = Pauses()
        self._pace = PartialPace(settings.partial_every_ms)

    def opened_by(self, heard: HearingFrame) -> UserTurn:
        """The turn that a wake word has opened."""
        reach = heard.wake_end - self._settings.breath_ms * SAMPLE_RATE // 1000
        breath = max(0, reach, heard.activity.onset or 0)
        wake = WakeWord(heard.wake_word.replace("_", " "), breath, heard.wake_end)
        return UserTurn(self._ears.position, heard.wake_end, wake)

    def follow(self, turn: UserTurn, activity: Activity, behind_ms: float = 0.0) -> Verdict:
        """Look at the turn after a frame; the pauses are used to recognise what was said so far.

        Args:
            turn: being heard.
            activity: after the frame.
            behind_ms: how late the frame was; who is behind has no time for what is not needed.
        """
        if activity.last_speech is None:
            waited = (self._ears.position - turn.opened) * 1000 // SAMPLE_RATE
            silent = self._settings.wake and waited >= self._settings.no_speech_ms
            return Verdict.CLOSE if silent else Verdict.WAIT
        if not self._settings.endpointing:
            return Verdict.WAIT  # nothing can be committed before the stream ends
        self._learn_pause(turn, activity)
        if turn.for_hub:
            # The grammar knows nothing of what a hub understands; the wait is that for strange words.
            completeness: Completeness | None = Completeness.UNPARSED
        else:
            if behind_ms < LATE_MS:
                self._recognise_in_speech(turn, activity)
            self._recognise_in_pause(turn, activity)
            guess = turn.current_guess(activity)
            completeness = guess.completeness if guess else None
        if not self._is_over(turn, activity, completeness):
            return Verdict.WAIT
        return Verdict.BEGIN_AGAIN if self._is_residue(turn, activity) else Verdict.COMMIT

    def went_on(self, pause_ms: int) -> None:
        """Somebody went on after a pause that ended the turn: this speaker needs longer ones."""
        self._pauses.add(pause_ms)

    def _is_over(self, turn: UserTurn, activity: Activity, completeness: Completeness | None) -> bool:
        ended = decide(
            activity.ended_silence_ms,
            activity.speech_ms,
            completeness,
            self._turn_end,
            stretch=self._pauses.stretch,
            sounds_finished=turn.sounds_finished if turn.judged_at == activity.last_speech else None,
        )
        return ended is Decision.COMMIT

    def _learn_pause(self, turn: UserTurn, activity: Activity) -> None:
        if turn.last_speech not in (None, activity.last_speech) and turn.silence_ms > SHORTEST_PAUSE_MS:
            self._pauses.add(turn.silence_ms)
        turn.last_speech, turn.silence_ms = activity.last_speech, activity.ended_silence_ms

    def _is_residue(self, turn: UserTurn, activity: Activity) -> bool:
        if turn.for_hub:
            # Without the words to judge by, the moment must do.
            end = turn.wake.end if turn.wake is not None else None
            return end is not None and (activity.last_speech or 0) - end <= RESIDUE_END_MS * _PER_MS
        if not self._settings.wake or activity.speech_ms > self._settings.residue_ms:
            return False
        return turn.guess is not None and not turn.guess.is_understood

    def _recognise_in_speech(self, turn: UserTurn, activity: Activity) -> None:
        """Tell what was said so far while somebody speaks, as often as this machine can afford."""
        if not self._settings.realtime or activity.ended_silence_ms >= self._settings.recognise_after_ms:
            return
        since = max(turn.recognised_at, activity.onset or 0)
        if self._pace.is_due((activity.position - since) // _PER_MS):
            self.recognise(turn, activity, search=False)

    def _recognise_in_pause(self, turn: UserTurn, activity: Activity) -> None:
        """Use the pauses: recognise quickly first, with the full search if the pause lasts."""
        guess, silence = turn.current_guess(activity), activity.ended_silence_ms
        if silence < self._settings.recognise_after_ms:
            return
        if guess is None:
            if silence < self._settings.search_after_ms and not self._affords(turn, activity):
                return
            guess = self.recognise(turn, activity, search=False, search_while=self._if_likely(turn, activity))
        if (
            guess.completeness is Completeness.UNPARSED
            and silence >= self._settings.search_after_ms
            and not guess.searched
        ):
            guess = self.recognise(turn, activity, search=True)
        if guess.completeness in _OPEN and silence >= self._settings.judge_after_ms:
            self._judge_voice(turn, activity)

    def _if_likely(self, turn: UserTurn, activity: Activity) -> Callable[[], bool] | None:
        """A reason to search beside the quick look: its last one in this turn did not follow the grammar.

        So it was before 39 of 44 real commands that had to be searched in the end, and before 53 of 106
        others. It lasts for as long as nothing more is said.
        """
        if turn.guess is not None and turn.guess.completeness is not Completeness.UNPARSED:
            return None
        return lambda: turn.last_speech == activity.last_speech

    def _affords(self, turn: UserTurn, activity: Activity) -> bool:
        """Whether a silence that may be within a word is worth a recognition; a longer one always is."""
        since = (activity.position - turn.recognised_at) // _PER_MS
        return not self._settings.realtime or self._pace.affords(since)

    def _judge_voice(self, turn: UserTurn, activity: Activity) -> None:
        """Where the words do not tell whether more of them come, the melody may."""
        if self._voice_of_end is None or turn.judged_at == activity.last_speech:
            return
        likely = self._voice_of_end(self.speech_of(turn, activity))
        turn.sounds_finished = likely >= self._settings.finished_above
        turn.judged_at = activity.last_speech or 0

    def settled(self, turn: UserTurn, activity: Activity) -> Guess | None:
        """What the turn is taken for, once its words are a sentence and the pause is over; None before."""
        self._recognise_in_pause(turn, activity)
        guess = turn.current_guess(activity)
        if guess is None or not guess.is_understood:
            return None
        return guess if self._is_over(turn, activity, guess.completeness) else None

    def final(self, turn: UserTurn, activity: Activity) -> Guess:
        """What the turn is taken for at its end."""
        guess = turn.current_guess(activity)
        if guess is None or not (guess.searched or guess.is_understood):
            guess = self.recognise(turn, activity, search=True)
        return guess

    def recognise(
        self,
        turn: UserTurn,
        activity: Activity,
        *,
        search: bool,
        search_while: Callable[[], bool] | None = None,
    ) -> Guess:
        """Recognise the turn so far, remember the guess in it, and tell of it."""
        turn.recognised_at = activity.position
        guess = self._guess(turn, activity, self._grammar(), search=search, search_while=search_while)
        state = guess.completeness.name.lower()
        self._bus.publish(EventKind.TRANSCRIPT, turn.id, text=guess.text, final=False, completeness=state)
        return guess

    def _guess(
        self,
        turn: UserTurn,
        activity: Activity,
        grammar: Grammar,
        *,
        search: bool,
        search_while: Callable[[], bool] | None,
    ) -> Guess:
        started = perf_counter()
        before = turn.current_guess(activity)
        # The search goes on from what the quick look at the same audio has worked out.
        end = before.audio_end if before is not None and search else self._end_of(activity)
        audio = self._ears.audio(self.breath_of(turn, activity), end)
        if turn.wake is not None and turn.is_one_breath(activity):
            led = AfterWakeWord(turn.wake.phrase, grammar)
            transcript = self._recogniser.transcribe(audio, led, search, search_while)
            text = led.after(transcript.text)
            text = transcript.text if text is None else text
        else:
            transcript = self._recogniser.transcribe(audio, grammar, search, search_while)
            text = transcript.text
        turn.recognise_ms = (perf_counter() - started) * 1e3
        self._pace.took(turn.recognise_ms)
        completeness = grammar.completeness(text)
        guess = Guess(activity.last_speech or 0, transcript, text, completeness, search, audio_end=end)
        if guess.is_understood:
            guess = replace(guess, plan=self._foresee(text))
        turn.guess = guess
        return guess

    def start_of(self, turn: UserTurn, activity: Activity) -> int:
        """The sample at which the audio of the turn begins, with a margin but without the wake word."""
        if turn.begins is not None:
            return turn.begins
        return max(turn.earliest, (activity.onset or 0) - LEAD_MS * _PER_MS)

    def breath_of(self, turn: UserTurn, activity: Activity) -> int:
        """The same with the wake word, if it was one breath with it."""
        if turn.wake is not None and turn.is_one_breath(activity):
            return turn.wake.breath
        return self.start_of(turn, activity)

    def speech_of(self, turn: UserTurn, activity: Activity) -> Samples:
        """The audio of the turn, with a margin; from the wake word on if it was one breath."""
        return self._ears.audio(self.breath_of(turn, activity), self._end_of(activity))

    def _end_of(self, activity: Activity) -> int:
        return min(self._ears.position, (activity.last_speech or 0) + TAIL_MS * _PER_MS)

    def said_stop(self, activity: Activity) -> bool:
        """Whether the utterance that has just ended was a "stop"."""
        audio = self._ears.audio(activity.onset or 0, self._end_of(activity))
        heard = self._recogniser.transcribe(audio, self._stop_words, deep=False)
        return self._stop_words.parses(heard.text)
