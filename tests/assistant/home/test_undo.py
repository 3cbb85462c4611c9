from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.home.config import SAMPLE_HOME, load_home
from assistant.home.executor import Action, Command
from assistant.home.model import Device, DeviceState, Domain
from assistant.home.state import after, can
from assistant.home.undo import restore

HOME = load_home(SAMPLE_HOME)
#: What a scene or a script has changed is not known.
NOT_UNDONE = (Domain.SCENE, Domain.SCRIPT)
VALUES: dict[Command, st.SearchStrategy[float | str]] = {
    Command.SET_BRIGHTNESS: st.integers(0, 100).map(float),
    Command.SET_COLOR: st.sampled_from(["red", "blue"]),
    Command.SET_COLOR_TEMPERATURE: st.integers(1000, 10_000).map(float),
    Command.SET_POSITION: st.integers(0, 100).map(float),
    Command.SET_TEMPERATURE: st.integers(5, 35).map(float),
    Command.SET_SPEED: st.integers(0, 100).map(float),
    Command.SET_VOLUME: st.integers(0, 100).map(float),
    Command.PLAY_MEDIA: st.sampled_from(["jazz", "rock"]),
    Command.TRANSFER: st.just("kitchen_radio"),
    Command.SET_SHUFFLE: st.sampled_from(["on", "off"]),
    Command.SET_REPEAT: st.sampled_from(["off", "one", "all"]),
    Command.CLEAN_AREA: st.just("kitchen"),
    Command.SET_HUMIDITY: st.integers(0, 100).map(float),
    Command.SET_MODE: st.sampled_from(["eco", "away"]),
    Command.DISARM: st.just("4711"),
}


@st.composite
def _commands(draw: st.DrawFn) -> tuple[Device, DeviceState, Action]:
    """A device, a state that commands have led to, and one more command."""
    device = draw(
        st.sampled_from([device for device in HOME.devices if any(can(device, each) for each in Command)])
    )
    able = [command for command in Command if can(device, command)]

    def action() -> Action:
        command = draw(st.sampled_from(able))
        return Action(device.id, command, draw(VALUES[command]) if command in VALUES else None)

    state = device.initial
    for _ in range(draw(st.integers(0, 4))):
        state = after(device, state, action())
    return device, state, action()


@given(_commands())
def test_what_is_undone_looks_as_before(example: tuple[Device, DeviceState, Action]) -> None:
    device, before, action = example
    state = after(device, before, action)
    for each in restore(device, before, action.command):
        state = after(device, state, each)
    if action.command in (Command.LOCK, Command.TRANSFER, Command.PRESS) or device.domain in NOT_UNDONE:
        return  # see below
    assert (state.on, state.position, state.locked) == (before.on, before.position, before.locked)
    if before.on and before.brightness:
        assert state.brightness == before.brightness
    if before.on and (before.color or before.color_temperature):
        assert (state.color, state.color_temperature) == (before.color, before.color_temperature)
    if before.target_humidity is not None:
        assert state.target_humidity == before.target_humidity
    if before.target_temperature is not None:
        assert state.target_temperature == before.target_temperature


def _lock() -> Device:
    return next(device for device in HOME.devices if device.domain is Domain.LOCK)


def test_what_was_locked_is_never_unlocked_again() -> None:
    assert restore(_lock(), replace(_lock().initial, locked=False), Command.LOCK) == ()


def test_what_was_unlocked_too_early_is_locked_again() -> None:
    (action,) = restore(_lock(), replace(_lock().initial, locked=True), Command.UNLOCK)
    assert action.command is Command.LOCK


@pytest.mark.parametrize("command", [Command.TURN_ON, Command.TURN_OFF])
def test_a_state_that_is_not_known_is_not_guessed_at(command: Command) -> None:
    light = next(device for device in HOME.devices if device.domain is Domain.LIGHT)
    assert restore(light, DeviceState(), command) == ()


def test_a_fan_of_unknown_speed_is_on_again() -> None:
    fan = next(device for device in HOME.devices if can(device, Command.SET_SPEED))
    before = DeviceState(on=True)
    assert restore(fan, before, Command.SET_SPEED) == (Action(fan.id, Command.TURN_ON),)
