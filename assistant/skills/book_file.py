"""The file of a book: numbered entries that survive a restart."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from common.errors import StorageError
from common.faults import Faults
from common.state_file import load_json, save_json

log = logging.getLogger(__name__)


class Numbered(Protocol):
    """An entry of a book."""

    @property
    def id(self) -> int:
        """Its number, never given to another entry."""


Entry = TypeVar("Entry", bound=Numbered)


class BookFile(Generic[Entry]):
    """Keeps the entries of a book and the next free number in one JSON file.

    Args:
        path: the file.
        name: what the entries are called, in the file and in messages ("timers").
        version: of the format; a file of another one is set aside.
        limit: entries read at most.
        write: an entry as JSON values.
        read: the entry back; may raise KeyError, TypeError, ValueError, OverflowError or OSError.
        faults: is told if the entries are lost.
    """

    def __init__(
        self,
        path: Path,
        name: str,
        version: int,
        limit: int,
        write: Callable[[Entry], Mapping[str, Any]],
        read: Callable[[Mapping[str, Any]], Entry],
        faults: Faults | None = None,
    ) -> None:
        self._path = path
        self._name = name
        self._version = version
        self._limit = limit
        self._write = write
        self._read = read
        self._faults = faults

    def save(self, next_id: int, entries: Iterable[Entry]) -> None:
        """Write all entries; raises StorageError."""
        written = [self._write(entry) for entry in entries]
        save_json(self._path, {"version": self._version, "next_id": next_id, self._name: written})

    def save_quietly(self, next_id: int, entries: Iterable[Entry]) -> None:
        """Write all entries where nobody waits for an answer; a failure is logged."""
        try:
            self.save(next_id, entries)
        except StorageError as error:
            log.warning("the %s were not saved: %s", self._name, error)

    def load(self) -> tuple[int, dict[int, Entry]]:
        """The next free number and the entries by number; where the file is damaged, from its copy."""
        what = f"the {self._name}"
        return load_json(self._path, self._entries, what=what, faults=self._faults) or (1, {})

    def _entries(self, content: Any) -> tuple[int, dict[int, Entry]]:
        if content["version"] != self._version:
            raise ValueError(f"version {content['version']} is not {self._version}")
        try:
            entries = [self._read(entry) for entry in content[self._name][: self._limit]]
        except OSError as error:  # a time that the C library cannot take
            raise ValueError(str(error)) from error
        next_id = max([int(content["next_id"]), *(entry.id + 1 for entry in entries)])
        return next_id, {entry.id: entry for entry in entries}
