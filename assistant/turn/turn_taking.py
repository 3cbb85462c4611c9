"""Decides what follows from a frame: one decision, returned as a value, from the state and the frame."""

from __future__ import annotations

from assistant.hearing.activity import Activity
from assistant.hearing.ears import HearingFrame
from assistant.turn.continuation import Continuation, Remark
from assistant.turn.endpointer import Endpointer, Verdict
from assistant.turn.settings import ConversationSettings, Phase
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
from assistant.turn.user_turn import UserTurn


class TurnTaking:
    """Decides after each frame of one stream. It recognises the turn, and changes nothing else.

    Args:
        endpointer, continuation, settings: of the stream.
    """

    def __init__(
        self, endpointer: Endpointer, continuation: Continuation, settings: ConversationSettings
    ) -> None:
        self._endpointer = endpointer
        self._continuation = continuation
        self._settings = settings

    def decide(
        self, state: StreamState, frame: HearingFrame, *, sounding: bool, behind_ms: float
    ) -> Decision:
        """Give the decision after a frame.

        Args:
            state: of the conversation, with the activity of this frame.
            frame: what was detected in it.
            sounding: whether something is being played.
            behind_ms: how late the frame is, in ms.
        """
        activity = frame.activity
        if frame.wake_word:
            return Wake(frame)
        if (continued := self._continued(state, activity, sounding)) is not None:
            return continued
        match state.phase:
            case Phase.IDLE:
                # Speech from before a wake word does not belong to its turn.
                over = activity.last_speech is not None and not activity.is_speech
                return Forget() if over else Wait()
            case Phase.LISTENING if state.turn is not None:
                return self._in_turn(state, state.turn, behind_ms)
            case Phase.SPEAKING:
                return self._over_reply(state, activity, sounding)
            case Phase.WAITING:
                return CheckDeadline()
        return Wait()

    def _continued(self, state: StreamState, activity: Activity, sounding: bool) -> Decision | None:
        """The decision if the speech may continue the last turn; None if it does not."""
        before = self._continuation.follows(activity, sounding=sounding)
        if before is None or state.phase in (Phase.DECIDING, Phase.WAITING):
            return None
        whole = self._continuation.correction(before, activity)
        if whole is not None:
            return Correct(before, whole)
        if self._continuation.may_come(before, activity, state.phase):
            return Wait(duck=activity.is_speech and self._ducks(sounding))
        return None

    def _in_turn(self, state: StreamState, turn: UserTurn, behind_ms: float) -> Decision:
        if state.awaits_silence:
            return Wait() if state.activity.is_speech else Open(UserTurn.opened_here(state.activity))
        match self._endpointer.follow(turn, behind_ms):
            case Verdict.COMMIT:
                return Commit(turn)
            case Verdict.RESTART:
                return Restart(turn)
            case Verdict.CLOSE:
                return Close(turn)
        return Wait()

    def _over_reply(self, state: StreamState, activity: Activity, sounding: bool) -> Decision:
        """The decision on speech over the reply: "stop" and, if one may be said, a sentence interrupt it."""
        remark = self._continuation.over_reply(activity, asked=state.expects_answer)
        match remark:
            case UserTurn():
                return BargeIn(remark)
            case Remark.STOP:
                return Stop()
            case Remark.PASSED:
                return PassOver()
        return Wait(duck=remark is Remark.UNDER_WAY and self._ducks(sounding))

    def _ducks(self, sounding: bool) -> bool:
        return self._settings.echo_free and sounding
