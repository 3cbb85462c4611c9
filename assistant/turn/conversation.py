"""The turn: Idle -> UserTurn -> Deciding -> Speaking. The one conductor.

It is fed frames and owns no clock but the stream's own: silence is counted in samples. Only the clocks
of the record (`decided`, `acted`, `heard`, `compute`) and the wait for a hub read the machine's time.
"""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter

from assistant.audio.format import SAMPLE_RATE, Samples
from assistant.audio.sink import AudioSink
from assistant.events import EventBus, EventKind
from assistant.hearing.activity import Activity
from assistant.hearing.ears import Ears, HearingFrame
from assistant.speech.recogniser import Recogniser
from assistant.speech.spoken import spoken
from assistant.turn.continuation import AnsweredTurn, Continuation, Remark
from assistant.turn.dialogue import APOLOGY, Dialogue, Outcome, Plan
from assistant.turn.endpointing import TurnEndSettings
from assistant.turn.hub_pipeline import HubPipeline
from assistant.turn.hub_turn import DEFAULT_HANDOVER, HandoverSettings
from assistant.turn.listener import Endpointer, Guess, UserTurn, Verdict
from assistant.turn.playback import OnFirst, Playback
from assistant.turn.recorder import Answer, Records, Stopwatch, StreamClock
from assistant.turn.settings import ConversationSettings, Phase
from assistant.turn.store import Turn
from assistant.turn.utterance import Speech, Voice, speech_from

