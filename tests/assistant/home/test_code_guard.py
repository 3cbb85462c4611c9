from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.home.code_guard import (
    LONGEST_WAIT_S,
    MOST_TRIES,
    WINDOW_S,
    WRONG_AT_ONCE,
    GuardedHome,
    Tries,
    tried,
    wait_s,
)
from assistant.home.executor import Action, Command
from assistant.home.model import Device, Domain, Feature, Home
from assistant.home.state import LocalHome
from common.errors import HomeError

PANEL = Device(
    "panel", "alarm", Domain.ALARM_PANEL, features=frozenset({Feature.DISARM, Feature.ARM_AWAY}), code="4711"
)
ARM = Action("panel", Command.ARM_AWAY)


class Clock:
    def __init__(self) -> None:
        self.now = 1e9

    def __call__(self) -> float:
        return self.now


def disarm(code: str) -> Action:
    return Action("panel", Command.DISARM, code)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def house(tmp_path: Path, clock: Clock) -> GuardedHome:
    inner = LocalHome(Home(devices=(PANEL,)), tmp_path / "state.json")
    return GuardedHome(inner, tmp_path / "codes.json", clock)


def guess(house: GuardedHome, *codes: str) -> list[str]:
    """What becomes of each code: "" if it disarms."""
    found = []
    for code in codes:
        try:
            house.act(disarm(code))
            found.append("")
        except HomeError as error:
            found.append(error.code)
    return found


def test_the_right_code_disarms(house: GuardedHome) -> None:
    house.act(ARM)
    house.act(disarm("4711"))
    assert house.state("panel").activity == "disarmed"


def test_after_wrong_codes_even_the_right_one_has_to_wait(house: GuardedHome, clock: Clock) -> None:
    assert guess(house, "1", "2", "3", "4711") == ["home.code"] * WRONG_AT_ONCE + ["home.code-wait"]
    clock.now += 61
    assert guess(house, "4711") == [""]


def test_each_further_wrong_code_makes_the_wait_longer(house: GuardedHome, clock: Clock) -> None:
    guess(house, "1", "2", "3")
    clock.now += 61
    assert guess(house, "4") == ["home.code"]
    clock.now += 61
    assert guess(house, "4711") == ["home.code-wait"]
    clock.now += 61
    assert guess(house, "4711") == [""]


def test_a_restart_forgets_nothing(house: GuardedHome, clock: Clock, tmp_path: Path) -> None:
    guess(house, "1", "2", "3")
    again = GuardedHome(
        LocalHome(Home(devices=(PANEL,)), tmp_path / "state.json"), tmp_path / "codes.json", clock
    )
    assert guess(again, "4711") == ["home.code-wait"]


def test_a_panel_that_does_not_say_what_is_right_is_not_tried_for_ever() -> None:
    tries = Tries()
    for _ in range(MOST_TRIES):
        assert wait_s(tries, 100.0) == 0
        tries = tried(tries, 100.0, right=True)
    assert wait_s(tries, 100.0) == WINDOW_S
    assert wait_s(tries, 100.0 + WINDOW_S) == 0


def test_arming_without_a_code_is_never_counted(house: GuardedHome) -> None:
    guess(house, "1", "2", "3")
    house.act(ARM)
    assert house.state("panel").activity == "armed_away"


@given(st.lists(st.tuples(st.floats(0, 1e5), st.booleans()), max_size=30), st.floats(-1e6, 1e6))
def test_whatever_was_tried_the_wait_ends(steps: list[tuple[float, bool]], later: float) -> None:
    now, tries = 1e9, Tries()
    for pause, right in steps:
        now += pause
        tries = tried(tries, now, right)
    assert 0 <= wait_s(tries, now + later) <= LONGEST_WAIT_S


def test_so_many_codes_can_be_tried_in_a_day() -> None:
    now, tries, count = 0.0, Tries(), 0
    while now < 86_400:
        now += wait_s(tries, now)
        tries = tried(tries, now, right=False)
        count += 1
    assert count < 40
