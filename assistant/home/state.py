"""What a command does to a device's state, and the home that keeps its state on this machine's disk."""

from __future__ import annotations

import dataclasses
import logging
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

from assistant.home.executor import Action, Command
from assistant.home.model import Device, DeviceState, Domain, Feature, Home, Range, state_problem
from common.errors import HomeError, StorageError
from common.faults import Faults
from common.state_file import load_json, save_json

log = logging.getLogger(__name__)

_VERSION = 1

_DOMAINS: dict[Command, tuple[Domain, ...]] = {
    Command.TURN_ON: (Domain.LIGHT, Domain.SWITCH, Domain.FAN, Domain.CLIMATE),
    Command.TURN_OFF: (Domain.LIGHT, Domain.SWITCH, Domain.FAN, Domain.CLIMATE),
    Command.SET_BRIGHTNESS: (Domain.LIGHT,),
    Command.SET_COLOR: (Domain.LIGHT,),
    Command.SET_COLOR_TEMPERATURE: (Domain.LIGHT,),
    Command.OPEN: (Domain.COVER,),
    Command.CLOSE: (Domain.COVER,),
    Command.SET_POSITION: (Domain.COVER,),
    Command.LOCK: (Domain.LOCK,),
    Command.UNLOCK: (Domain.LOCK,),
    Command.SET_TEMPERATURE: (Domain.CLIMATE,),
    Command.SET_SPEED: (Domain.FAN,),
}
#: The feature that a command needs; the others need none.
NEEDED: dict[Command, Feature] = {
    Command.SET_BRIGHTNESS: Feature.BRIGHTNESS,
    Command.SET_COLOR: Feature.COLOR,
    Command.SET_COLOR_TEMPERATURE: Feature.COLOR_TEMPERATURE,
    Command.SET_POSITION: Feature.POSITION,
    Command.SET_SPEED: Feature.SPEED,
}
#: The name in `Device.ranges` of what a command sets.
RANGE_OF: dict[Command, str] = {
    Command.SET_BRIGHTNESS: "brightness",
    Command.SET_COLOR_TEMPERATURE: "color_temp",
    Command.SET_POSITION: "position",
    Command.SET_TEMPERATURE: "temperature",
    Command.SET_SPEED: "percentage",
}
PERCENT = Range(0, 100)
_KELVIN = Range(1000, 10_000)
#: Heatings take 5 to 35 °C: the range common thermostats offer; the same in °F, rounded.
_TEMPERATURES = {"celsius": Range(5, 35), "fahrenheit": Range(41, 95)}
#: 0 switches them off, whatever the lowest value is at which they run.
OFF_AT_ZERO = (Command.SET_BRIGHTNESS, Command.SET_SPEED)


def can(device: Device, command: Command) -> bool:
    """Whether `device` understands `command`."""
    feature = NEEDED.get(command)
    return device.domain in _DOMAINS[command] and (feature is None or feature in device.features)


def value_range(device: Device, command: Command, unit: str) -> Range:
    """The values that `device` takes with a command that sets a number; `unit` is the home's."""
    usual = PERCENT
    if command is Command.SET_TEMPERATURE:
        usual = _TEMPERATURES[unit]
    elif command is Command.SET_COLOR_TEMPERATURE:
        usual = _KELVIN
    return device.ranges.get(RANGE_OF[command], usual)


def takes(device: Device, command: Command, value: float, unit: str) -> bool:
    """Whether a value is one that `device` takes; which of its steps is nearest is another question."""
    off = command in OFF_AT_ZERO and value == 0
    return off or value in value_range(device, command, unit)