log = logging.getLogger(__name__)


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
        handover: HandoverSettings = DEFAULT_HANDOVER,
        sounds_finished: Callable[[Samples], float] | None = None,
    ) -> None:
        self._ears = ears
        self._listener = Endpointer(
            ears,
            recogniser,
            lambda: dialogue.grammar,
            settings,
            turn_end,
            bus,
            self._foresee,
            sounds_finished,
        )
        self._records = Records(bus, on_turn, label)
        self._dialogue = dialogue
        self._bus = bus
        self._settings = settings
        self._label = label
        self._speaker = uuid.uuid4().hex
        self._lock = threading.RLock()
        self._phase = Phase.IDLE
        self._listening: UserTurn | None = None
        self._activity: Activity | None = None
        self._clock = StreamClock(realtime=settings.realtime)
        self._expects_answer = False
        self._await_silence = False
        self._heard_until = 0
        self._fed_at = perf_counter()
        self._playback = Playback(voice, sink, bus, self._lock, self._fell_silent)
        self._continuation = Continuation(self._listener, self._playback, settings)
        #: Where a hub sits down that is to answer instead of the box.
        self.hub_pipeline = HubPipeline(
            self, self._lock, ears, self._playback, self._records, bus, handover, dialogue.rings
        )
        if not settings.wake:
            self._listen(UserTurn(0, 0))

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
            self._fed_at = arrived
            self._clock.tick(self._ears.position + len(frame), arrived)
            awaiting_wake = self._settings.wake and self._phase not in (Phase.LISTENING, Phase.DECIDING)
            heard = self._ears.feed(frame, want_wake=awaiting_wake)
            self._activity = heard.activity
            if heard.activity.started:
                self._bus.publish(EventKind.ONSET, stream=self._label)
            if heard.wake_word:
                self._woken(heard)
            elif self._goes_on(heard.activity):
                pass
            elif self._phase is Phase.IDLE:
                if heard.activity.last_speech is not None and not heard.activity.is_speech:
                    # What was said before is not the breath of a wake word to come.
                    self._ears.new_turn()
            elif self._phase is Phase.LISTENING and self._listening is not None:
                self._hear(self._listening, heard.activity)
            elif self._phase is Phase.SPEAKING:
                self._hear_over_reply(heard.activity)
            elif self._phase is Phase.WAITING:
                self.hub_pipeline.look_at_the_clock(arrived)

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
        self._playback.wait(timeout)

    def say(self, what: str | Samples, *, chime: bool = False) -> bool:
        """Speak a text, or play a sound at the voice's rate, unprompted (a timer rings).

        Returns:
            Whether it is being spoken: not while a turn is heard or answered.
        """
        return self.play(speech_from(self._playback.voice, what, with_chime=chime))

    def play(self, speech: Speech, on_done: Callable[[bool], None] = lambda _finished: None) -> bool:
        """As `say`, for any sound; `on_done` is told whether all of it was heard."""
        with self._lock:
            # With the microphone gone, no frame comes that would end the wait or the turn.
            now = perf_counter()
            self.hub_pipeline.look_at_the_clock(now)
            deaf = self._settings.realtime and now - self._fed_at > self._settings.deaf_after_s
            if deaf and self._settings.wake and self._phase is Phase.LISTENING:
                self._expects_answer = False
                self.rest()
            busy = self._listening is not None and (self._listening.heard_speech or self._settings.wake)
            if busy or self._phase in (Phase.DECIDING, Phase.WAITING, Phase.SPEAKING):
                return False
            self.speak(speech, on_done=on_done)
            return True

    def commit(self) -> None:
        """The sentence being heard is over, as a hub finds that is told of it. The caller holds the lock."""
        if self._listening is not None and self._activity is not None:
            self._commit(self._listening, self._activity)

    def interrupt(self, reason: str) -> None:
        """Stop speaking at once and listen again as the stream's settings say."""
        with self._lock:
            if not self._playback.speaking or self._phase is not Phase.SPEAKING:
                return
            self._bus.publish(EventKind.INTERRUPTED, reason=reason)
            self._playback.stop()

    def close(self) -> None:
        """Drop the turn being heard, stop speaking, and give back what was heard."""
        with self._lock:
            self.hub_pipeline.drop()
            self._listening = None
        self._playback.stop()
        self._playback.wait(5)
        # The parts of a conversation know each other, so that only the collector of cycles frees it, which
        # in a process of many lasting objects comes by once in hundreds of turns.
        self._ears.close()

    # -- hearing -------------------------------------------------------------------------------------

    def _enter(self, phase: Phase, turn_id: str = "") -> None:
        if phase is not self._phase:
            self._phase = phase
            self._bus.publish(EventKind.STATE, turn_id, state=phase.value, stream=self._label)

    def _listen(self, turn: UserTurn) -> None:
        self._listening = turn
        self._enter(Phase.LISTENING, turn.id)

    def rest(self) -> None:
        """Back to waiting: for a wake word, or for the next sentence of an open stream."""
        self._listening = None
        follow_up, self._expects_answer = self._expects_answer, False
        # A turn may end before the voice activity has let go of its last word.
        activity = self._activity
        speaking = (
            activity is not None and activity.is_speech and (activity.last_speech or 0) > self._heard_until
        )
        # A sentence must never be heard from its middle: "do not turn on the light" would turn it on. In
        # an open stream one that began during the reply is kept whole. A room's microphone hears the
        # reply itself, so there, what is under way when the reply ends is passed over.
        self._await_silence = speaking and self._settings.wake
        onset = activity.onset if activity is not None else None
        if speaking and onset is not None and not self._settings.wake:
            self._listen(UserTurn(onset, onset))
            return
        self._ears.new_turn()
        if self._settings.wake and not follow_up:
            self._enter(Phase.IDLE)
        else:
            self._listen(UserTurn(self._ears.position, self._ears.position))

    def _woken(self, heard: HearingFrame) -> None:
        self._bus.publish(EventKind.WAKE, word=heard.wake_word, probability=round(heard.wake_probability, 3))
        self.interrupt("wake word")
        self.hub_pipeline.drop()
        self._continuation.forget()
        turn = self._listener.opened_by(heard)
        self._ears.new_turn(heard.wake_end)
        self._await_silence = False
        self._listen(turn)
        self.hub_pipeline.offer(turn)

    def _hear(self, turn: UserTurn, activity: Activity) -> None:
        if self._await_silence:
            if activity.is_speech:
                return
            self._await_silence = False
            self._ears.new_turn()
            self._listen(UserTurn(self._ears.position, self._ears.position))
            return
        if activity.last_speech is not None and not turn.heard_speech:
            turn.heard_speech = True
            self._bus.publish(EventKind.SPEECH_STARTED, turn.id)
        self.hub_pipeline.tell()
        match self._listener.follow(turn, activity, self._clock.behind_ms(perf_counter())):
            case Verdict.COMMIT:
                self._commit(turn, activity)
            case Verdict.BEGIN_AGAIN:
                self._ears.new_turn()
                turn.earliest, turn.wake, turn.guess = self._ears.position, None, None
            case Verdict.CLOSE:
                self._bus.publish(EventKind.SPEECH_ENDED, turn.id, reason="nothing was said")
                self.hub_pipeline.drop()
                self.rest()

    def _hear_over_reply(self, activity: Activity) -> None:
        """A word over the reply: "stop" ends it, and so does a sentence where one may be said."""
        remark = self._continuation.over_reply(activity, asked=self._expects_answer)
        if remark is Remark.NOTHING:
            return
        if isinstance(remark, UserTurn):
            self.interrupt("barge-in")
            self._commit(remark, activity)
            return
        if remark is Remark.STOP:
            self.interrupt("stop word")
            self._dialogue.respond("stop", speaker=self._speaker)
        self._playback.duck(1.0)
        self._ears.new_turn()

    def _goes_on(self, activity: Activity) -> bool:
        """Whether what is heard may be the rest of the last sentence; once it is, the whole is taken."""
        before = self._continuation.follows(activity)
        if before is None or self._phase in (Phase.DECIDING, Phase.WAITING):
            return False
        guess = self._continuation.correction(before, activity)
        if guess is None:
            return self._continuation.may_come(before, activity, self._phase)
        self._correct(before, guess, activity)
        return True

    # -- deciding ------------------------------------------------------------------------------------

    def _commit(self, turn: UserTurn, activity: Activity) -> None:
        with self._deciding(turn, activity) as watch:
            if turn.for_hub:
                self._await_hub(turn, watch)
            else:
                self._decide(turn, activity, watch)

    @contextmanager
    def _deciding(self, turn: UserTurn, activity: Activity) -> Iterator[Stopwatch]:
        """A turn is over; what fails while it is decided costs that turn alone."""
        watch = self._clock.stopwatch(perf_counter(), activity.last_speech)
        self._heard_until = activity.last_speech or 0
        self._enter(Phase.DECIDING, turn.id)
        self._bus.publish(EventKind.SPEECH_ENDED, turn.id, silence_ms=activity.ended_silence_ms)
        try:
            yield watch
        except Exception:
            # One bad turn must not make the box deaf.
            log.exception("turn %s failed", turn.id)
            self._records.failed(turn.id, APOLOGY)
            self.rest()

    def _decide(self, turn: UserTurn, activity: Activity, watch: Stopwatch) -> None:
        guess = self._listener.final(turn, activity)
        plan = guess.plan
        if plan is None or not self._dialogue.is_current(plan):
            plan = self._dialogue.plan(guess.text, speaker=self._speaker)
        outcome = self._dialogue.carry_out(plan)
        self._bus.publish(EventKind.TRANSCRIPT, turn.id, text=guess.text, final=True)
        if outcome.parse is None and guess.text:
            start = self._listener.start_of(turn, activity)
            if self.hub_pipeline.pass_on(turn, start, guess.text):
                self._await_hub(turn, watch)
                return
        # Noise that is no word deserves no apology.
        mute = outcome.parse is None and not guess.text and self._settings.wake
        record = self._records.decided(turn, guess, outcome, watch, mute=mute)
        self._answer(turn, activity, outcome, record, watch)

    def _correct(self, before: AnsweredTurn, guess: Guess, activity: Activity) -> None:
        """The speaker went on: what was done is taken back as far as it does not belong to the whole."""
        turn = before.joined_turn(activity.position)
        self._listener.went_on(((activity.onset or 0) - before.committed) * 1000 // SAMPLE_RATE)
        self.interrupt("the sentence went on")
        with self._deciding(turn, activity) as watch:
            outcome = self._dialogue.correct(before.outcome, guess.text, speaker=self._speaker)
            self._bus.publish(EventKind.TRANSCRIPT, turn.id, text=guess.text, final=True)
            self._bus.publish(EventKind.CORRECTED, turn.id, of=before.turn_id)
            record = self._records.decided(turn, guess, outcome, watch, mute=False)
            self._answer(turn, activity, outcome, record, watch)

    def _foresee(self, text: str) -> Plan:
        """What the sentence would lead to if it ended here. Its reply is begun, perhaps for nothing."""
        plan = self._dialogue.plan(text, speaker=self._speaker)
        if plan.reply.text:
            self._playback.voice.prepare(spoken(plan.reply.text))
        return plan

    def _await_hub(self, turn: UserTurn, watch: Stopwatch) -> None:
        self._listening = None
        self._enter(Phase.WAITING, turn.id)
        self.hub_pipeline.end_of_sentence(watch)

    def _answer(
        self, turn: UserTurn, activity: Activity, outcome: Outcome, record: Turn, watch: Stopwatch
    ) -> None:
        """Speak the reply and finish the record when it has been spoken or interrupted."""
        audio = self._listener.speech_of(turn, activity) if self._settings.keep_audio else None
        answered = self._continuation.answered(turn, activity, self._ears.position, outcome)
        self._listening = None
        self._expects_answer = outcome.reply.expects_answer
        self._bus.publish(EventKind.REPLY, record.id, text=record.reply)
        if not record.reply:
            self._records.finish(record, audio)
            self.rest()
            return
        answer = Answer(record, watch, lambda done: self._records.finish(done, audio))

        def begun(at: float) -> dict[str, object]:
            answered.sounds_from = self._ears.position
            return answer.begun(at)

        self.speak(speech_from(self._playback.voice, record.reply), begun, answer.ended, record.id)

    def speak(
        self,
        speech: Speech,
        on_first: OnFirst = lambda _at: {},
        on_done: Callable[[bool], None] = lambda _finished: None,
        turn_id: str = "",
    ) -> None:
        """Speak now, whatever the phase; see `Playback.speak`. The caller holds the lock."""
        self._ears.new_turn()
        self._enter(Phase.SPEAKING, turn_id)
        self._playback.speak(speech, on_first, on_done, turn_id)

    def _fell_silent(self) -> None:
        if self._phase is Phase.SPEAKING:
            self.rest()
