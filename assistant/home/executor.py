"""What executes a home command. A hub that is plugged in later implements `HomeExecutor`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from assistant.home.model import DeviceState, Home


class Command(StrEnum):
    """Commands to a device. The comment says what the action's value is."""

    TURN_ON = "turn_on"
    TURN_OFF = "turn_off"
    SET_BRIGHTNESS = "set_brightness"  # percent, 0 to 100
    SET_COLOR = "set_color"  # name of a colour
    SET_COLOR_TEMPERATURE = "set_color_temperature"  # kelvin
    OPEN = "open"
    CLOSE = "close"
    SET_POSITION = "set_position"  # percent, 0 closed to 100 open
    LOCK = "lock"
    UNLOCK = "unlock"
    SET_TEMPERATURE = "set_temperature"  # degrees in the home's unit
    SET_SPEED = "set_speed"  # percent


@dataclass(frozen=True)
class Action:
    """One command to one device."""

    device_id: str
    command: Command
    value: float | str | None = None


class HomeExecutor(Protocol):
    """Carries out actions and knows devices and their state. Called from any thread."""

    @property
    def home(self) -> Home:
        """The home as it is now; a hub may change it at any time."""

    def act(self, action: Action) -> None:
        """Carry out `action`; returns when it has been handed over.

        Raises:
            HomeError: there is no such device, or it cannot do that. The message can be spoken.
            Unavailable: the device or its hub cannot be reached.
        """

    def state(self, device_id: str) -> DeviceState:
        """What is known of the device.

        Raises:
            HomeError: there is no such device.
        """
