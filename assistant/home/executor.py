"""What executes a home command. A hub that is plugged in later implements `HomeExecutor`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from assistant.home.commands import Command
from assistant.home.model import DeviceState, Home

__all__ = ["Action", "Command", "HomeExecutor"]


@dataclass(frozen=True)
class Action:
    """One command to one device.

    Attributes:
        device_id, command: which.
        value: as the command says.
        detail: a word that goes with the value, of few commands; "" for none.
    """

    device_id: str
    command: Command
    value: float | str | None = None
    detail: str = ""


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
