"""How to take a command back: the commands that lead to the state of before. Pure."""

from __future__ import annotations

from collections.abc import Callable

from assistant.home.executor import Action, Command
from assistant.home.model import Device, DeviceState, Domain
from assistant.home.state import can

#: Commands with their values, in order.
_Steps = tuple[tuple[Command, float | str | None], ...]


def restore(device: Device, before: DeviceState, command: Command) -> tuple[Action, ...]:
    """Commands that bring `device` back to the state `before` once `command` was carried out.

    Empty where that is not known, or where it is better left: what was locked is never unlocked again, and a
    colour of before that is not known is not guessed at.

    Args:
        device: whose.
        before: its state before the command.
        command: what was done.
    """
    before_that = _BEFORE.get(device.domain, _nothing)
    return tuple(
        Action(device.id, each, value)
        for each, value in before_that(device, before, command)
        if can(device, each)
    )


def _nothing(_device: Device, _before: DeviceState, _command: Command) -> _Steps:
    return ()


def _light(_device: Device, before: DeviceState, command: Command) -> _Steps:
    if before.on is None:
        return ()
    found: list[tuple[Command, float | str | None]] = []
    if command is Command.SET_BRIGHTNESS and before.brightness:
        found.append((Command.SET_BRIGHTNESS, before.brightness))
    if command in (Command.SET_COLOR, Command.SET_COLOR_TEMPERATURE):
        if before.color is not None:
            found.append((Command.SET_COLOR, before.color))
        elif before.color_temperature is not None:
            found.append((Command.SET_COLOR_TEMPERATURE, before.color_temperature))
    # Last, because a brightness or a colour switches the light on.
    found.append((Command.TURN_ON if before.on else Command.TURN_OFF, None))
    return tuple(found)


def _fan(_device: Device, before: DeviceState, command: Command) -> _Steps:
    if before.on is None:
        return ()
    if before.on and command is Command.SET_SPEED and before.speed:
        return ((Command.SET_SPEED, before.speed),)
    # A speed of 0 switches a fan off. If the speed before is not known, the fan is at least on again.
    return ((Command.TURN_ON if before.on else Command.TURN_OFF, None),)


def _cover(device: Device, before: DeviceState, command: Command) -> _Steps:
    if before.position is None or command is Command.STOP:
        return ()
    if can(device, Command.SET_POSITION):
        return ((Command.SET_POSITION, before.position),)
    return ((Command.OPEN if before.position > 0 else Command.CLOSE, None),)


def _lock(_device: Device, before: DeviceState, command: Command) -> _Steps:
    return ((Command.LOCK, None),) if command is Command.UNLOCK and before.locked else ()


#: Command that sets a value -> the field of the state that has it.
_SET = {
    Command.SET_TEMPERATURE: "target_temperature",
    Command.SET_HUMIDITY: "target_humidity",
    Command.SET_MODE: "mode",
}


def _switch(_device: Device, before: DeviceState, command: Command) -> _Steps:
    found: list[tuple[Command, float | str | None]] = []
    if command in _SET and (value := getattr(before, _SET[command])) is not None:
        found.append((command, value))
    if before.on is not None:
        found.append((Command.TURN_ON if before.on else Command.TURN_OFF, None))
    return tuple(found)


#: What a vacuum or a lawn mower does, and what a media player does, is brought back by these.
_AT_WORK = {
    "docked": Command.DOCK,
    "returning": Command.DOCK,
    "paused": Command.PAUSE,
    "idle": Command.STOP,
    "cleaning": Command.START,
    "mowing": Command.START,
}
_ACTIVITIES = {"playing": Command.PLAY, "paused": Command.PAUSE, "idle": Command.STOP}
_PLAYING = (Command.PLAY, Command.PAUSE, Command.STOP, Command.PLAY_MEDIA)
_REVERSED = {
    Command.NEXT: Command.PREVIOUS,
    Command.PREVIOUS: Command.NEXT,
    Command.MUTE: Command.UNMUTE,
    Command.UNMUTE: Command.MUTE,
}


def _machine(_device: Device, before: DeviceState, command: Command) -> _Steps:
    if command is Command.LOCATE or before.activity not in _AT_WORK:
        return ()
    return ((_AT_WORK[before.activity], None),)


def _player(_device: Device, before: DeviceState, command: Command) -> _Steps:
    if command is Command.SET_VOLUME:
        return () if before.volume is None else ((command, before.volume),)
    if command in (Command.MUTE, Command.UNMUTE) and before.muted is (command is Command.MUTE):
        return ()
    if command in _REVERSED:
        return ((_REVERSED[command], None),)
    if command in _PLAYING and before.on is not False and before.activity in _ACTIVITIES:
        return ((_ACTIVITIES[before.activity], None),)
    if before.on is not None and command in (Command.TURN_ON, Command.TURN_OFF, *_PLAYING):
        return ((Command.TURN_ON if before.on else Command.TURN_OFF, None),)
    return ()


#: What leads to the state before, by kind of device. Arming is not taken back, because that needs the code.
_BEFORE: dict[Domain, Callable[[Device, DeviceState, Command], _Steps]] = {
    Domain.LIGHT: _light,
    Domain.FAN: _fan,
    Domain.LOCK: _lock,
    Domain.MEDIA_PLAYER: _player,
    **dict.fromkeys((Domain.COVER, Domain.VALVE), _cover),
    **dict.fromkeys((Domain.VACUUM, Domain.LAWN_MOWER), _machine),
    **dict.fromkeys(
        (Domain.SWITCH, Domain.CLIMATE, Domain.HUMIDIFIER, Domain.WATER_HEATER, Domain.SIREN), _switch
    ),
}
