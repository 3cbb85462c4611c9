"""A device is only set to values that it takes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from assistant.home.config import SAMPLE_HOME, load_home
from assistant.home.executor import Action, Command
from assistant.home.model import Range
from assistant.home.state import LocalHome
from assistant.skills.discovery import build_skills
from assistant.skills.volume_control import SavedVolume
from assistant.understanding.grammar import Grammar
from common.errors import HomeError
from tests.assistant.skills.conftest import Box
from tests.assistant.skills.english import MODULES, context

RANGES = {
    "living_room_thermostat": {"temperature": Range(7, 28, 1)},
    "bedroom_heating": {"temperature": Range(7, 28)},
    "floor_lamp": {"color_temp": Range(2200, 4000, 50), "brightness": Range(10, 90)},
    "bedroom_fan": {"percentage": Range(25, 100, 25)},
    "living_room_blinds": {"position": Range(20, 80, 10)},
}


@pytest.fixture
def ranged(grammar: Grammar, tmp_path: Path) -> Box:
    """The sample home, some of whose devices have ranges of their own."""
    return _box(grammar, tmp_path, RANGES)


def _box(grammar: Grammar, tmp_path: Path, ranges: dict[str, dict[str, Range]]) -> Box:
    home = load_home(SAMPLE_HOME)
    devices = tuple(replace(each, ranges=ranges.get(each.id, {})) for each in home.devices)
    executor = LocalHome(replace(home, devices=devices), tmp_path / "home.json")
    skills = build_skills(context(tmp_path, executor), MODULES)
    return Box(skills, executor, SavedVolume(tmp_path / "volume.json"), grammar, tmp_path)


@pytest.mark.parametrize(
    ("command", "refusal"),
    [
        ("set the temperature in the living room to 29", "I can set 7 to 28 degrees, not 29."),
        ("set the temperature in the living room to 5", "I can set 7 to 28 degrees, not 5."),
        ("set the thermostat to 28.5 degrees", "I can set 7 to 28 degrees, not 28.5."),
        ("set the bedroom heating to 6", "I can set 7 to 28 degrees, not 6."),
        ("set the floor lamp to 2000 kelvin", "I can set 2200 to 4000 kelvin, not 2000."),
        ("set the floor lamp to 6500 kelvin", "I can set 2200 to 4000 kelvin, not 6500."),
        ("set the floor lamp to 95 percent", "I can set 10 to 90 percent, not 95."),
        ("set the floor lamp to 5 percent", "I can set 10 to 90 percent, not 5."),
        ("set the bedroom fan to 10 percent", "I can set 25 to 100 percent, not 10."),
        ("set the living room blinds to 90 percent", "I can set 20 to 80 percent, not 90."),
        ("open the blinds to 10 percent", "I can set 20 to 80 percent, not 10."),
    ],
)
def test_a_value_out_of_range_is_refused_and_the_range_named(ranged: Box, command: str, refusal: str) -> None:
    reply = ranged.ask(command)
    assert (reply.text, reply.ok, reply.acts) == (refusal, False, ())


@pytest.mark.parametrize(
    ("command", "value"),
    [
        ("set the temperature in the living room to 28", 28),
        ("set the temperature in the living room to 7", 7),
        ("set the thermostat to 20.5 degrees", 21),
        ("set the bedroom heating to 20.5", 20.5),
        ("set the floor lamp to 2700 kelvin", 2700),
        ("set the floor lamp to daylight", 4000),
        ("set the floor lamp to candle light", 2200),
        ("set the floor lamp to 0 percent", 0),
        ("set the floor lamp to 90 percent", 90),
        ("set the bedroom fan to 60 percent", 50),
        ("set the bedroom fan to low", 25),
        ("set the bedroom fan to 0 percent", 0),
        ("set the living room blinds to 43 percent", 40),
    ],
)
def test_the_nearest_value_in_range_is_set(ranged: Box, command: str, value: float) -> None:
    act = ranged.ask(command).acts[0]
    assert act.value == value


@pytest.mark.parametrize(
    ("command", "device", "before", "value"),
    [
        ("turn up the heating", "living_room_thermostat", (Command.SET_TEMPERATURE, 28), 28),
        ("turn down the heating", "living_room_thermostat", (Command.SET_TEMPERATURE, 7), 7),
        ("make it a bit warmer", "living_room_thermostat", (Command.SET_TEMPERATURE, 20), 21),
        ("make it a bit cooler", "living_room_thermostat", (Command.SET_TEMPERATURE, 20), 19),
        ("dim the floor lamp", "floor_lamp", (Command.SET_BRIGHTNESS, 20), 10),
        ("brighten the floor lamp", "floor_lamp", (Command.SET_BRIGHTNESS, 80), 90),
        ("make the floor lamp warmer", "floor_lamp", (Command.SET_COLOR_TEMPERATURE, 2400), 2200),
        ("make the floor lamp cooler", "floor_lamp", (Command.SET_COLOR_TEMPERATURE, 3900), 4000),
    ],
)
def test_a_step_ends_at_the_range(
    ranged: Box, command: str, device: str, before: tuple[Command, float], value: float
) -> None:
    ranged.executor.act(Action(device, *before))
    assert ranged.ask(command).acts[0].value == value


def test_what_is_said_is_what_is_set(ranged: Box) -> None:
    said = "Set the living room thermostat to 21 degrees."
    assert ranged.ask("set the thermostat to 20.5 degrees").text == said


def test_an_answer_is_checked_too(ranged: Box) -> None:
    ranged.ask("set the thermostat")
    assert ranged.ask("29").text == "I can set 7 to 28 degrees, not 29."


@pytest.mark.parametrize(
    ("device", "command", "value"),
    [
        ("living_room_thermostat", Command.SET_TEMPERATURE, 29),
        ("floor_lamp", Command.SET_COLOR_TEMPERATURE, 6500),
        ("floor_lamp", Command.SET_BRIGHTNESS, 95),
        ("bedroom_fan", Command.SET_SPEED, 10),
        ("living_room_blinds", Command.SET_POSITION, 90),
    ],
)
def test_no_program_sets_a_value_out_of_range(
    ranged: Box, device: str, command: Command, value: float
) -> None:
    with pytest.raises(HomeError) as caught:
        ranged.executor.act(Action(device, command, value))
    assert caught.value.code == "home.range"


def test_a_small_share_is_the_lowest_step_and_does_not_turn_off(grammar: Grammar, tmp_path: Path) -> None:
    box = _box(grammar, tmp_path, {"bedroom_fan": {"percentage": Range(0, 100, 100 / 3)}})
    (act,) = box.ask("set the bedroom fan to 10 percent").acts
    assert act.value == 34
