"""How to take a command back: the commands that lead to the state of before. Pure."""

from __future__ import annotations

from assistant.home.executor import Action, Command
from assistant.home.model import Device, DeviceState, Domain
from assistant.home.state import can

_SWITCHES = (Domain.SWITCH, Domain.CLIMATE)
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
    actions: _Steps = ()
    if device.domain is Domain.LIGHT:
        actions = _light(device, before, command)
    elif device.domain is Domain.FAN:
        if before.on is False:
            actions = ((Command.TURN_OFF, None),)
        elif before.on and command is Command.SET_SPEED:
            # A speed of 0 switches a fan off. If the speed before is not known, the fan is at least on again.
            actions = ((Command.SET_SPEED, before.speed),) if before.speed else ((Command.TURN_ON, None),)
        elif before.on:
            actions = ((Command.TURN_ON, None),)
    elif device.domain is Domain.COVER:
        actions = _cover(device, before)
    elif device.domain is Domain.LOCK:
        if command is Command.UNLOCK and before.locked:
            actions = ((Command.LOCK, None),)
    elif device.domain is Domain.MEDIA_PLAYER:
        actions = _player(before, command)
    elif device.domain in _SWITCHES:
        actions = _switch(before, command)
    return tuple(Action(device.id, each, value) for each, value in actions if can(device, each))


def _light(device: Device, before: DeviceState, command: Command) -> _Steps:
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


def _cover(device: Device, before: DeviceState) -> _Steps:
    if before.position is None:
        return ()
    if can(device, Command.SET_POSITION):
        return ((Command.SET_POSITION, before.position),)
    return ((Command.OPEN if before.position > 0 else Command.CLOSE, None),)


def _switch(before: DeviceState, command: Command) -> _Steps:
    found: list[tuple[Command, float | str | None]] = []
    if command is Command.SET_TEMPERATURE and before.target_temperature is not None:
        found.append((Command.SET_TEMPERATURE, before.target_temperature))
    if before.on is not None:
        found.append((Command.TURN_ON if before.on else Command.TURN_OFF, None))
    return tuple(found)


#: What a media player does is brought back by these.
_ACTIVITIES = {"playing": Command.PLAY, "paused": Command.PAUSE, "idle": Command.STOP}
_PLAYING = (Command.PLAY, Command.PAUSE, Command.STOP, Command.PLAY_MEDIA)
_REVERSED = {
    Command.NEXT: Command.PREVIOUS,
    Command.PREVIOUS: Command.NEXT,
    Command.MUTE: Command.UNMUTE,
    Command.UNMUTE: Command.MUTE,
}


def _player(before: DeviceState, command: Command) -> _Steps:
    if command is Command.SET_VOLUME:
        return () if before.volume is None else ((command, before.volume),)
    if command in (Command.MUTE, Command.UNMUTE) and before.muted is (command is Command.MUTE):
        return ()
    if command in _REVERSED:
        return ((_REVERSED[command], None),)
    if command in _PLAYING and before.activity in _ACTIVITIES:
        return ((_ACTIVITIES[before.activity], None),)
    if before.on is not None and command in (Command.TURN_ON, Command.TURN_OFF, *_PLAYING):
        return ((Command.TURN_ON if before.on else Command.TURN_OFF, None),)
    return ()
