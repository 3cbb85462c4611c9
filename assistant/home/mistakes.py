"""Mistakes in `home.toml`: raised, or kept as faults while the rest of the file is used."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from common.errors import HomeError
from common.faults import Fault

_T = TypeVar("_T")

#: File name of the sample home.
SAMPLE = "sample_home.toml"


class Mistakes:
    """What a reader of a home does with the mistakes it finds.

    Args:
        path: the file.
        faults: takes what is left out; None to raise at the first mistake.
    """

    def __init__(self, path: Path, faults: list[Fault] | None = None) -> None:
        self._path = path
        self._faults = faults

    def _error(self, where: str, message: str, code: str, hint: str = "") -> HomeError:
        return _Misplaced(self._path, where, message, code, hint)

    def _blame(self, error: HomeError, effect: str) -> None:
        """Keep a mistake as a fault, or raise it."""
        if self._faults is None:
            raise error
        where = error.where if isinstance(error, _Misplaced) else ""
        self._faults.append(Fault.of(error, effect, self._path.name, where))

    def _or(self, default: _T, read: Callable[[], _T]) -> _T:
        """What `read` gives, or the default in place of what cannot be used."""
        try:
            return read()
        except HomeError as error:
            self._blame(error, "This key is left out.")
            return default


class _Misplaced(HomeError):
    """A mistake at a place in the file."""

    def __init__(self, path: Path, where: str, message: str, code: str, hint: str) -> None:
        super().__init__(
            f"{path}: {where}: {message}",
            hint=hint or f"correct that key; {SAMPLE} shows how it is written",
            code=f"home.{code}",
        )
        self.where = where
