"""When the own network opens and closes: single steps, and promises over any course of events."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.provision.access_point import (
    PATIENCE_S,
    REOPEN_S,
    RETRY_S,
    Action,
    Facts,
    Stage,
    State,
    step,
)

FACTS = st.builds(
    Facts,
    online=st.booleans(),
    radio=st.booleans(),
    known=st.booleans(),
    submitted=st.booleans(),
    is_open=st.booleans(),
    idle_s=st.floats(0, 1000),
)
STAGES = st.sampled_from([Stage.WAITING, Stage.OPEN, Stage.JOINING])


@pytest.mark.parametrize(
    ("stage", "seconds", "facts", "then", "action"),
    [
        (Stage.WAITING, 0, Facts(), Stage.WAITING, Action.NOTHING),
        (Stage.WAITING, PATIENCE_S, Facts(), Stage.OPEN, Action.OPEN),
        (Stage.WAITING, PATIENCE_S, Facts(radio=False), Stage.WAITING, Action.NOTHING),
        (Stage.WAITING, 5, Facts(online=True), Stage.DONE, Action.FINISH),
        (Stage.OPEN, 5, Facts(is_open=True), Stage.OPEN, Action.NOTHING),
        (Stage.OPEN, 5, Facts(is_open=True, online=True), Stage.DONE, Action.FINISH),
        (Stage.OPEN, 5, Facts(is_open=True, submitted=True), Stage.JOINING, Action.JOIN),
        (Stage.OPEN, 5, Facts(is_open=True, submitted=True, online=True), Stage.JOINING, Action.JOIN),
        (Stage.OPEN, REOPEN_S, Facts(is_open=False), Stage.OPEN, Action.OPEN),
        (Stage.OPEN, RETRY_S, Facts(is_open=True, known=True), Stage.JOINING, Action.JOIN),
        (Stage.OPEN, RETRY_S, Facts(is_open=True, known=False), Stage.OPEN, Action.NOTHING),
        (Stage.OPEN, RETRY_S, Facts(is_open=True, known=True, idle_s=9), Stage.OPEN, Action.NOTHING),
        (Stage.JOINING, 5, Facts(known=True), Stage.JOINING, Action.NOTHING),
        (Stage.JOINING, 5, Facts(known=True, online=True), Stage.DONE, Action.FINISH),
        (Stage.JOINING, PATIENCE_S, Facts(known=True), Stage.OPEN, Action.OPEN),
    ],
)
def test_a_step(stage: Stage, seconds: float, facts: Facts, then: Stage, action: Action) -> None:
    state, done = step(State(stage, 100.0, 100.0), 100.0 + seconds, facts)
    assert (state.stage, done) == (then, action)


@given(STAGES, st.floats(0, 10_000), FACTS)
def test_it_ends_only_with_a_network(stage: Stage, seconds: float, facts: Facts) -> None:
    state, action = step(State(stage, 0.0), seconds, facts)
    assert (state.stage is Stage.DONE) == (action is Action.FINISH)
    if action is Action.FINISH:
        assert facts.online


@given(STAGES, st.floats(0, 10_000), FACTS)
def test_it_never_opens_while_there_is_a_network(stage: Stage, seconds: float, facts: Facts) -> None:
    _state, action = step(State(stage, 0.0), seconds, facts)
    assert not (action is Action.OPEN and (facts.online or not facts.radio))


@given(st.lists(st.tuples(st.floats(0.5, 30), FACTS), max_size=60))
def test_once_there_is_a_network_and_no_form_it_ends_at_the_next_look(
    course: list[tuple[float, Facts]],
) -> None:
    state, now = State(Stage.WAITING, 0.0), 0.0
    for seconds, facts in course:
        now += seconds
        state, _action = step(state, now, facts)
    state, _action = step(state, now + 1, Facts(online=True))
    assert state.stage is Stage.DONE


@given(st.lists(st.tuples(st.floats(0.5, 30), FACTS.filter(lambda f: not f.online)), max_size=60))
def test_without_a_network_the_own_one_is_asked_for_within_two_minutes(
    course: list[tuple[float, Facts]],
) -> None:
    state, now = State(Stage.WAITING, 0.0), 0.0
    for seconds, facts in course:
        now += seconds
        state, _action = step(state, now, facts)
    for _second in range(int(2 * PATIENCE_S)):
        now += 1
        state, action = step(state, now, Facts(is_open=False))
        if action is Action.OPEN:
            return
    pytest.fail("it was never opened")


@given(st.floats(0, 10_000), FACTS)
def test_what_has_ended_stays_so(seconds: float, facts: Facts) -> None:
    done = State(Stage.DONE, 0.0)
    assert step(done, seconds, facts) == (done, Action.NOTHING)
