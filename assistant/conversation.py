"""The turn: Idle -> Listening -> Deciding -> Speaking. The one conductor.

It is fed frames and owns no clock but the stream's own: silence is counted in samples. Only the clocks
of the record (`decided`, `acted`, `heard`, `compute`) read the machine's time.
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from time import perf_counter

import numpy as np

from assistant.audio.format import SAMPLE_RATE, Samples
from assistant.audio.pace import Pace
from assistant.audio.sink import AudioSink
from assistant.dialogue import NOT_UNDERSTOOD, Dialogue, Outcome
from assistant.errors import SottoError
from assistant.events import EventBus, EventKind
from assistant.hearing.activity import Activity
from assistant.hearing.ears import Ears, Heard
from assistant.hearing.turn_end import Decision, TurnEndSettings, decide
from assistant.speaking import Utterance, Voice
from assistant.speech.after_wake import AfterWakeWord
from assistant.speech.recogniser import Recogniser, Transcript
from assistant.speech.spoken import spoken
from assistant.speech.stop_words import StopWords
from assistant.turns import Clocks, Turn
from assistant.understanding.completeness import Completeness

log = logging.getLogger(__name__)


class Phase(StrEnum):
    """Where the conversation is; announced as a `state` event at each change."""

    IDLE = "idle"
    LISTENING = "listening"
    DECIDING = "deciding"
    SPEAKING = "speaking"


@dataclass(frozen=True)
class ConversationSettings:
    """How a stream is turned into turns.

    `wake`: a wake word opens each turn. `endpointing`: silence ends a turn; without it only the end of
    the stream does. `realtime`: frames arrive at the pace of a microphone, so the clocks that start at
    the last speech sample mean something. `keep_audio`: hand what was heard to the record.
    """

    wake: bool = True
    endpointing: bool = True
    realtime: bool = True
    keep_audio: bool = False
    #: First, quick recognition after this much silence; the full search after `search_after_ms`.
    recognise_after_ms: int = 90
    search_after_ms: int = 250
    #: Audio kept around the detected speech for the recogniser (research: 300 / 200 ms lose nothing).
    lead_ms: int = 300
    tail_ms: int = 200
    #: A wake word begins at most this long before its end.
    breath_ms: int = 1500
    #: After a wake word, speech no longer than this that means nothing is the wake word's own end.
    residue_ms: int = 300
    #: A wake word followed by nothing for this long closes the turn.
    no_speech_ms: int = 6000
    #: A "stop" said over a reply is at most this long.
    stop_word_ms: int = 1500


_UNUNDERSTOOD = (Completeness.UNPARSED, Completeness.UNFINISHED)


@dataclass(frozen=True)
class _Wake:
    """The wake word that opened a turn: its words, and where its breath began and it ended."""

    phrase: str
    breath: int
    end: int


@dataclass
class _Guess:
    """What the speech up to sample `speech_end` was taken for."""

    speech_end: int
    transcript: Transcript
    text: str
    completeness: Completeness
    searched: bool


@dataclass
class _Listening:
    """The turn being heard. Positions are samples of the stream."""

    id: str
    opened: int
    earliest: int
    wake: _Wake | None = None
    heard_speech: bool = False
    guess: _Guess | None = None
    recognise_ms: float = 0.0


class Conversation:
    """Conducts one audio stream: feed it frames, it announces events and answers through the sink.

    All methods may be called from any thread. `on_turn` receives each finished turn with the audio
    that was heard (None unless kept).
    """

    def __init__(
        self,
        ears: Ears,
        recogniser: Recogniser,
        dialogue: Dialogue,
        voice: Voice,
        sink: AudioSink,
        bus: EventBus,
        settings: ConversationSettings,
        turn_end: TurnEndSettings,
        on_turn: Callable[[Turn, Samples | None], None],
        label: str = "",
    ) -> None:
        self._ears = ears
        self._recogniser = recogniser
        self._dialogue = dialogue
        self._voice = voice
        self._sink = sink
        self._bus = bus
        self._settings = settings
        self._turn_end = turn_end
        self._on_turn = on_turn
        self._label = label
        self._stop_words = StopWords()
        self._lock = threading.RLock()
        self._phase = Phase.IDLE
        self._listening: _Listening | None = None
        self._utterance: Utterance | None = None
        self._activity: Activity | None = None
        self._captured_at = 0.0
        self._pace = Pace(SAMPLE_RATE)
        self._expects_answer = False
        if not settings.wake:
            self._listen(0, 0)

    @property
    def phase(self) -> Phase:
        """Where the conversation is now."""
        return self._phase

    @property
    def is_alert(self) -> bool:
        """Whether something is going on: a turn, a reply, or a sound worth a closer look."""
        return self._phase is not Phase.IDLE or self._activity is None or self._activity.gate_open

    def feed(self, frame: Samples) -> None:
        """Take the next 10 ms: int16, shape (160,), 16 kHz."""
        arrived = perf_counter()
        with self._lock:
            self._captured_at = self._pace.captured_at(self._ears.position + len(frame), arrived)
            awaiting_wake = self._settings.wake and self._phase in (Phase.IDLE, Phase.SPEAKING)
            heard = self._ears.feed(frame, want_wake=awaiting_wake)
            self._activity = heard.activity
            if heard.wake_word:
                self._woken(heard)
            elif self._phase is Phase.IDLE:
                if heard.activity.last_speech is not None and not heard.activity.is_speech:
                    # What was said before is not the breath of a wake word to come.
                    self._ears.new_turn()
            elif self._phase is Phase.LISTENING:
                self._hear(heard.activity)
            elif self._phase is Phase.SPEAKING:
                self._listen_for_stop(heard.activity)

    def end_of_stream(self) -> None:
        """No more audio comes: commit what was heard, and wait until the answer is spoken."""
        with self._lock:
            if self._listening is not None and self._activity is not None:
                if self._listening.heard_speech:
                    self._commit(self._listening, self._activity)
                else:
                    self._listening = None
                    self._enter(Phase.IDLE)
        self.wait()

    def wait(self, timeout: float | None = None) -> None:
        """Wait until nothing is being spoken."""
        utterance = self._utterance
        if utterance is not None:
            utterance.wait(timeout)

    def say(self, text: str, *, chime: bool = False) -> bool:
        """Speak `text` unprompted (a timer rings); refused while a turn is heard or answered.

        Returns:
            Whether it is being spoken.
        """
        with self._lock:
            busy = self._listening is not None and (self._listening.heard_speech or self._settings.wake)
            if busy or self._phase in (Phase.DECIDING, Phase.SPEAKING):
                return False
            self._speak(text, lambda _at: None, lambda _finished: None, turn_id="", chime=chime)
            return True

    def interrupt(self, reason: str) -> None:
        """Stop speaking at once and listen again as the stream's settings say."""
        with self._lock:
            if self._utterance is None or self._phase is not Phase.SPEAKING:
                return
            self._bus.publish(EventKind.INTERRUPTED, reason=reason)
            self._utterance.stop()

    def close(self) -> None:
        """Drop the turn being heard and stop speaking."""
        with self._lock:
            self._listening = None
            utterance = self._utterance
        if utterance is not None:
            utterance.stop()
            utterance.wait(5)

    # -- hearing ------------------------------------------------------------------------------------

    def _enter(self, phase: Phase, turn_id: str = "") -> None:
        if phase is not self._phase:
            self._phase = phase
            self._bus.publish(EventKind.STATE, turn_id, state=phase.value, stream=self._label)

    def _listen(self, opened: int, earliest: int, wake: _Wake | None = None) -> None:
        self._listening = _Listening(uuid.uuid4().hex[:12], opened, earliest, wake)
        self._enter(Phase.LISTENING, self._listening.id)

    def _rest(self) -> None:
        """Back to waiting: for a wake word, or for the next sentence of an open stream."""
        self._listening = None
        self._ears.new_turn()
        follow_up, self._expects_answer = self._expects_answer, False
        if self._settings.wake and not follow_up:
            self._enter(Phase.IDLE)
        else:
            self._listen(self._ears.position, self._ears.position)

    def _woken(self, heard: Heard) -> None:
        self._bus.publish(EventKind.WAKE, word=heard.wake_word, probability=round(heard.wake_probability, 3))
        self.interrupt("wake word")
        reach = heard.wake_end - self._settings.breath_ms * SAMPLE_RATE // 1000
        breath = max(0, reach, heard.activity.onset or 0)
        wake = _Wake(heard.wake_word.replace("_", " "), breath, heard.wake_end)
        self._ears.new_turn(heard.wake_end)
        self._listen(self._ears.position, heard.wake_end, wake)

    def _hear(self, activity: Activity) -> None:
        turn = self._listening
        if turn is None:
            return
        if activity.last_speech is None or activity.onset is None:
            self._expect_speech(turn)
            return
        if not turn.heard_speech:
            turn.heard_speech = True
            self._bus.publish(EventKind.SPEECH_STARTED, turn.id)
        self._guess(turn, activity)
        if not self._settings.endpointing:
            return
        known = turn.guess is not None and turn.guess.speech_end == activity.last_speech
        completeness = turn.guess.completeness if known and turn.guess else None
        ended = decide(activity.ended_silence_ms, activity.speech_ms, completeness, self._turn_end)
        if ended is Decision.COMMIT:
            if self._is_residue(turn, activity):
                self._ears.new_turn()
                self._listening = _Listening(turn.id, turn.opened, self._ears.position)
            else:
                self._commit(turn, activity)

    def _expect_speech(self, turn: _Listening) -> None:
        waited = (self._ears.position - turn.opened) * 1000 // SAMPLE_RATE
        if self._settings.wake and waited >= self._settings.no_speech_ms:
            self._bus.publish(EventKind.SPEECH_ENDED, turn.id, reason="nothing was said")
            self._rest()

    def _is_residue(self, turn: _Listening, activity: Activity) -> bool:
        """Whether what was heard is only the last sound of the wake word: a pause may follow it."""
        return (
            self._settings.wake
            and activity.speech_ms <= self._settings.residue_ms
            and turn.guess is not None
            and turn.guess.completeness in _UNUNDERSTOOD
        )

    def _guess(self, turn: _Listening, activity: Activity) -> None:
        """Recognise in the pauses: quickly first, with the full search if the pause lasts."""
        guess = turn.guess
        if guess is None or guess.speech_end != activity.last_speech:
            if activity.ended_silence_ms >= self._settings.recognise_after_ms:
                self._recognise(turn, activity, search=False)
        elif (
            guess.completeness is Completeness.UNPARSED
            and not guess.searched
            and activity.ended_silence_ms >= self._settings.search_after_ms
        ):
            self._recognise(turn, activity, search=True)

    def _recognise(self, turn: _Listening, activity: Activity, *, search: bool) -> _Guess:
        started = perf_counter()
        grammar = self._dialogue.grammar
        audio = self._speech_of(turn, activity)
        if turn.wake is not None and _is_one_breath(turn, activity):
            led = AfterWakeWord(turn.wake.phrase, grammar)
            transcript = self._recogniser.transcribe(audio, led, deep=search)
            text = led.after(transcript.text)
            text = transcript.text if text is None else text
        else:
            transcript = self._recogniser.transcribe(audio, grammar, deep=search)
            text = transcript.text
        completeness = grammar.completeness(text)
        turn.guess = _Guess(activity.last_speech or 0, transcript, text, completeness, search)
        turn.recognise_ms = (perf_counter() - started) * 1e3
        self._bus.publish(
            EventKind.TRANSCRIPT,
            turn.id,
            text=text,
            final=False,
            completeness=completeness.name.lower(),
        )
        return turn.guess

    def _speech_of(self, turn: _Listening, activity: Activity) -> Samples:
        lead = self._settings.lead_ms * SAMPLE_RATE // 1000
        tail = self._settings.tail_ms * SAMPLE_RATE // 1000
        start = max(turn.earliest, (activity.onset or 0) - lead)
        if turn.wake is not None and _is_one_breath(turn, activity):
            start = turn.wake.breath
        end = min(self._ears.position, (activity.last_speech or 0) + tail)
        return self._ears.audio(start, end)

    def _listen_for_stop(self, activity: Activity) -> None:
        """A short word over the reply: if it is "stop", fall silent."""
        if activity.last_speech is None or activity.onset is None or activity.is_speech:
            return
        if activity.speech_ms <= self._settings.stop_word_ms:
            end = min(self._ears.position, activity.last_speech + SAMPLE_RATE // 5)
            audio = self._ears.audio(activity.onset, end)
            heard = self._recogniser.transcribe(audio, self._stop_words, deep=False)
            if self._stop_words.parses(heard.text):
                self.interrupt("stop word")
                self._dialogue.respond("stop")
        self._ears.new_turn()

    # -- deciding -----------------------------------------------------------------------------------

    def _commit(self, turn: _Listening, activity: Activity) -> None:
        committed = perf_counter()
        self._enter(Phase.DECIDING, turn.id)
        self._bus.publish(EventKind.SPEECH_ENDED, turn.id, silence_ms=activity.ended_silence_ms)
        guess = turn.guess
        if (
            guess is None
            or guess.speech_end != activity.last_speech
            or (not guess.searched and guess.completeness in _UNUNDERSTOOD)
        ):
            guess = self._recognise(turn, activity, search=True)
        since_last = self._ears.position - (activity.last_speech or 0)
        last_speech_at = self._captured_at - since_last / SAMPLE_RATE
        transcript = guess.transcript
        outcome = self._dialogue.respond(guess.text)
        intent = outcome.parse.intent if outcome.parse else None
        self._bus.publish(EventKind.TRANSCRIPT, turn.id, text=guess.text, final=True)
        self._bus.publish(
            EventKind.DECIDED,
            turn.id,
            accepted=outcome.parse is not None,
            intent=intent or "",
            slots=dict(outcome.parse.slots) if outcome.parse else {},
        )
        if outcome.acted_at is not None:
            self._bus.publish(EventKind.ACTED, turn.id, intent=intent or "")
        realtime = self._settings.realtime

        def since_speech(at: float | None) -> float | None:
            return round((at - last_speech_at) * 1e3, 2) if realtime and at is not None else None

        record = Turn(
            id=turn.id,
            time=time.time(),
            transcript=guess.text,
            accepted=outcome.parse is not None,
            intent=intent,
            slots=dict(outcome.parse.slots) if outcome.parse else {},
            reply=self._reply_for(outcome, guess.text),
            clocks_ms=Clocks(decided=since_speech(outcome.decided_at), acted=since_speech(outcome.acted_at)),
            stages_ms=_rounded(
                {
                    "recognise": turn.recognise_ms,
                    "encode": transcript.encode_ms,
                    "decode": transcript.decode_ms,
                    **outcome.stages_ms,
                }
            ),
            scores=_rounded({**transcript.scores, "free": transcript.free_score}),
            label=self._label,
        )
        audio = self._speech_of(turn, activity) if self._settings.keep_audio else None
        self._answer(record, outcome, committed, since_speech, audio)

    def _reply_for(self, outcome: Outcome, text: str) -> str:
        if outcome.parse is None and not text and self._settings.wake:
            # Noise that is no word deserves no apology.
            return ""
        return outcome.reply.text

    def _answer(
        self,
        record: Turn,
        outcome: Outcome,
        committed: float,
        since_speech: Callable[[float | None], float | None],
        audio: Samples | None,
    ) -> None:
        """Speak the reply and finish the record when it has been spoken or interrupted."""
        box = [record]

        def on_first(at: float) -> None:
            clocks = replace(
                box[0].clocks_ms,
                heard=since_speech(at),
                compute=round((at - committed) * 1e3, 2),
            )
            stages = {**box[0].stages_ms, "speak": round((at - spoken_from) * 1e3, 2)}
            box[0] = replace(box[0], clocks_ms=clocks, stages_ms=stages)

        def on_done(finished: bool) -> None:
            self._finish(replace(box[0], interrupted=bool(box[0].reply) and not finished), audio)

        self._listening = None
        self._expects_answer = outcome.reply.expects_answer
        spoken_from = perf_counter()
        self._bus.publish(EventKind.REPLY, record.id, text=record.reply)
        if not record.reply:
            self._finish(record, audio)
            self._rest()
            return
        self._speak(record.reply, on_first, on_done, record.id)

    # -- speaking -----------------------------------------------------------------------------------

    def _speak(
        self,
        text: str,
        on_first: Callable[[float], None],
        on_done: Callable[[bool], None],
        turn_id: str,
        *,
        chime: bool = False,
    ) -> None:
        def first(at: float) -> None:
            on_first(at)
            self._bus.publish(EventKind.REPLY_STARTED, turn_id)

        def done(finished: bool) -> None:
            self._bus.publish(EventKind.REPLY_ENDED, turn_id, finished=finished)
            on_done(finished)
            with self._lock:
                if self._utterance is utterance:
                    self._utterance = None
                    if self._phase is Phase.SPEAKING:
                        self._rest()

        utterance = Utterance(self._voice, self._sink, spoken(text), first, done, chime=chime)
        self._utterance = utterance
        self._ears.new_turn()
        self._enter(Phase.SPEAKING, turn_id)
        utterance.start()

    def _finish(self, record: Turn, audio: Samples | None) -> None:
        self._bus.publish(EventKind.TURN, record.id, accepted=record.accepted)
        try:
            self._on_turn(record, audio)
        except SottoError as error:
            # A full disk costs the record, not the answer.
            log.warning("turn %s was not stored: %s", record.id, error)
            self._bus.publish(EventKind.WARNING, record.id, code=error.code, message=error.message)


def _is_one_breath(turn: _Listening, activity: Activity) -> bool:
    """Whether speech went on behind the wake word without a pause that could be heard."""
    return turn.wake is not None and activity.onset is not None and activity.onset <= turn.wake.end


def _rounded(values: dict[str, float]) -> dict[str, float]:
    return {name: round(float(value), 3) for name, value in values.items() if np.isfinite(value)}


__all__ = ["NOT_UNDERSTOOD", "Conversation", "ConversationSettings", "Phase"]
