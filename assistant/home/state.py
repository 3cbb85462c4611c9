"""What a command does to a device's state, and the home that keeps its state on this machine's disk."""

from __future__ import annotations

import dataclasses
import hmac
import logging
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from assistant.home.commands import CODE, EFFECTS
from assistant.home.executor import Action, Command
from assistant.home.model import Device, DeviceState, Domain, Feature, Home, Range, state_problem
from common.errors import HomeError, StorageError
from common.faults import Faults
from common.state_file import load_json, save_json

log = logging.getLogger(__name__)

_VERSION = 1

#: What heatings take that name no range: 5 to 35 °C, as common thermostats offer; the same in °F, rounded.
_TEMPERATURES = {"celsius": Range(5, 35), "fahrenheit": Range(41, 95)}
#: The same of water heaters: from frost protection to the hottest that common boilers offer.
_WATER = {"celsius": Range(5, 85), "fahrenheit": Range(41, 185)}


def can(device: Device, command: Command) -> bool:
    """Whether `device` understands `command`."""
    takers = EFFECTS[command].takers
    return device.domain in takers and takers[device.domain] in (None, *device.features)


def first_of(device: Device, commands: Sequence[Command]) -> Command | None:
    """The first of the commands that `device` understands; None if it understands none of them."""
    return next((command for command in commands if can(device, command)), None)


def value_range(device: Device, command: Command, unit: str) -> Range:
    """The values that `device` takes with a command that sets a number; `unit` is the home's."""
    effect = EFFECTS[command]
    degrees = _WATER if device.domain is Domain.WATER_HEATER else _TEMPERATURES
    return device.ranges.get(effect.ranged, effect.usual or degrees[unit])


def takes(device: Device, command: Command, value: float, unit: str) -> bool:
    """Whether a value is one that `device` takes; which of its steps is nearest is another question."""
    off = EFFECTS[command].off_at_zero and value == 0
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
    effect = EFFECTS[command]
    changed: dict[str, Any] = {**effect.sets, **effect.sets_of.get(device.domain, {})}
    if effect.takes == "number":
        number = _number(device, action, unit)
        changed[effect.becomes] = round(number) if effect.whole else number
        if effect.off_at_zero:
            changed["on"] = number > 0
    elif effect.takes == "text":
        words = _text(device, action)
        if effect.becomes:
            changed[effect.becomes] = words
    return replace(state, **changed)


def _number(device: Device, action: Action, unit: str) -> float:
    value = action.value
    if isinstance(value, str) or value is None or not takes(device, action.command, value, unit):
        bounds = value_range(device, action.command, unit)
        message = f"the {device.name} takes values from {bounds.minimum:g} to {bounds.maximum:g}"
        raise HomeError(message, code="home.range")
    return float(value)


def _text(device: Device, action: Action) -> str:
    if not isinstance(action.value, str) or not action.value:
        raise HomeError(f"the {device.name} needs to be told what", code="home.range")
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
            _check_code(device, action)
            self._states[device.id] = after(device, before, action, self._home.unit)
            if action.command is Command.TRANSFER:
                other = self._device(str(action.value)).id
                self._states[other] = replace(
                    self._states[other], on=True, activity="playing", title=before.title, artist=before.artist
                )
            elif self._states[device.id] == before:
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


def _check_code(device: Device, action: Action) -> None:
    """Refuse what needs the code of an alarm panel and has it not."""
    needed = action.command is Command.DISARM or (
        EFFECTS[action.command].takes == CODE and Feature.CODE in device.features
    )
    if needed and can(device, action.command) and not hmac.compare_digest(str(action.value), device.code):
        raise HomeError("the code is wrong", code="home.code")


def _fits(state: DeviceState, initial: DeviceState) -> bool:
    """Whether a stored state is one of this kind of device."""
    for field in ("on", "position", "locked"):
        stored, expected = getattr(state, field), getattr(initial, field)
        if type(stored) is not type(expected):
            return False
    return True
