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
from math import isfinite
from time import perf_counter

from assistant.audio.format import SAMPLE_RATE, Samples
from assistant.audio.pace import Pace
from assistant.audio.sink import AudioSink
from assistant.dialogue import APOLOGY, Dialogue, Outcome
from assistant.errors import SottoError
from assistant.events import EventBus, EventKind
from assistant.hearing.activity import Activity
from assistant.hearing.ears import Ears, Heard
from assistant.hearing.turn_end import Decision, TurnEndSettings, decide
from assistant.listening import Guess, Listener, Listening, WakeWord
from assistant.speaking import Utterance, Voice
from assistant.speech.recogniser import Recogniser
from assistant.speech.spoken import spoken
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
    #: A wake word begins at most this long before its end.
    breath_ms: int = 1500
    #: After a wake word, speech no longer than this that means nothing is the wake word's own end.
    residue_ms: int = 300
    #: A wake word followed by nothing for this long closes the turn.
    no_speech_ms: int = 6000
    #: A "stop" said over a reply is at most this long.
    stop_word_ms: int = 1500


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
        self._listener = Listener(ears, recogniser)
        self._dialogue = dialogue
        self._voice = voice
        self._sink = sink
        self._bus = bus
        self._settings = settings
        self._turn_end = turn_end
        self._on_turn = on_turn
        self._label = label
        self._speaker = uuid.uuid4().hex
        self._lock = threading.RLock()
        self._phase = Phase.IDLE
        self._listening: Listening | None = None
        self._utterance: Utterance | None = None
        self._activity: Activity | None = None
        self._captured_at = 0.0
        self._pace = Pace(SAMPLE_RATE)
        self._expects_answer = False
        self._await_silence = False
        if not settings.wake:
            self._listen(Listening(0, 0))

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
            if heard.activity.started:
                self._bus.publish(EventKind.ONSET, stream=self._label)
            if heard.wake_word:
                self._woken(heard)
            elif self._phase is Phase.IDLE:
                if heard.activity.last_speech is not None and not heard.activity.is_speech:
                    # What was said before is not the breath of a wake word to come.
                    self._ears.new_turn()
            elif self._phase is Phase.LISTENING and self._listening is not None:
                self._hear(self._listening, heard.activity)
            elif self._phase is Phase.SPEAKING:
                self._listen_for_stop(heard.activity)

    def end_of_stream(self) -> None:
        """No more audio comes: commit what was heard, and wait until the answer is spoken."""
        with self._lock:
            if self._listening is not None and self._activity is not None:
                if self._activity.last_speech is not None and not self._await_silence:
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
            self._speak(text, lambda _at: {}, lambda _finished: None, turn_id="", chime=chime)
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

    # -- hearing -------------------------------------------------------------------------------------

    def _enter(self, phase: Phase, turn_id: str = "") -> None:
        if phase is not self._phase:
            self._phase = phase
            self._bus.publish(EventKind.STATE, turn_id, state=phase.value, stream=self._label)

    def _listen(self, turn: Listening) -> None:
        self._listening = turn
        self._enter(Phase.LISTENING, turn.id)

    def _rest(self) -> None:
        """Back to waiting: for a wake word, or for the next sentence of an open stream."""
        self._listening = None
        follow_up, self._expects_answer = self._expects_answer, False
        speaking = self._activity is not None and self._activity.is_speech
        # A sentence must never be heard from its middle: "do not turn on the light" would turn it on. In
        # an open stream one that began during the reply is kept whole. A room's microphone hears the
        # reply itself, so there, what is under way when the reply ends is passed over.
        self._await_silence = speaking and self._settings.wake
        onset = self._activity.onset if self._activity is not None else None
        if speaking and onset is not None and not self._settings.wake:
            self._listen(Listening(onset, onset))
            return
        self._ears.new_turn()
        if self._settings.wake and not follow_up:
            self._enter(Phase.IDLE)
        else:
            self._listen(Listening(self._ears.position, self._ears.position))

    def _woken(self, heard: Heard) -> None:
        self._bus.publish(EventKind.WAKE, word=heard.wake_word, probability=round(heard.wake_probability, 3))
        self.interrupt("wake word")
        reach = heard.wake_end - self._settings.breath_ms * SAMPLE_RATE // 1000
        breath = max(0, reach, heard.activity.onset or 0)
        wake = WakeWord(heard.wake_word.replace("_", " "), breath, heard.wake_end)
        self._ears.new_turn(heard.wake_end)
        self._await_silence = False
        self._listen(Listening(self._ears.position, heard.wake_end, wake))

    def _hear(self, turn: Listening, activity: Activity) -> None:
        if self._await_silence:
            if activity.is_speech:
                return
            self._await_silence = False
            self._ears.new_turn()
            self._listen(Listening(self._ears.position, self._ears.position))
            return
        if activity.last_speech is None:
            self._expect_speech(turn)
            return
        if not turn.heard_speech:
            turn.heard_speech = True
            self._bus.publish(EventKind.SPEECH_STARTED, turn.id)
        if not self._settings.endpointing:
            return  # nothing can be committed before the stream ends
        self._recognise_in_pause(turn, activity)
        guess = turn.current_guess(activity)
        ended = decide(
            activity.ended_silence_ms,
            activity.speech_ms,
            guess.completeness if guess else None,
            self._turn_end,
        )
        if ended is Decision.COMMIT:
            if self._is_residue(turn, activity):
                self._ears.new_turn()
                self._listening = Listening(turn.opened, self._ears.position, id=turn.id)
            else:
                self._commit(turn, activity)

    def _expect_speech(self, turn: Listening) -> None:
        waited = (self._ears.position - turn.opened) * 1000 // SAMPLE_RATE
        if self._settings.wake and waited >= self._settings.no_speech_ms:
            self._bus.publish(EventKind.SPEECH_ENDED, turn.id, reason="nothing was said")
            self._rest()

    def _is_residue(self, turn: Listening, activity: Activity) -> bool:
        """Whether what was heard is only the last sound of the wake word: a pause may follow it."""
        return (
            self._settings.wake
            and activity.speech_ms <= self._settings.residue_ms
            and turn.guess is not None
            and not turn.guess.is_understood
        )

    def _recognise_in_pause(self, turn: Listening, activity: Activity) -> None:
        """Use the pauses: recognise quickly first, with the full search if the pause lasts."""
        guess, silence = turn.current_guess(activity), activity.ended_silence_ms
        if guess is None and silence >= self._settings.recognise_after_ms:
            self._recognise(turn, activity, search=False)
        if guess is None or guess.searched or guess.completeness is not Completeness.UNPARSED:
            return
        if silence >= self._settings.search_after_ms:
            self._recognise(turn, activity, search=True)

    def _recognise(self, turn: Listening, activity: Activity, *, search: bool) -> Guess:
        guess = self._listener.guess(turn, activity, self._dialogue.grammar, search=search)
        self._bus.publish(
            EventKind.TRANSCRIPT,
            turn.id,
            text=guess.text,
            final=False,
            completeness=guess.completeness.name.lower(),
        )
        return guess

    def _listen_for_stop(self, activity: Activity) -> None:
        """A short word over the reply: if it is "stop", fall silent."""
        if activity.last_speech is None or activity.onset is None or activity.is_speech:
            return
        if activity.speech_ms <= self._settings.stop_word_ms and self._listener.said_stop(activity):
            self.interrupt("stop word")
            self._dialogue.respond("stop", speaker=self._speaker)
        self._ears.new_turn()

    # -- deciding ------------------------------------------------------------------------------------

    def _commit(self, turn: Listening, activity: Activity) -> None:
        committed = perf_counter()
        self._enter(Phase.DECIDING, turn.id)
        self._bus.publish(EventKind.SPEECH_ENDED, turn.id, silence_ms=activity.ended_silence_ms)
        since_last = self._ears.position - (activity.last_speech or 0)
        spoke_at = self._captured_at - since_last / SAMPLE_RATE
        try:
            self._decide(turn, activity, _Stopwatch(committed, spoke_at, self._settings.realtime))
        except Exception:
            # One bad turn must not make the box deaf.
            log.exception("turn %s failed", turn.id)
            self._bus.publish(EventKind.WARNING, turn.id, code="turn.failed", message=APOLOGY)
            failed = Turn(turn.id, time.time(), "", accepted=False, reply=APOLOGY, label=self._label)
            self._finish(failed, None)
            self._rest()

    def _decide(self, turn: Listening, activity: Activity, watch: _Stopwatch) -> None:
        guess = turn.current_guess(activity)
        if guess is None or not (guess.searched or guess.is_understood):
            guess = self._recognise(turn, activity, search=True)
        transcript = guess.transcript
        outcome = self._dialogue.respond(guess.text, speaker=self._speaker)
        intent = outcome.parse.intent if outcome.parse else None
        slots = dict(outcome.parse.slots) if outcome.parse else {}
        accepted = outcome.parse is not None
        self._bus.publish(EventKind.TRANSCRIPT, turn.id, text=guess.text, final=True)
        self._bus.publish(EventKind.DECIDED, turn.id, accepted=accepted, intent=intent or "", slots=slots)
        if outcome.acted_at is not None:
            self._bus.publish(EventKind.ACTED, turn.id, intent=intent or "")
        # Noise that is no word deserves no apology.
        mute = not accepted and not guess.text and self._settings.wake
        record = Turn(
            id=turn.id,
            time=time.time(),
            transcript=guess.text,
            accepted=accepted,
            intent=intent,
            slots=slots,
            reply="" if mute else outcome.reply.text,
            clocks_ms=Clocks(
                decided=watch.since_speech(outcome.decided_at), acted=watch.since_speech(outcome.acted_at)
            ),
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
        audio = self._listener.speech_of(turn, activity) if self._settings.keep_audio else None
        self._answer(record, outcome, watch, audio)

    def _answer(self, record: Turn, outcome: Outcome, watch: _Stopwatch, audio: Samples | None) -> None:
        """Speak the reply and finish the record when it has been spoken or interrupted."""
        self._listening = None
        self._expects_answer = outcome.reply.expects_answer
        self._bus.publish(EventKind.REPLY, record.id, text=record.reply)
        if not record.reply:
            self._finish(record, audio)
            self._rest()
            return
        begun = perf_counter()
        box = [record]

        def on_first(at: float) -> dict[str, object]:
            compute = _ms(at - watch.committed)
            clocks = replace(record.clocks_ms, heard=watch.since_speech(at), compute=compute)
            box[0] = replace(
                record, clocks_ms=clocks, stages_ms={**record.stages_ms, "speak": _ms(at - begun)}
            )
            return {"compute_ms": compute}

        def on_done(finished: bool) -> None:
            self._finish(replace(box[0], interrupted=not finished), audio)

        self._speak(record.reply, on_first, on_done, record.id)

    # -- speaking ------------------------------------------------------------------------------------

    def _speak(
        self,
        text: str,
        on_first: Callable[[float], dict[str, object]],
        on_done: Callable[[bool], None],
        turn_id: str,
        *,
        chime: bool = False,
    ) -> None:
        """Speak; what `on_first` returns goes out with the event that the reply has begun."""

        def first(at: float) -> None:
            self._bus.publish(EventKind.REPLY_STARTED, turn_id, **on_first(at))

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


@dataclass(frozen=True)
class _Stopwatch:
    """When the turn was committed and when its last speech sample was captured (`perf_counter`)."""

    committed: float
    spoke_at: float
    realtime: bool

    def since_speech(self, at: float | None) -> float | None:
        """Milliseconds from the last speech sample to `at`; None where that means nothing."""
        return _ms(at - self.spoke_at) if self.realtime and at is not None else None


def _ms(seconds: float) -> float:
    return round(seconds * 1e3, 2)


def _rounded(values: dict[str, float]) -> dict[str, float]:
    return {name: round(float(value), 3) for name, value in values.items() if isfinite(value)}
