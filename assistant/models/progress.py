"""Progress reports of long operations."""

from __future__ import annotations

import sys
from collections.abc import Callable

#: Called with (what is being done, units done, units in all); a total of 0 means "not known".
Progress = Callable[[str, int, int], None]

_WIDTH = 24


def silent(what: str, done: int, total: int) -> None:
    """Report nothing."""


def print_line(what: str, done: int, total: int) -> None:
    """Draw one line with a bar on a terminal; elsewhere print only the finished steps."""
    share = min(1.0, done / total) if total > 0 else 0.0
    finished = 0 < total <= done
    if sys.stderr.isatty():
        bar = "=" * round(share * _WIDTH)
        end = "\n" if finished else ""
        print(f"\r[{bar:<{_WIDTH}}] {share:4.0%} {what:<44.44}", end=end, file=sys.stderr)
        sys.stderr.flush()
    elif finished:
        print(f"done: {what}", file=sys.stderr)
