"""Says the gateway's pairing code in the room."""

from __future__ import annotations

import logging
import threading
from pathlib import Path
from typing import Protocol

from common.digits import spoken_code
from common.errors import SottoError, Unavailable
from common.files import read_bounded

log = logging.getLogger(__name__)

_LIMIT = 64


class Speaking(Protocol):
    """The part of the room that is needed here."""

    @property
    def speaks(self) -> bool:
        """Whether there is a loudspeaker."""

    def say_in_turn(self, text: str) -> None:
        """Say it when the box neither listens nor answers, and return when it was played."""


class PairingCode:
    """Says the code of a file twice, from a thread of its own.

    Args:
        path: the file, written by the gateway or at the first boot.
        room: plays it.
    """

    def __init__(self, path: Path, room: Speaking) -> None:
        self._path = path
        self._room = room

    def say(self) -> None:
        """Begin to say it.

        Raises:
            Unavailable: there is no code, or no loudspeaker.
            StorageError: the code cannot be read.
        """
        code = (read_bounded(self._path, _LIMIT) or b"").decode("ascii", "replace").strip()
        if not code.isdigit():
            raise Unavailable(
                "there is no pairing code", hint="the gateway makes one when it starts", code="pairing.none"
            )
        if not self._room.speaks:
            raise Unavailable("there is no loudspeaker", hint="`sotto pair` prints it", code="pairing.mute")
        text = f"The pairing code is {spoken_code(code)}. Once more: {spoken_code(code)}."
        threading.Thread(target=self._say, args=(text,), name="pairing code", daemon=True).start()

    def _say(self, text: str) -> None:
        try:
            self._room.say_in_turn(text)
        except SottoError as error:
            log.warning("the pairing code was not said: %s", error)
