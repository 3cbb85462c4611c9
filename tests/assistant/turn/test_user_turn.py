"""The span of a turn follows from its opening and the newest voice activity."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.hearing.activity import Activity
from assistant.hearing.ears import HearingFrame
from assistant.hearing.stretches import LEAD_MS, TAIL_MS
from assistant.speech.recognition import Recognition
from assistant.speech.transcript import Transcript
from assistant.turn.state import NOTHING_YET
from assistant.turn.user_turn import Interpretation, Opening, UserTurn, WakeWord
from assistant.understanding.completeness import Completeness

PER_MS = 16
positions = st.integers(0, 1_000_000)


@st.composite
def activities(draw: st.DrawFn) -> Activity:
    onset, last, position = sorted(draw(st.tuples(positions, positions, positions)))
    return replace(NOTHING_YET, onset=onset, last_speech=last, position=position)


@st.composite
def turns(draw: st.DrawFn) -> UserTurn:
    activity = draw(activities())
    earliest = draw(positions)
    wake = draw(st.none() | st.builds(lambda at: WakeWord("okay nabu", at, at + 8_000), positions))
    joined = draw(st.none() | positions)
    return UserTurn(Opening(earliest, earliest, wake, joined), activity)


def interpretation(speech_end: int) -> Interpretation:
    transcript = Transcript("stop", 0.0, "free", 1.0)
    nothing = Recognition(None, None, 0.0, 0.0, None, None)  # type: ignore[arg-type]
    return Interpretation(speech_end, 0, transcript, "stop", Completeness.COMPLETE, False, nothing, 1.0)


@given(turns())
def test_the_audio_never_reaches_beyond_what_was_heard(turn: UserTurn) -> None:
    assert turn.end <= turn.activity.position
    assert turn.end <= (turn.activity.last_speech or 0) + TAIL_MS * PER_MS


@given(turns())
def test_audio_before_the_opening_belongs_to_somebody_else(turn: UserTurn) -> None:
    if turn.opening.joined_from is None:
        assert turn.start >= turn.opening.earliest
        assert turn.start == turn.opening.earliest or turn.start == turn.activity.onset - LEAD_MS * PER_MS  # type: ignore[operator]
    else:
        assert turn.start == turn.opening.joined_from


@given(turns())
def test_a_wake_word_is_part_of_the_utterance_exactly_if_no_pause_was_heard(turn: UserTurn) -> None:
    wake = turn.opening.wake
    if wake is None:
        assert turn.wake_in_utterance is None and turn.utterance_start == turn.start
    elif turn.opening.joined_from is None:
        assert (turn.wake_in_utterance is wake) == ((turn.activity.onset or 0) <= wake.end)
    if turn.wake_in_utterance is not None:
        assert turn.utterance_start == turn.wake_in_utterance.start


@given(turns(), positions)
def test_an_interpretation_is_current_until_more_is_said(turn: UserTurn, later: int) -> None:
    last = turn.activity.last_speech or 0
    turn.interpretation = interpretation(last)
    assert turn.current is turn.interpretation
    turn.activity = replace(turn.activity, last_speech=last + 1 + later, position=last + 2 + later)
    assert turn.current is None


@given(turns(), positions)
def test_a_restarted_turn_has_forgotten_its_wake_word(turn: UserTurn, position: int) -> None:
    opened, identifier = turn.opening.at, turn.id
    turn.interpretation = interpretation(0)
    turn.restart(position)
    forgotten: tuple[object, object] = (turn.opening.wake, turn.interpretation)
    assert forgotten == (None, None)
    assert (turn.opening.earliest, turn.opening.at, turn.id) == (position, opened, identifier)


def test_a_wake_word_begins_where_its_speech_did_but_not_earlier_than_it_can_be_long() -> None:
    activity = replace(NOTHING_YET, onset=10_000, last_speech=40_000, position=41_000)
    frame = HearingFrame(activity, "okay_nabu", 0.9, 40_000)
    near = UserTurn.opened_by_wake_word(frame, 5_000)
    far = UserTurn.opened_by_wake_word(frame, 1_000)
    assert near.opening.wake == WakeWord("okay nabu", 10_000, 40_000)
    assert far.opening.wake == WakeWord("okay nabu", 24_000, 40_000)
    assert near.opening.earliest == 40_000


@pytest.mark.parametrize(("judged_at", "verdict"), [(-1, None), (100, True), (99, None)])
def test_the_verdict_on_the_voice_holds_for_what_it_was_asked_of(
    judged_at: int, verdict: bool | None
) -> None:
    turn = UserTurn.opened_here(replace(NOTHING_YET, onset=0, last_speech=100, position=200))
    turn.voice_judged_at, turn.sounds_finished = judged_at, True
    assert turn.voice_sounds_finished is verdict
