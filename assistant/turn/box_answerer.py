"""The box answers turns, with its own grammar and skills."""

from __future__ import annotations

from collections.abc import Callable

from assistant.audio.format import SAMPLE_RATE
from assistant.events import EventKind
from assistant.turn.answer import Effect, Reply
from assistant.turn.context import StreamContext
from assistant.turn.continuation import AnsweredTurn, Continuation
from assistant.turn.dialogue import Outcome
from assistant.turn.endpointer import Endpointer
from assistant.turn.planner import Planner
from assistant.turn.recorder import Recorder, Stopwatch
from assistant.turn.transcriber import Transcriber
from assistant.turn.user_turn import Interpretation, UserTurn

#: Gives a turn that the grammar rejects to a hub; gets its text. None: there is no hub for it.
TakeOver = Callable[[UserTurn, str, Stopwatch], Effect | None]


class BoxAnswerer:
    """Answers by the dialogue of the box.

    Args:
        context: of the stream.
        endpointer: gives the final interpretation of a turn.
        transcriber: gives its audio.
        continuation: gets each turn that was answered.
        planner: of the speaker.
        recorder: of the stream.
        take_over: called for what the grammar rejects.
    """

    def __init__(
        self,
        context: StreamContext,
        endpointer: Endpointer,
        transcriber: Transcriber,
        continuation: Continuation,
        planner: Planner,
        recorder: Recorder,
        take_over: TakeOver,
    ) -> None:
        self._settings = context.settings
        self._bus = context.bus
        self._endpointer = endpointer
        self._transcriber = transcriber
        self._continuation = continuation
        self._planner = planner
        self._recorder = recorder
        self._take_over = take_over

    def hear(self, turn: UserTurn) -> None:
        """Does nothing: the endpointer follows the turn."""

    def answer(self, turn: UserTurn, watch: Stopwatch) -> Effect:
        """Understand the turn, do what was said, and reply."""
        interpretation = self._endpointer.final(turn)
        outcome = self._planner.carry_out(interpretation)
        text = interpretation.text
        self._bus.publish(EventKind.TRANSCRIPT, turn.id, text=text, final=True)
        if outcome.parse is None and text and (taken := self._take_over(turn, text, watch)) is not None:
            return taken
        # If no word was recognised after a wake word, it was noise: there is no apology.
        mute = outcome.parse is None and not text and self._settings.wake
        return self._reply(turn, interpretation, outcome, watch, mute=mute)

    def correct(
        self, before: AnsweredTurn, turn: UserTurn, whole: Interpretation, watch: Stopwatch
    ) -> Effect:
        """The speaker continued: acts that do not belong to the whole utterance are taken back.

        Args:
            before: the turn that was answered.
            turn: that turn and what followed it, as one.
            whole: the interpretation of both.
            watch: the clocks of both.
        """
        pause = (turn.activity.onset or 0) - before.committed
        self._endpointer.continued(pause * 1000 // SAMPLE_RATE)
        outcome = self._planner.correct(before.outcome, whole.text)
        self._bus.publish(EventKind.TRANSCRIPT, turn.id, text=whole.text, final=True)
        self._bus.publish(EventKind.CORRECTED, turn.id, of=before.turn_id)
        return self._reply(turn, whole, outcome, watch, mute=False)

    def stop(self) -> None:
        """The speaker has said "stop" over a reply."""
        self._planner.stop()

    def _reply(
        self,
        turn: UserTurn,
        interpretation: Interpretation,
        outcome: Outcome,
        watch: Stopwatch,
        *,
        mute: bool,
    ) -> Reply:
        record = self._recorder.decided(turn, interpretation, outcome, watch, mute=mute)
        audio = self._transcriber.audio_of(turn) if self._settings.keep_audio else None
        answered = self._continuation.answered(turn, turn.activity.position, outcome)
        return Reply(record, watch, audio, answered)
