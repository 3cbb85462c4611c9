"""Keeps callers from filling the log: of each kind of line a few are written a minute, the rest are counted.

A kind is a logger and the text of a message before its values are filled in.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

#: Lines of one kind that are written in `WINDOW_S` seconds.
PER_WINDOW = 5
WINDOW_S = 60.0
#: Kinds that are kept; further ones count as one.
MAX_KINDS = 200
_OTHER = "other"


@dataclass
class _Kind:
    since: float
    written: int = 0
    left_out: int = 0


class LogLimit:
    """Decides which lines are written; time is passed in."""

    def __init__(self) -> None:
        self._kinds: dict[str, _Kind] = {}

    def note(self, kind: str, now: float) -> int | None:
        """A line of `kind` comes: how many like it were left out before, or None if it is left out too."""
        if kind not in self._kinds and len(self._kinds) >= MAX_KINDS:
            kind = _OTHER
        state = self._kinds.setdefault(kind, _Kind(now))
        if now >= state.since + WINDOW_S:
            state.since, state.written = now, 0
        if state.written >= PER_WINDOW:
            state.left_out += 1
            return None
        state.written += 1
        left_out, state.left_out = state.left_out, 0
        return left_out


class LimitedLog(logging.Filter):
    """A filter of a handler by `LogLimit`; a line that is written says how many like it were left out.

    Args:
        now: seconds of a clock that never goes back.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._limit = LogLimit()
        self._now = now

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the line is written."""
        left_out = self._limit.note(f"{record.name} {record.msg}", self._now())
        if left_out is None:
            return False
        if left_out:
            record.msg = f"{record.getMessage()} ({left_out} more like this were not written)"
            record.args = ()
        return True
