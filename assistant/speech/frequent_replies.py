"""What this household is answered most often, so that it can be rendered before it is asked for."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from pathlib import Path
from typing import Any

from common.errors import StorageError
from common.state_file import load_json, save_json, set_aside

log = logging.getLogger(__name__)

_VERSION = 1
#: When the counts add up to this they are halved, so that last year's habits fade.
_HALVE_AT = 500
_SAVE_EVERY = 10


class FrequentReplies:
    """Counts replies; the counts survive a restart.

    Args:
        path: of the counts.
        always: replies that any box gives.
        most: how many are remembered.
    """

    def __init__(self, path: Path, always: tuple[str, ...], most: int) -> None:
        self._path = path
        self._always = always
        self._most = most
        self._lock = threading.Lock()
        self._unsaved = 0
        self._counts: Counter[str] = Counter(self._load())

    def count(self, reply: str) -> None:
        """A reply was given. Saved now and then: to lose the last few counts costs nothing."""
        with self._lock:
            self._counts[reply] += 1
            if self._counts.total() > _HALVE_AT:
                self._counts = Counter({text: n // 2 for text, n in self._counts.items() if n > 1})
            self._unsaved += 1
            if self._unsaved < _SAVE_EVERY:
                return
            self._unsaved = 0
            # Once is no habit, and what holds a time of day or a temperature comes once.
            kept = {text: n for text, n in self._counts.most_common(self._most) if n > 1}
        try:
            save_json(self._path, {"version": _VERSION, "replies": kept}, durable=False)
        except StorageError as error:
            log.warning("frequent replies were not saved: %s", error)

    def likeliest(self) -> list[str]:
        """Those that are worth rendering ahead, the likeliest first."""
        with self._lock:
            often = [text for text, n in self._counts.most_common(self._most) if n > 1]
        return [*dict.fromkeys((*often, *self._always))]

    def _load(self) -> dict[str, int]:
        content: Any = load_json(self._path)
        if content is None:
            return {}
        try:
            if content["version"] != _VERSION:
                raise ValueError(f"version {content['version']} is not {_VERSION}")
            return {
                text: int(n)
                for text, n in list(content["replies"].items())[: self._most]
                if isinstance(text, str)
            }
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            set_aside(self._path, f"{type(error).__name__}: {error}")
            return {}
