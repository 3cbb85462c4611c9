"""One frame, one decision. Interpretations are given here; nothing is recognised."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest

from assistant.hearing.ears import HearingFrame
from assistant.turn.continuation import AnsweredTurn, Continuation, Remark
from assistant.turn.endpointer import Endpointer, Verdict
from assistant.turn.settings import ConversationSettings, Phase
from assistant.turn.state import (
    NOTHING_YET,
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
from assistant.turn.turn_taking import TurnTaking
from assistant.turn.user_turn import Interpretation, UserTurn

QUIET = NOTHING_YET
SPEECH = replace(NOTHING_YET, is_speech=True, onset=0, last_speech=1600, position=1600)
PAUSE = replace(SPEECH, is_speech=False, position=3200, ended_silence_ms=100)
TURN = UserTurn.opened_here(QUIET)
BEFORE = cast(AnsweredTurn, object())
WHOLE = cast(Interpretation, object())


class FixedResults:
    """An endpointer and a continuation in one that give fixed results."""

    def __init__(
        self, verdict: Verdict = Verdict.WAIT, remark: object = Remark.NOTHING, **found: Any
    ) -> None:
        self._verdict, self._remark, self._found = verdict, remark, found

    def follow(self, turn: UserTurn, behind_ms: float) -> Verdict:
        return self._verdict

    def follows(self, activity: object, *, sounding: bool) -> object:
        return self._found.get("before")

    def correction(self, before: object, activity: object) -> object:
        return self._found.get("whole")

    def may_come(self, before: object, activity: object, phase: Phase) -> bool:
        return bool(self._found.get("more"))

    def over_reply(self, activity: object, *, asked: bool) -> object:
        return self._remark


def decided(
    known: FixedResults, phase: Phase, frame: HearingFrame, *, echo_free: bool = True, **state: object
) -> Decision:
    settings = ConversationSettings(echo_free=echo_free)
    taking = TurnTaking(cast(Endpointer, known), cast(Continuation, known), settings)
    now = StreamState(0.0, phase=phase, activity=frame.activity, **state)  # type: ignore[arg-type]
    return taking.decide(now, frame, sounding=phase is Phase.SPEAKING, behind_ms=0.0)


@pytest.mark.parametrize("phase", list(Phase))
def test_a_wake_word_goes_before_everything(phase: Phase) -> None:
    frame = HearingFrame(SPEECH, "alexa", 0.9, 1000)
    known = FixedResults(Verdict.COMMIT, Remark.STOP, before=BEFORE, whole=WHOLE)
    assert decided(known, phase, frame, turn=TURN) == Wake(frame)


@pytest.mark.parametrize("phase", [Phase.IDLE, Phase.LISTENING, Phase.SPEAKING])
def test_the_rest_of_the_last_utterance_goes_before_a_new_one(phase: Phase) -> None:
    known = FixedResults(Verdict.COMMIT, Remark.STOP, before=BEFORE, whole=WHOLE)
    assert decided(known, phase, HearingFrame(PAUSE), turn=TURN) == Correct(BEFORE, WHOLE)


@pytest.mark.parametrize("phase", [Phase.DECIDING, Phase.WAITING])
def test_nothing_is_corrected_while_somebody_else_has_the_turn(phase: Phase) -> None:
    known = FixedResults(before=BEFORE, whole=WHOLE)
    assert not isinstance(decided(known, phase, HearingFrame(PAUSE)), Correct)


@pytest.mark.parametrize(
    ("echo_free", "activity", "duck"), [(True, SPEECH, True), (True, PAUSE, False), (False, SPEECH, False)]
)
def test_while_more_may_come_the_reply_is_ducked(echo_free: bool, activity: Any, duck: bool) -> None:
    known = FixedResults(remark=Remark.STOP, before=BEFORE, more=True)
    frame = HearingFrame(activity)
    assert decided(known, Phase.SPEAKING, frame, echo_free=echo_free) == Wait(duck)


@pytest.mark.parametrize(("activity", "decision"), [(QUIET, Wait()), (SPEECH, Wait()), (PAUSE, Forget())])
def test_in_idle_speech_that_is_over_is_forgotten(activity: Any, decision: Decision) -> None:
    assert decided(FixedResults(), Phase.IDLE, HearingFrame(activity)) == decision


@pytest.mark.parametrize(
    ("verdict", "decision"),
    [
        (Verdict.WAIT, Wait()),
        (Verdict.COMMIT, Commit(TURN)),
        (Verdict.RESTART, Restart(TURN)),
        (Verdict.CLOSE, Close(TURN)),
    ],
)
def test_a_turn_goes_as_its_endpointing_says(verdict: Verdict, decision: Decision) -> None:
    assert decided(FixedResults(verdict), Phase.LISTENING, HearingFrame(PAUSE), turn=TURN) == decision


def test_what_began_during_the_reply_is_passed_over_until_silence() -> None:
    state = {"turn": TURN, "awaits_silence": True}
    known = FixedResults(Verdict.COMMIT)
    assert decided(known, Phase.LISTENING, HearingFrame(SPEECH), **state) == Wait()  # type: ignore[arg-type]
    opened = decided(known, Phase.LISTENING, HearingFrame(PAUSE), **state)  # type: ignore[arg-type]
    assert isinstance(opened, Open)
    assert opened.turn.opening.at == PAUSE.position


@pytest.mark.parametrize(
    ("remark", "decision"),
    [
        (Remark.NOTHING, Wait()),
        (Remark.UNDER_WAY, Wait(duck=True)),
        (Remark.STOP, Stop()),
        (Remark.PASSED, PassOver()),
        (TURN, BargeIn(TURN)),
    ],
)
def test_words_over_the_reply(remark: object, decision: Decision) -> None:
    assert decided(FixedResults(remark=remark), Phase.SPEAKING, HearingFrame(PAUSE)) == decision


def test_while_a_hub_has_the_turn_only_its_deadline_counts() -> None:
    assert (
        decided(FixedResults(Verdict.COMMIT), Phase.WAITING, HearingFrame(PAUSE), turn=TURN)
        == CheckDeadline()
    )