def after(device: Device, state: DeviceState, action: Action, unit: str = "celsius") -> DeviceState:
    """The state that `action` leads to. Pure.

    Raises:
        HomeError: the device cannot do that, or the value is missing or out of range.
    """
    command = action.command
    if not can(device, command):
        words = command.value.replace("_", " ")
        raise HomeError(f"the {device.name} cannot {words}", code="home.cannot")
    match command:
        case Command.TURN_ON | Command.TURN_OFF:
            return replace(state, on=command is Command.TURN_ON)
        case Command.SET_BRIGHTNESS:
            percent = _number(device, action, unit)
            return replace(state, on=percent > 0, brightness=round(percent))
        case Command.SET_COLOR:
            return replace(state, on=True, color=_text(device, action), color_temperature=None)
        case Command.SET_COLOR_TEMPERATURE:
            kelvin = _number(device, action, unit)
            return replace(state, on=True, color_temperature=round(kelvin), color=None)
        case Command.OPEN | Command.CLOSE:
            return replace(state, position=100 if command is Command.OPEN else 0)
        case Command.SET_POSITION:
            return replace(state, position=round(_number(device, action, unit)))
        case Command.LOCK | Command.UNLOCK:
            return replace(state, locked=command is Command.LOCK)
        case Command.SET_TEMPERATURE:
            return replace(state, on=True, target_temperature=_number(device, action, unit))
        case Command.SET_SPEED:
            percent = _number(device, action, unit)
            return replace(state, on=percent > 0, speed=round(percent))


def _number(device: Device, action: Action, unit: str) -> float:
    value = action.value
    if isinstance(value, str) or value is None or not takes(device, action.command, value, unit):
        bounds = value_range(device, action.command, unit)
        message = f"the {device.name} takes values from {bounds.minimum:g} to {bounds.maximum:g}"
        raise HomeError(message, code="home.range")
    return float(value)


def _text(device: Device, action: Action) -> str:
    if not isinstance(action.value, str) or not action.value:
        raise HomeError(f"the {device.name} needs a name of a colour", code="home.range")
    return action.value


class LocalHome:
    """A home without a hub: commands change its state, which is kept in `state_path`.

    A full disk does not stop it: the change holds until the next restart, and a warning is logged.
    """

    def __init__(self, home: Home, state_path: Path, faults: Faults | None = None) -> None:
        self._home = home
        self._path = state_path
        self._devices = {device.id: device for device in home.devices}
        self._lock = threading.Lock()
        self._states = {device.id: device.initial for device in home.devices}
        # States of devices that are still there; a device that changed its domain starts without state.
        stored = load_json(state_path, self._restored, what="the states of the devices", faults=faults)
        self._states.update(stored or {})

    @property
    def home(self) -> Home:
        """The home, which never changes."""
        return self._home

    def act(self, action: Action) -> None:
        """Carry out `action`.

        Raises:
            HomeError: no such device, or it cannot do that.
        """
        with self._lock:
            device = self._device(action.device_id)
            before = self._states[device.id]
            self._states[device.id] = after(device, before, action, self._home.unit)
            if self._states[device.id] == before:
                return
            try:
                # Not durable: a command must not wait for the flash, and a lamp can be asked again.
                content = {"version": _VERSION, "devices": self._changed()}
                save_json(self._path, content, durable=False)
            except StorageError as error:
                log.warning("the state of the home was not saved: %s", error)

    def state(self, device_id: str) -> DeviceState:
        """The state of a device.

        Raises:
            HomeError: no such device.
        """
        with self._lock:
            return self._states[self._device(device_id).id]

    def _device(self, device_id: str) -> Device:
        device = self._devices.get(device_id)
        if device is None:
            raise HomeError(f"there is no device {device_id}", code="home.no-device")
        return device

    def _changed(self) -> dict[str, dict[str, object]]:
        return {
            identifier: dataclasses.asdict(state)
            for identifier, state in self._states.items()
            if state != self._devices[identifier].initial
        }

    def _restored(self, content: Any) -> dict[str, DeviceState]:
        if content["version"] != _VERSION:
            raise ValueError(f"version {content['version']} is not {_VERSION}")
        states: dict[str, DeviceState] = {}
        for identifier, stored in content["devices"].items():
            device = self._devices.get(identifier)
            if device is None:
                continue
            known = {name: value for name, value in stored.items() if value is not None}
            for name, value in known.items():
                if problem := state_problem(name, value):
                    raise ValueError(f"{identifier}.{name}: {problem}")
            state = DeviceState(**known)
            if _fits(state, device.initial):
                states[identifier] = state
        return states


def _fits(state: DeviceState, initial: DeviceState) -> bool:
    """Whether a stored state is one of this kind of device."""
    for field in ("on", "position", "locked"):
        stored, expected = getattr(state, field), getattr(initial, field)
        if type(stored) is not type(expected):
            return False
    return True
