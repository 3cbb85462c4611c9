"""Counts the replies of this household, so that the most frequent ones are synthesised ahead."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from pathlib import Path
from typing import Any

from common.errors import StorageError
from common.state_file import load_json, save_json

log = logging.getLogger(__name__)

_VERSION = 1
#: If the sum of the counts exceeds this, they are halved, so that old habits lose weight.
_HALVE_AT = 500
_SAVE_EVERY = 10


class FrequentReplies:
    """Counts replies; the counts survive a restart.

    Args:
        path: file of the counts.
        always: replies that every box gives; they come after the counted ones.
        most: how many replies are kept.
    """

    def __init__(self, path: Path, always: tuple[str, ...], most: int) -> None:
        self._path = path
        self._always = always
        self._most = most
        self._lock = threading.Lock()
        self._unsaved = 0
        self._counts: Counter[str] = Counter(load_json(path, self._restored) or {})

    def count(self, reply: str) -> None:
        """Count a reply. The counts are saved at every 10th call only: to lose the last few does no harm."""
        with self._lock:
            self._counts[reply] += 1
            if self._counts.total() > _HALVE_AT:
                self._counts = Counter({text: n // 2 for text, n in self._counts.items() if n > 1})
            self._unsaved += 1
            if self._unsaved < _SAVE_EVERY:
                return
            self._unsaved = 0
            # A reply that was given once is not frequent; one with a time of day or a temperature comes once.
            kept = {text: n for text, n in self._counts.most_common(self._most) if n > 1}
        try:
            save_json(self._path, {"version": _VERSION, "replies": kept}, durable=False, copy=False)
        except StorageError as error:
            log.warning("frequent replies were not saved: %s", error)

    def likeliest(self) -> list[str]:
        """The replies to synthesise ahead, the most frequent first."""
        with self._lock:
            often = [text for text, n in self._counts.most_common(self._most) if n > 1]
        return [*dict.fromkeys((*often, *self._always))]

    def _restored(self, content: Any) -> dict[str, int]:
        if content["version"] != _VERSION:
            raise ValueError(f"version {content['version']} is not {_VERSION}")
        kept = list(content["replies"].items())[: self._most]
        return {text: int(n) for text, n in kept if isinstance(text, str)}
