"""A clock that is set: the step is reported before the new time is returned, and timers keep their length."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.clock import BoxClock
from assistant.skills.alarm_book import AlarmBook
from assistant.skills.alarm_time import Moment
from assistant.skills.hub_timers import HubTimers
from assistant.skills.registry import Skills
from assistant.skills.rings import Rings
from assistant.skills.timekeeping import TimerBook
from tests.assistant.skills.english import REPLIES

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
HOURS = timedelta(hours=5)


class _Machine:
    """A machine whose clock can be set while time goes on."""

    def __init__(self) -> None:
        self.passed_s = 100.0
        self.set_by = timedelta(0)
        self.steps: list[timedelta] = []
        self.clock = BoxClock(self.steps.append, self.wall, lambda: self.passed_s)

    def wall(self) -> datetime:
        return NOON + timedelta(seconds=self.passed_s) + self.set_by


def test_time_that_passes_is_no_step() -> None:
    machine = _Machine()
    machine.passed_s += 86_400
    assert (machine.clock(), machine.steps) == (machine.wall(), [])


@given(st.floats(-1e8, 1e8).filter(lambda s: abs(s) > 1.01), st.floats(0, 1e6))
def test_a_step_is_reported_once_with_its_size(step_s: float, passed_s: float) -> None:
    machine = _Machine()
    machine.passed_s += passed_s
    machine.set_by = timedelta(seconds=step_s)
    assert machine.clock() == machine.clock() == machine.wall()
    assert [step.total_seconds() for step in machine.steps] == [pytest.approx(step_s, abs=1e-3)]


def test_a_clock_that_is_slewed_has_not_stepped() -> None:
    machine = _Machine()
    for _ in range(100):
        machine.passed_s += 0.5
        machine.set_by += timedelta(seconds=0.5 * 500e-6)
        machine.clock()
    assert machine.steps == []


@pytest.mark.parametrize("by", [HOURS, -HOURS])
def test_a_timer_still_runs_for_its_length(tmp_path: Path, by: timedelta) -> None:
    timers = TimerBook(tmp_path / "timers.json", REPLIES)
    timers.start(600, NOON, "pizza")
    skills = Skills([], REPLIES, Rings([timers]))
    skills.rings.clock_stepped(by)
    assert skills.rings.due(NOON + by + timedelta(seconds=599)) == []
    (ring,) = skills.rings.due(NOON + by + timedelta(seconds=600))
    assert (ring.late, ring.text) == (False, "Your pizza timer is done.")


def test_the_new_end_is_kept_on_disk(tmp_path: Path) -> None:
    timers = TimerBook(tmp_path / "timers.json", REPLIES)
    timers.start(600, NOON)
    timers.clock_stepped(HOURS)
    assert TimerBook(tmp_path / "timers.json", REPLIES).next_due() == NOON + HOURS + timedelta(seconds=600)


def test_a_timer_from_before_the_box_was_switched_off_ends_when_it_was_to(tmp_path: Path) -> None:
    TimerBook(tmp_path / "timers.json", REPLIES).start(600, NOON)
    restarted = TimerBook(tmp_path / "timers.json", REPLIES)
    restarted.clock_stepped(HOURS)
    assert restarted.next_due() == NOON + timedelta(seconds=600)


def test_a_paused_timer_keeps_what_is_left(tmp_path: Path) -> None:
    timers = TimerBook(tmp_path / "timers.json", REPLIES)
    timer = timers.start(600, NOON)
    timers.pause(timer.id, NOON)
    timers.clock_stepped(HOURS)
    assert timers.resume(timer.id, NOON + HOURS).ends_at == (NOON + HOURS).timestamp() + 600


def test_what_rings_rings_on_and_falls_silent_in_time(tmp_path: Path) -> None:
    timers, hub = TimerBook(tmp_path / "timers.json", REPLIES), HubTimers(REPLIES)
    alarms = AlarmBook(tmp_path / "alarms.json", REPLIES)
    timers.start(60, NOON)
    hub.finished("1", NOON + timedelta(seconds=60))
    alarms.set_exact(NOON + timedelta(seconds=60))
    skills = Skills([], REPLIES, Rings([timers, hub, alarms]))
    began = NOON + timedelta(seconds=60)
    assert len(skills.rings.due(began)) == 3
    skills.rings.clock_stepped(HOURS)
    assert len(skills.rings.ringing(began + HOURS + timedelta(seconds=119))) == 3
    assert skills.rings.ringing(began + HOURS + timedelta(seconds=121)) == []


def test_an_alarm_in_twenty_minutes_is_in_twenty_minutes(tmp_path: Path) -> None:
    alarms = AlarmBook(tmp_path / "alarms.json", REPLIES)
    alarms.set_exact(NOON + timedelta(minutes=20))
    alarms.clock_stepped(HOURS)
    due = NOON + HOURS + timedelta(minutes=20)
    assert (alarms.next_due(), AlarmBook(tmp_path / "alarms.json", REPLIES).next_due()) == (due, due)


def test_an_alarm_for_a_time_of_day_stays_at_it(tmp_path: Path) -> None:
    alarms = AlarmBook(tmp_path / "alarms.json", REPLIES)
    alarms.set(Moment(NOON.date(), 19, 0))
    alarms.clock_stepped(HOURS)
    assert alarms.next_due() == NOON.replace(hour=19)
