"""Progress of long work: what is being done, and how far it is."""

from __future__ import annotations

import sys
from collections.abc import Callable

#: Called with (what is being done, units done, units in all); a total of 0 means "not known".
Progress = Callable[[str, int, int], None]


def silent(what: str, done: int, total: int) -> None:
    """Report nothing."""


def show(what: str, done: int, total: int) -> None:
    """Print steps on one line of a terminal; into a file goes the end of each alone."""
    share = f" {done / total:4.0%}" if total else ""
    if sys.stdout.isatty():
        print(f"\r\033[Ksotto: {what}{share}", end="\n" if total and done >= total else "", flush=True)
    elif total and done >= total:
        print(f"sotto: {what}", flush=True)
