"""The file of the figures, in the state folder: whose machine they are of, and who may write them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Any

from assistant.scheduling.figures import MOST_FIGURES, Figures, from_json, to_json
from common.errors import Conflict
from common.faults import Faults
from common.lock import StateLock
from common.state_file import load_json, save_json

_NAME = "figures.json"
_LOCK = "tuning"
_VERSION = 1


class Origin(StrEnum):
    """What the file holds."""

    NOTHING = "nothing"
    THIS_MACHINE = "this machine"
    OTHER_MACHINE = "another machine"


class FigureFile:
    """Keeps the figures of a machine.

    Args:
        state: the state folder.
        machine: its key, see `machine_key`.
        faults: is told of a file that is damaged.
    """

    def __init__(self, state: Path, machine: str, faults: Faults | None = None) -> None:
        self._state = state
        self._machine = machine
        self._faults = faults
        self._seen: tuple[int, int] | None = None

    def load(self) -> tuple[Figures, Origin]:
        """The figures of this machine, and what the file holds. A file that cannot be used holds nothing."""
        self._seen = self._stamp()
        read = load_json(self._state / _NAME, _content, what="the measured figures", faults=self._faults)
        if read is None:
            return Figures(), Origin.NOTHING
        machine, figures = read
        if machine != self._machine:
            return Figures(), Origin.OTHER_MACHINE
        return figures, Origin.THIS_MACHINE

    def has_changed(self) -> bool:
        """Whether the file is another one than that of the last `load` or `save`."""
        return self._stamp() != self._seen

    def save(self, figures: Figures) -> None:
        """Replace the file, whole or not at all.

        Raises:
            StorageError: the folder cannot be written, or the disk is full; the old file is untouched.
        """
        content = {"version": _VERSION, "machine": self._machine, "figures": [to_json(f) for f in figures]}
        save_json(self._state / _NAME, content, durable=False)
        self._seen = self._stamp()

    @contextmanager
    def tuning(self) -> Iterator[None]:
        """Hold the right to measure on this machine and to write the file.

        Raises:
            Conflict: `tune.running`: another process has it.
            StorageError: the folder cannot be written.
        """
        try:
            lock = StateLock(self._state / _LOCK, what="a measurement")
        except Conflict as error:
            raise Conflict(
                error.message,
                hint="wait until it has ended; its figures count for all",
                code="tune.running",
            ) from None
        try:
            yield
        finally:
            lock.release()

    def _stamp(self) -> tuple[int, int] | None:
        try:
            found = (self._state / _NAME).stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns


def _content(values: Any) -> tuple[str, Figures]:
    """The key of the machine, and the figures of a file.

    Raises:
        ValueError, KeyError, TypeError: it has another form.
    """
    if values["version"] != _VERSION:
        raise ValueError(f"version {values['version']} is not {_VERSION}")
    rows = values["figures"]
    if not isinstance(values["machine"], str) or not isinstance(rows, list) or len(rows) > MOST_FIGURES:
        raise ValueError("it holds no list of figures of a machine")
    return values["machine"], Figures(map(from_json, rows))
