"""What is noticed after a boot, and the plan to go back."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.updated.announce import say_fallback
from services.updated.bootentries import BootEntry
from services.updated.errors import UpdateRefused
from services.updated.fallback import plan_rollback, settle, trial_of
from services.updated.state import BootVerdict, Fallback, RolledBack, State, StateStore

FAILED = BootVerdict("3", False, True, ('"What time is it?" was heard as ""', "x.service failed", "z"), 5.0)


def test_a_version_without_tries_is_put_on_the_list_and_told() -> None:
    settled = settle(State(staged="3"), [BootEntry("2"), BootEntry("3", 0, 3)], "2", 9.0)
    assert settled.state.refused == {"3"} and settled.state.staged == ""
    assert settled.state.fallback is not None
    assert settled.state.fallback.text == (
        "Version 3 did not pass: it did not start. I am back on version 2."
    )
    assert settled.give_up == ()


def test_the_gates_reasons_are_told() -> None:
    settled = settle(State(trial=FAILED), [BootEntry("2"), BootEntry("3", 0, 1)], "2", 9.0)
    assert settled.state.fallback is not None
    assert "x.service failed. I am back" in settled.state.fallback.text
    assert settled.state.rolled_back[0].reason.endswith("; z")


def test_a_condemned_version_with_tries_left_is_given_up() -> None:
    settled = settle(State(trial=FAILED), [BootEntry("2"), BootEntry("3", 2, 1)], "2", 9.0)
    assert settled.give_up == ("3",) and settled.state.refused == {"3"}


def test_the_running_version_on_its_last_try_is_not_condemned() -> None:
    settled = settle(State(), [BootEntry("2"), BootEntry("3", 0, 3)], "3", 9.0)
    assert settled.state == State()


def test_a_version_with_tries_left_waits_whatever_was_noted() -> None:
    assert settle(State(), [BootEntry("2"), BootEntry("3", 3, 0)], "2", 9.0).state.staged == "3"
    assert settle(State(staged="3"), [BootEntry("2")], "2", 9.0).state.staged == ""


def test_a_staged_version_that_is_blessed_waits_no_longer() -> None:
    assert settle(State(staged="3"), [BootEntry("2"), BootEntry("3")], "3", 9.0).state.staged == ""


def test_what_was_rolled_back_by_the_owner_is_not_told_as_a_failure() -> None:
    state = State(rolled_back=(RolledBack("3", "the owner", 1.0),))
    assert settle(state, [BootEntry("2"), BootEntry("3", 0, 3)], "2", 9.0).state.fallback is None


ENTRIES = st.lists(
    st.builds(BootEntry, st.sampled_from(["1", "2", "3"]), st.none() | st.integers(0, 3), st.integers(0, 3)),
    max_size=4,
)


@given(ENTRIES, st.sampled_from([None, FAILED]))
def test_settling_twice_is_settling_once(entries: list[BootEntry], trial: BootVerdict | None) -> None:
    once = settle(State(trial=trial, staged="3"), entries, "2", 9.0)
    assert settle(once.state, entries, "2", 10.0).state == once.state
    assert "2" not in once.state.refused and "2" not in once.give_up


@given(ENTRIES, st.sampled_from([None, "1", "3"]), st.sampled_from(["", "3"]))
def test_a_rollback_never_leaves_a_box_without_a_version(
    entries: list[BootEntry], in_slot: str | None, staged: str
) -> None:
    try:
        plan = plan_rollback(entries, "2", in_slot, staged, frozenset())
    except UpdateRefused:
        return
    if plan.give_up:
        assert any(e.version == plan.version == in_slot and not e.failed for e in entries)
    else:
        assert plan.version == "2" and plan.withdraw == in_slot


def test_a_version_that_was_rolled_back_is_no_way_back() -> None:
    with pytest.raises(UpdateRefused):
        plan_rollback([BootEntry("1"), BootEntry("2")], "2", "1", "", frozenset({"1"}))


def test_the_boot_is_described() -> None:
    assert trial_of([BootEntry("2", 1, 2)], "2") == "on trial"
    assert trial_of([BootEntry("2")], "2") == "blessed"
    assert trial_of([], "2") == "unknown"


def test_a_fall_back_is_said_once(tmp_path: Path) -> None:
    store = StateStore(tmp_path)
    store.change(lambda _state: State(fallback=Fallback("3", "2", "Version 3 did not pass.", 1.0)))
    said: list[str] = []

    def say(text: str) -> bool:
        said.append(text)
        return True

    for _ in range(2):
        say_fallback(store, say, threading.Event())
    assert said == ["Version 3 did not pass."]


def test_what_could_not_be_said_is_not_forgotten(tmp_path: Path) -> None:
    store = StateStore(tmp_path)
    store.change(lambda _state: State(fallback=Fallback("3", "2", "text", 1.0)))
    stopping = threading.Event()
    stopping.set()
    say_fallback(store, lambda _text: False, stopping)
    fallback = store.load().fallback
    assert fallback is not None and not fallback.said
