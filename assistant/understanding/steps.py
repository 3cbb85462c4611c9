"""A bound on the work of one match.

hassil tries all ways to read a text. In a sentence such as "[a] [a] [a] ..." there may be millions, and it
has no limit of its own. So the parts of its sentences count here how often they are tried.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from hassil.expression import ListReference, TextChunk
from hassil.intents import TextSlotList

from assistant.understanding.expressions import chunks, references
from common.errors import TooLarge

#: Parts of sentences that may be tried for one text. A command of the box takes 500, at most 3200; a text of
#: 1000 characters 5000. A step takes about 5 µs.
MAX_STEPS = 60_000


class _Left(threading.local):
    """How many steps the match in this thread may still take; None outside of one."""

    steps: int | None = None


_left = _Left()


@contextmanager
def bounded_steps(most: int = MAX_STEPS) -> Iterator[None]:
    """Bound what is matched inside; a bound that is in force already goes on.

    Raises:
        TooLarge: more steps than that were taken.
    """
    if _left.steps is not None:
        yield
        return
    _left.steps = most
    try:
        yield
    finally:
        _left.steps = None


def count_steps(expression: Any) -> None:
    """Let the parts of an expression of hassil count how often they are tried."""
    for chunk in chunks(expression):
        chunk.__class__ = _Chunk
    for reference in references(expression):
        if isinstance(reference, ListReference):
            reference.__class__ = _Reference


def count_values(values: TextSlotList) -> None:
    """Let the values of a list count how often all of them are tried, as they are after free text."""
    values.values = _Values(values.values)
    # hassil makes its index at the first question otherwise, which takes 0.6 s for 10,000 values.
    values.get_candidates("")


def _take(steps: int) -> None:
    if _left.steps is not None:
        _left.steps -= steps
        if _left.steps < 0:
            raise TooLarge(
                f"a text takes more than {MAX_STEPS} steps to match",
                hint="simplify sentences with many options in a row",
                code="understanding.too-many-steps",
            )


class _Chunk(TextChunk):
    """A text; hassil asks once for each try whether it is empty."""

    @property
    def is_empty(self) -> bool:
        _take(1)
        return self.text == ""


class _Reference(ListReference):
    """A list; hassil asks for its name at each try, and for that of its slot at each match."""

    @property
    def list_name(self) -> str:
        _take(1)
        name: str = self.__dict__["list_name"]
        return name

    @list_name.setter
    def list_name(self, name: str) -> None:
        self.__dict__["list_name"] = name

    @property
    def slot_name(self) -> str:
        _take(1)
        return super().slot_name


class _Values(list[Any]):
    """The values of a list, tried one after the other."""

    def __init__(self, values: Iterable[Any]) -> None:
        super().__init__(values)

    def __iter__(self) -> Iterator[Any]:
        _take(len(self))
        return super().__iter__()
