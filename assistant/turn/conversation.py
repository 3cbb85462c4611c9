"""Conducts one audio stream: Idle -> Listening -> Deciding -> Speaking.

Data goes one way: `Ears` hear a frame, `TurnTaking` decides what follows from it, and the decision is carried
out here, as are the effects that an answerer returns. The conversation alone owns the lock. Time is the time
of the stream: silence is counted in samples. Only the clocks of the record (`decided`, `acted`, `heard`,
`compute`), the wait for a hub, and the check for a lost microphone read the machine's clock.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter

from assistant.audio.format import Samples
from assistant.events import EventKind
from assistant.hearing.ears import HearingFrame
from assistant.skills.common_lines import FAILED
from assistant.turn.answer import Announce, Answerer, Await, Effect, EndOfTurn, OnDone, Reply, Rest, Speak
from assistant.turn.box_answerer import BoxAnswerer
from assistant.turn.context import StreamContext
from assistant.turn.continuation import Continuation
from assistant.turn.endpointer import Endpointer
from assistant.turn.hub_pipeline import HubPipeline
from assistant.turn.hub_port import HubPort
from assistant.turn.planner import Planner
from assistant.turn.playback import Playback
from assistant.turn.recorder import Recorder, SpokenReply, Stopwatch, StreamClock
from assistant.turn.settings import Phase
from assistant.turn.state import (
    BargeIn,
    CheckDeadline,
    Close,
    Commit,
    Correct,
    Decision,
    Forget,
    Open,
    PassOver,
    Restart,
    Stop,
    StreamState,
    Wait,
    Wake,
)
from assistant.turn.transcriber import Transcriber
from assistant.turn.turn_taking import TurnTaking
from assistant.turn.user_turn import Opening, UserTurn
from assistant.turn.utterance import Speech, Utterance, speech_from

log = logging.getLogger(__name__)


class Conversation:
    """Conducts one audio stream: it takes frames, publishes events, and replies through the sink.

    All public methods may be called from any thread.

    Args:
        context: of the stream.
    """

    def __init__(self, context: StreamContext) -> None:
        settings = context.settings
        self._context = context
        self._lock = threading.RLock()
        self._state = StreamState(perf_counter())
        self._clock = StreamClock(realtime=settings.realtime)
        self._recorder = Recorder(context.bus, context.on_turn, context.label)
        self._playback = Playback(context.sink, context.bus, self._utterance_ended)
        planner = Planner(context.dialogue, context.voice)
        transcriber = Transcriber(context, planner)
        endpointer = Endpointer(context, transcriber)
        self._continuation = Continuation(endpointer, transcriber, settings)
        self._turn_taking = TurnTaking(endpointer, self._continuation, settings)
        self._pipeline = HubPipeline(context, self._recorder, self._run)
        self._box = BoxAnswerer(
            context,
            endpointer,
            transcriber,
            self._continuation,
            planner,
            self._recorder,
            self._pipeline.take_over,
        )
        #: The interface for a hub that answers instead of the box.
        self.hub = HubPort(self._pipeline, self._run)
        if not settings.wake:
            self._listen(UserTurn(Opening(0, 0), self._state.activity))

    @property
    def phase(self) -> Phase:
        """Where the conversation is now."""
        return self._state.phase

    @property
    def is_alert(self) -> bool:
        """Whether there is a turn or a reply, or the VAD gate is open."""
        return self._state.phase is not Phase.IDLE or self._state.activity.gate_open

    def feed(self, frame: Samples) -> None:
        """Take the next 10 ms: int16 (160,), 16 kHz.

        Raises:
            InvalidInput: `hearing.frame` for a frame of another shape or type.
        """
        arrived = perf_counter()
        with self._lock:
            heard = self._hear(frame, arrived)
            decision = self._turn_taking.decide(
                self._state,
                heard,
                sounding=self._playback.sounding,
                behind_ms=self._clock.behind_ms(perf_counter()),
            )
            self._apply(decision)

    def end_of_stream(self) -> None:
        """No more audio comes: commit the turn being heard, and wait until the reply was played."""
        with self._lock:
            state = self._state
            if state.turn is not None and state.activity.position:
                if state.activity.last_speech is not None and not state.awaits_silence:
                    self._commit_now(state.turn)
                else:
                    state.turn = None
                    self._enter(Phase.IDLE)
        self.wait()

    def wait(self, timeout: float | None = None) -> None:
        """Wait until nothing is being played, at most `timeout` seconds."""
        self._playback.wait(timeout)

    def say(self, what: str | Samples, *, chime: bool = False) -> bool:
        """Speak a text, or play a sound, int16 (n,) at the rate of the voice, unprompted (a timer rings).

        Returns:
            Whether it is being played: False while a turn is heard or answered.
        """
        return self.play(speech_from(self._context.voice, what, with_chime=chime))

    def play(self, speech: Speech, on_done: OnDone = lambda _finished: None) -> bool:
        """As `say`, for any sound; `on_done` is called with whether all of it was played."""
        with self._lock:
            # If the microphone is lost, no frame comes that would end the wait or the turn.
            now = perf_counter()
            self._check_deadline(now)
            state, settings = self._state, self._context.settings
            deaf = settings.realtime and now - state.fed_at > settings.deaf_after_s
            if deaf and settings.wake and state.phase is Phase.LISTENING:
                state.expects_answer = False
                self._rest()
            busy = state.turn is not None and (state.turn.heard_speech or settings.wake)
            if busy or state.phase in (Phase.DECIDING, Phase.WAITING, Phase.SPEAKING):
                return False
            self._play(Speak(speech, on_done=on_done))
            return True

    def interrupt(self, reason: str) -> None:
        """Stop playback at once; then wait for a wake word, or listen in an open stream."""
        with self._lock:
            if not self._playback.sounding or self._state.phase is not Phase.SPEAKING:
                return
            self._context.bus.publish(EventKind.INTERRUPTED, reason=reason)
            self._playback.stop()

    def close(self) -> None:
        """Drop the turn being heard, stop playback, and free the audio that was kept."""
        with self._lock:
            self._pipeline.drop()
            self._continuation.forget()
            self._state.turn = None
        self._playback.stop()
        self._playback.wait(5)
        # The parts of a conversation refer to each other, so only the cyclic garbage collector frees them. In
        # a process with many long-lived objects it runs once in hundreds of turns.
        self._context.ears.close()

    # -- hearing -------------------------------------------------------------------------------------

    def _hear(self, frame: Samples, arrived: float) -> HearingFrame:
        state, ears = self._state, self._context.ears
        state.fed_at = arrived
        self._clock.tick(ears.position + len(frame), arrived)
        awaits_wake = self._context.settings.wake and state.phase not in (Phase.LISTENING, Phase.DECIDING)
        heard = ears.feed(frame, want_wake=awaits_wake)
        state.activity = heard.activity
        if heard.activity.started:
            self._context.bus.publish(EventKind.ONSET, stream=self._context.label)
        turn = state.listening_to
        if turn is not None and not state.awaits_silence:
            turn.activity = heard.activity
            if heard.activity.last_speech is not None and not turn.heard_speech:
                turn.heard_speech = True
                self._context.bus.publish(EventKind.SPEECH_STARTED, turn.id)
            self._answerer_of(turn).hear(turn)
        return heard

    def _apply(self, decision: Decision) -> None:
        """Carry out the decision after a frame."""
        ears = self._context.ears
        match decision:
            case Wait(duck):
                if duck:
                    self._playback.duck(self._context.settings.duck_to)
            case Forget():
                ears.new_turn()
            case Wake(frame):
                self._woken(frame)
            case Open(turn):
                self._state.awaits_silence = False
                ears.new_turn()
                self._listen(turn)
            case Commit(turn):
                self._commit(turn)
            case Restart(turn):
                ears.new_turn()
                turn.restart(ears.position)
            case Close(turn):
                self._context.bus.publish(EventKind.SPEECH_ENDED, turn.id, reason="nothing was said")
                self._pipeline.drop()
                self._rest()
            case Correct(before, whole):
                self.interrupt("the sentence went on")
                joined = before.with_what_followed(self._state.activity)
                self._decide(joined, lambda watch: self._box.correct(before, joined, whole, watch))
            case BargeIn(turn):
                self.interrupt("barge-in")
                self._commit(turn)
            case Stop():
                self.interrupt("stop word")
                self._box.stop()
                self._pass_over()
            case PassOver():
                self._pass_over()
            case CheckDeadline():
                self._check_deadline(self._state.fed_at)

    def _woken(self, frame: HearingFrame) -> None:
        probability = round(frame.wake_probability, 3)
        self._context.bus.publish(EventKind.WAKE, word=frame.wake_word, probability=probability)
        self.interrupt("wake word")
        self._pipeline.drop()
        self._continuation.forget()
        turn = UserTurn.opened_by_wake_word(frame, self._context.settings.breath_ms)
        self._context.ears.new_turn(frame.wake_end)
        self._state.awaits_silence = False
        self._listen(turn)
        self._pipeline.offer(turn)

    def _pass_over(self) -> None:
        self._playback.duck(1.0)
        self._context.ears.new_turn()

    def _check_deadline(self, now: float) -> None:
        if self._state.phase is Phase.WAITING and (effect := self._pipeline.check_deadline(now)) is not None:
            self._carry_out(effect)

    # -- deciding ------------------------------------------------------------------------------------

    def _answerer_of(self, turn: UserTurn) -> Answerer:
        return self._pipeline if turn.for_hub else self._box

    def _commit_now(self, turn: UserTurn) -> None:
        """Commit the turn for another reason than endpointing."""
        turn.activity = self._state.activity
        self._commit(turn)

    def _commit(self, turn: UserTurn) -> None:
        self._decide(turn, lambda watch: self._answerer_of(turn).answer(turn, watch))

    def _decide(self, turn: UserTurn, answer: Callable[[Stopwatch], Effect]) -> None:
        with self._deciding(turn) as watch:
            self._carry_out(answer(watch))

    @contextmanager
    def _deciding(self, turn: UserTurn) -> Iterator[Stopwatch]:
        """Commit a turn. An error while it is decided ends that turn only."""
        activity = turn.activity
        watch = self._clock.stopwatch(perf_counter(), activity.last_speech)
        self._state.heard_until = activity.last_speech or 0
        self._enter(Phase.DECIDING, turn.id)
        self._context.bus.publish(EventKind.SPEECH_ENDED, turn.id, silence_ms=activity.ended_silence_ms)
        try:
            yield watch
        except Exception:
            # An error in one turn must not end the conversation.
            log.exception("turn %s failed", turn.id)
            self._recorder.failed(turn.id, self._context.dialogue.replies.text(FAILED))
            self._rest()

    # -- effects -------------------------------------------------------------------------------------

    def _run(self, step: Callable[[], Effect | None]) -> bool:
        """Run a step of the hub pipeline and carry out its effect; False if that is not possible now."""
        with self._lock:
            effect = step()
            return effect is None or self._carry_out(effect)

    def _carry_out(self, effect: Effect) -> bool:
        """Carry out what an answerer has returned; False if it is not possible now. The lock is held."""
        match effect:
            case Speak():
                self._play(effect)
            case Announce(speech, on_done):
                return self.play(speech, on_done)
            case Reply():
                self._reply(effect)
            case Await(turn_id):
                self._state.turn = None
                self._enter(Phase.WAITING, turn_id)
            case Rest():
                self._rest()
            case EndOfTurn():
                if self._state.turn is not None:
                    self._commit_now(self._state.turn)
        return True

    def _reply(self, reply: Reply) -> None:
        """Play the reply and finish the record when it was played or interrupted."""
        record = reply.record
        self._state.turn = None
        self._state.expects_answer = reply.answered.outcome.reply.expects_answer
        self._context.bus.publish(EventKind.REPLY, record.id, text=record.reply)
        if not record.reply:
            self._recorder.finish(record, reply.audio)
            self._rest()
            return
        spoken = SpokenReply(record, reply.watch, lambda done: self._recorder.finish(done, reply.audio))

        def begun(at: float) -> dict[str, object]:
            reply.answered.sounds_from = self._context.ears.position
            return spoken.begun(at)

        speech = speech_from(self._context.voice, record.reply)
        self._play(Speak(speech, record.id, begun, spoken.ended))

    def _play(self, effect: Speak) -> None:
        self._context.ears.new_turn()
        self._enter(Phase.SPEAKING, effect.turn_id)
        self._playback.play(effect)

    def _utterance_ended(self, utterance: Utterance) -> None:
        with self._lock:
            if self._playback.ended(utterance) and self._state.phase is Phase.SPEAKING:
                self._rest()

    def _enter(self, phase: Phase, turn_id: str = "") -> None:
        if phase is not self._state.phase:
            self._state.phase = phase
            self._context.bus.publish(EventKind.STATE, turn_id, state=phase.value, stream=self._context.label)

    def _listen(self, turn: UserTurn) -> None:
        self._state.turn = turn
        self._enter(Phase.LISTENING, turn.id)

    def _rest(self) -> None:
        """Wait again: for a wake word, or for the next utterance of an open stream."""
        state, wake = self._state, self._context.settings.wake
        state.turn = None
        follow_up, state.expects_answer = state.expects_answer, False
        # A turn may end before `release_ms` of its last word are over.
        activity = state.activity
        speaking = activity.is_speech and (activity.last_speech or 0) > state.heard_until
        # An utterance must never be recognised from its middle: "do not turn on the light" would turn it on.
        # In an open stream, an utterance that began during the reply is kept whole. The microphone of a room
        # hears the reply itself, so there, speech that is under way when the reply ends is ignored.
        state.awaits_silence = speaking and wake
        if speaking and activity.onset is not None and not wake:
            self._listen(UserTurn.opened_at_onset(activity))
            return
        self._context.ears.new_turn()
        if wake and not follow_up:
            self._enter(Phase.IDLE)
        else:
            self._listen(UserTurn.opened_here(activity))
