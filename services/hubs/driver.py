"""What connectord expects of a hub, whatever it speaks."""

from __future__ import annotations

from typing import Protocol

from assistant.home.executor import Action


class HubAway(Exception):
    """The hub is not reached; the message says why, in one sentence.

    Args:
        message: without anything secret.
        refused: the hub is there and refuses the box, so that another try soon is of no use.
    """

    def __init__(self, message: str, *, refused: bool = False) -> None:
        super().__init__(message)
        self.refused = refused


class HubRefused(Exception):
    """The hub did not carry out a command; the message can be spoken."""


class HubDriver(Protocol):
    """A connection to a hub. All methods belong to one event loop."""

    async def run(self) -> None:
        """Connect once, put what is there on the board, and follow it for as long as the connection holds.

        Raises:
            HubAway: always, at the end.
        """

    async def act(self, action: Action) -> None:
        """Carry out one command.

        Raises:
            HubRefused: the hub would not.
            HubAway: it is not reached.
        """
