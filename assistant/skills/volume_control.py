"""The loudness of the box's own voice: set, and kept over a restart."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from common.state_file import load_json, save_json

#: Percent, where nothing else was set.
DEFAULT_VOLUME = 70


class VolumeControl(Protocol):
    """Something whose loudness can be set, in percent."""

    def get(self) -> int:
        """0 (silent) to 100."""

    def set(self, percent: int) -> None:
        """Set it; raises `StorageError` if it holds but could not be saved."""


class SavedVolume:
    """A loudness that survives a restart.

    Args:
        path: the JSON file.
        apply: called with the loudness as a factor, 0.0 to 1.0, now and at each change.
    """

    def __init__(self, path: Path, apply: Callable[[float], None] = lambda _factor: None) -> None:
        self._path = path
        self._apply = apply
        stored = load_json(path, _percent)
        self._percent = DEFAULT_VOLUME if stored is None else stored
        apply(self._percent / 100)

    def get(self) -> int:
        """0 (silent) to 100."""
        return self._percent

    def set(self, percent: int) -> None:
        """Set it, then save it.

        Raises:
            StorageError: it is set, but could not be saved.
        """
        self._percent = max(0, min(100, percent))
        self._apply(self._percent / 100)
        save_json(self._path, {"percent": self._percent})


def _percent(content: Any) -> int:
    percent = content["percent"]
    if not isinstance(percent, int) or isinstance(percent, bool) or not 0 <= percent <= 100:
        raise ValueError(f"{percent!r} is no percentage")
    return percent
