from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.home.config import SAMPLE_HOME, load_home
from assistant.home.executor import Action, Command
from assistant.home.model import DeviceState
from assistant.home.state import LocalHome, after, can
from common.errors import HomeError

HOME = load_home(SAMPLE_HOME)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home.json"


@pytest.mark.parametrize(
    ("device", "command", "value", "field", "expected"),
    [
        ("kitchen_light", Command.TURN_ON, None, "on", True),
        ("kitchen_light", Command.SET_BRIGHTNESS, 30, "brightness", 30),
        ("kitchen_light", Command.SET_BRIGHTNESS, 0, "on", False),
        ("desk_lamp", Command.SET_COLOR, "red", "color", "red"),
        ("desk_lamp", Command.SET_COLOR_TEMPERATURE, 2700, "color_temperature", 2700),
        ("garage_door", Command.OPEN, None, "position", 100),
        ("living_room_blinds", Command.SET_POSITION, 40, "position", 40),
        ("front_door", Command.UNLOCK, None, "locked", False),
        ("bedroom_heating", Command.SET_TEMPERATURE, 21.5, "target_temperature", 21.5),
        ("bedroom_fan", Command.SET_SPEED, 60, "speed", 60),
    ],
)
def test_a_command_changes_the_state(
    path: Path,
    device: str,
    command: Command,
    value: float | str | None,
    field: str,
    expected: object,
) -> None:
    home = LocalHome(HOME, path)
    home.act(Action(device, command, value))
    assert getattr(home.state(device), field) == expected


def test_the_state_survives_a_restart(path: Path) -> None:
    LocalHome(HOME, path).act(Action("desk_lamp", Command.SET_COLOR, "red"))
    assert LocalHome(HOME, path).state("desk_lamp") == DeviceState(on=True, color="red")


@pytest.mark.parametrize(
    "action",
    [
        Action("front_door", Command.TURN_ON),
        Action("hallway_light", Command.SET_COLOR, "red"),
        Action("kitchen_light", Command.SET_BRIGHTNESS, 101),
        Action("kitchen_light", Command.SET_BRIGHTNESS),
        Action("kitchen_light", Command.SET_BRIGHTNESS, float("nan")),
        Action("bedroom_heating", Command.SET_TEMPERATURE, 99),
        Action("no_such_thing", Command.TURN_ON),
    ],
)
def test_what_a_device_cannot_do_is_refused(path: Path, action: Action) -> None:
    with pytest.raises(HomeError):
        LocalHome(HOME, path).act(action)


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        '{"version": 2}',
        '{"version": 1, "devices": {"kitchen_light": {"brightness": "much"}}}',
        '{"version": 1, "devices": {"kitchen_light": {"warp": 9}}}',
        '{"version": 1, "devices": 3}',
    ],
)
def test_a_damaged_state_is_set_aside(path: Path, content: str) -> None:
    path.write_text(content)
    home = LocalHome(HOME, path)
    assert home.state("kitchen_light").on is False
    assert path.with_name("home.json.damaged").read_text() == content


def test_a_damaged_state_costs_nothing_where_the_copy_is_there(path: Path) -> None:
    LocalHome(HOME, path).act(Action("kitchen_light", Command.TURN_ON))
    path.write_text("{")
    assert LocalHome(HOME, path).state("kitchen_light").on is True


def test_a_device_that_is_gone_does_not_disturb(path: Path) -> None:
    path.write_text(json.dumps({"version": 1, "devices": {"old_lamp": {"on": True}}}))
    assert LocalHome(HOME, path).state("kitchen_light").on is False


def test_a_full_disk_does_not_cost_the_command(tmp_path: Path) -> None:
    (tmp_path / "blocked").write_text("a file where the folder should be")
    home = LocalHome(HOME, tmp_path / "blocked" / "home.json")
    home.act(Action("kitchen_light", Command.TURN_ON))
    assert home.state("kitchen_light").on is True


ACTIONS = st.builds(
    Action,
    st.sampled_from([device.id for device in HOME.devices]),
    st.sampled_from(list(Command)),
    st.one_of(st.none(), st.floats(), st.integers(-10, 120), st.sampled_from(["red", ""])),
)


@settings(deadline=None, max_examples=50)
@given(st.lists(ACTIONS, max_size=20))
def test_what_was_taken_is_there_after_a_restart(actions: list[Action]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "home.json"
        home = LocalHome(HOME, path)
        for action in actions:
            device = next(d for d in HOME.devices if d.id == action.device_id)
            try:
                expected = after(device, home.state(device.id), action)
                home.act(action)
            except HomeError:
                continue
            assert can(device, action.command)
            assert home.state(device.id) == expected
        again = LocalHome(HOME, path)
        for device in HOME.devices:
            assert again.state(device.id) == home.state(device.id)
