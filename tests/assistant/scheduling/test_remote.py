"""When the remote recogniser is asked, and how long its answer is waited for; times are passed in."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.scheduling.remote import (
    FEWEST,
    FIRST_RETRY_S,
    LONGEST_RETRY_S,
    LONGEST_WAIT_S,
    MOST_LATE,
    STALE_S,
    STILL,
    TRIAL_S,
    RemoteChoice,
    Work,
)

AUDIO_S = 2.0


def measured(choice: RemoteChoice, local_s: float = 0.0, remote_s: float = 0.0, now: float = 1.0) -> None:
    """As many figures as are needed, for recordings of `AUDIO_S`; the remote one computes for no time."""
    for _ in range(FEWEST):
        if local_s:
            choice.local_took(Work.QUICK, AUDIO_S, local_s)
        if remote_s:
            choice.remote_took(Work.QUICK, AUDIO_S, remote_s, 0.0, now, trial=True)


def asked(choice: RemoteChoice, now: float = 1.0, work: Work = Work.QUICK) -> bool:
    return choice.wait_s(work, AUDIO_S, now) is not None


def test_nothing_is_asked_before_both_are_measured() -> None:
    choice = RemoteChoice()
    assert not asked(choice)
    measured(choice, local_s=1.0)
    assert not asked(choice)
    assert choice.verdict(1.0).reason == "it is not measured yet"
    measured(choice, remote_s=0.1)
    assert asked(choice)


@pytest.mark.parametrize(("remote_s", "chosen"), [(0.1, True), (0.7, True), (0.9, False), (3.0, False)])
def test_the_remote_one_is_asked_where_it_is_clearly_faster(remote_s: float, chosen: bool) -> None:
    choice = RemoteChoice()
    measured(choice, local_s=1.0, remote_s=remote_s)
    assert choice.verdict(1.0).chosen is chosen
    assert asked(choice) is chosen


def test_once_asked_it_stays_until_it_is_hardly_faster() -> None:
    choice = RemoteChoice()
    measured(choice, local_s=1.0, remote_s=0.7)
    assert asked(choice)
    for _ in range(100):
        choice.remote_took(Work.QUICK, AUDIO_S, 0.9, 0.0, 2.0)
    assert asked(choice, 2.0)
    for _ in range(100):
        choice.remote_took(Work.QUICK, AUDIO_S, 0.97, 0.0, 3.0)
    assert not asked(choice, 3.0)


def test_a_long_recording_may_be_worth_the_way_where_a_short_one_is_not() -> None:
    choice = RemoteChoice()
    for _ in range(FEWEST):
        choice.local_took(Work.QUICK, AUDIO_S, 0.2)
        choice.remote_took(Work.QUICK, AUDIO_S, 0.17, 0.02, 1.0)
    assert choice.wait_s(Work.QUICK, 0.5, 1.0) is None
    assert choice.wait_s(Work.QUICK, 10.0, 1.0) is not None


def test_the_search_is_judged_by_its_own_figures_once_there_are_some() -> None:
    choice = RemoteChoice()
    measured(choice, local_s=0.1, remote_s=0.5)
    assert not asked(choice, work=Work.DEEP)
    for _ in range(FEWEST):
        choice.local_took(Work.DEEP, AUDIO_S, 3.0)
        choice.remote_took(Work.DEEP, AUDIO_S, 0.6, 0.1, 1.0)
    assert asked(choice, work=Work.DEEP)
    assert not asked(choice)


def test_after_a_failure_it_is_not_asked_before_a_trial_went_well() -> None:
    choice = RemoteChoice()
    measured(choice, local_s=1.0, remote_s=0.1)
    choice.failed(10.0)
    assert not asked(choice, 10.0)
    assert not choice.trial_due(10.0)
    later = 10.0 + FIRST_RETRY_S
    assert choice.trial_due(later)
    choice.remote_took(Work.QUICK, AUDIO_S, 0.1, 0.0, later)
    assert not asked(choice, later), "a late answer of before is no trial"
    choice.remote_took(Work.QUICK, AUDIO_S, 0.1, 0.0, later, trial=True)
    assert asked(choice, later)


def test_what_fails_at_once_is_one_failure_and_trials_become_rare() -> None:
    choice = RemoteChoice()
    measured(choice, local_s=1.0, remote_s=0.1)
    for _ in range(5):
        choice.failed(10.0)
    assert choice.trial_due(10.0 + FIRST_RETRY_S)
    now = 10.0
    for _ in range(40):
        now += LONGEST_RETRY_S
        assert choice.trial_due(now)
        choice.failed(now)
    assert not choice.trial_due(now + LONGEST_RETRY_S - 1)


def test_a_busy_machine_is_left_alone_for_as_long_as_it_says() -> None:
    choice = RemoteChoice()
    measured(choice, local_s=1.0, remote_s=0.1)
    choice.failed(10.0, retry_s=30.0)
    assert not choice.trial_due(39.0)
    assert choice.trial_due(40.0)


def test_late_answers_in_a_row_are_a_failure_and_one_in_time_between_them_is_none() -> None:
    choice = RemoteChoice()
    measured(choice, local_s=1.0, remote_s=0.1)
    for _ in range(20):
        for _ in range(MOST_LATE - 1):
            choice.late(5.0)
        choice.remote_took(Work.QUICK, AUDIO_S, 0.1, 0.0, 5.0)
    assert asked(choice, 5.0)
    for _ in range(MOST_LATE):
        choice.late(6.0)
    assert not asked(choice, 6.0)


def test_old_figures_say_nothing() -> None:
    choice = RemoteChoice()
    measured(choice, local_s=1.0, remote_s=0.1)
    assert asked(choice, STALE_S)
    assert not asked(choice, 2.0 + STALE_S)
    assert choice.trial_due(2.0 + STALE_S)


def test_trials_are_frequent_until_it_is_known_and_rare_then() -> None:
    choice = RemoteChoice()
    choice.connected(1.0)
    for now in range(1, 1 + FEWEST):
        assert choice.trial_due(float(now))
        choice.remote_took(Work.QUICK, AUDIO_S, 0.1, 0.0, float(now), trial=True)
    assert not choice.trial_due(FEWEST + TRIAL_S - 1)
    assert choice.trial_due(FEWEST + TRIAL_S)


def test_a_new_connection_is_measured_anew() -> None:
    choice = RemoteChoice()
    measured(choice, local_s=1.0, remote_s=0.1)
    choice.connected(2.0)
    assert not asked(choice, 2.0)
    measured(choice, remote_s=0.1, now=2.0)
    assert asked(choice, 2.0)


def test_one_that_finds_other_words_is_neither_asked_nor_tried_on_this_connection() -> None:
    choice = RemoteChoice(always=True)
    measured(choice, local_s=1.0, remote_s=0.1)
    choice.refuse("it finds other words")
    assert not asked(choice)
    assert not choice.trial_due(1e6)
    assert choice.verdict(1.0).reason == "it finds other words"
    choice.connected(2.0)
    measured(choice, remote_s=0.1, now=2.0)
    assert asked(choice, 2.0)


def test_one_that_is_always_to_be_used_is_asked_although_it_is_slower() -> None:
    choice = RemoteChoice(always=True)
    measured(choice, local_s=0.01, remote_s=0.5)
    assert asked(choice)
    choice.failed(1.0)
    assert not asked(choice)


_EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["local", "remote", "trial", "late", "failed", "busy", "connected", "wait"]),
        st.sampled_from(list(Work)),
        st.floats(0.1, 30.0),
        st.floats(0.0, 20.0),
        st.floats(0.0, 100.0),
    ),
    max_size=80,
)


@given(_EVENTS, st.booleans())
def test_whatever_happens_the_wait_is_bounded_by_what_this_machine_needs(
    events: Sequence[tuple[str, Work, float, float, float]], always: bool
) -> None:
    """That is the promise of the module: a remote recogniser costs at most as much again."""
    choice, now = RemoteChoice(always=always), 0.0
    failed_at = -1.0
    for what, work, audio_s, seconds, later in events:
        now += later
        match what:
            case "local":
                choice.local_took(work, audio_s, seconds)
            case "remote" | "trial":
                choice.remote_took(work, audio_s, seconds, seconds / 2, now, trial=what == "trial")
                failed_at = -1.0 if what == "trial" else failed_at
            case "late":
                choice.late(now)
            case "failed" | "busy":
                choice.failed(now, later if what == "busy" else 0.0)
                failed_at = now
            case "connected":
                choice.connected(now)
                failed_at = -1.0
        wait_s = choice.wait_s(work, audio_s, now)
        if wait_s is None:
            continue
        assert failed_at < 0, "it is not asked after a failure"
        local_s, remote = choice._local_s(work, audio_s), choice._remote_s(work, audio_s)
        assert remote is not None
        if always:
            assert wait_s <= LONGEST_WAIT_S
        else:
            assert local_s is not None
            assert wait_s <= local_s
            assert remote[0] < STILL * local_s
