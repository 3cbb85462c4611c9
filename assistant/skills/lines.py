"""Declarations of what the box says: the code names a text, each language's files hold it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import ModuleType

#: A line with this value has a form for each CLDR plural category ("one timer", "two timers").
COUNT = "count"
#: A line with this value has a form for each CLDR ordinal category ("1st", "2nd").
RANK = "rank"


@dataclass(frozen=True)
class Line:
    """One text that the box can say.

    A module declares its lines as constants. Each language has a text for every line, under `replies:` of
    the sentence file SECTION.yaml; it is checked when the box starts.

    Attributes:
        key: "SECTION.NAME", such as "clock.time".
        values: names of the values that the text may use; with `count` or `rank` the text may have forms.
    """

    key: str
    values: frozenset[str] = frozenset()

    @property
    def selector(self) -> str:
        """The value that chooses among the forms of the text, `COUNT` or `RANK`; "" for a single form."""
        return next((name for name in (COUNT, RANK) if name in self.values), "")


@dataclass(frozen=True)
class WordList:
    """Words that a skill looks for in a sentence or in a name.

    Each language has them under `words:` of the sentence file SECTION.yaml.

    Attributes:
        key: "SECTION.NAME", such as "timers.articles".
    """

    key: str


def line(key: str, *values: str) -> Line:
    """A line with the names of its values."""
    return Line(key, frozenset(values))


def declared(module: ModuleType) -> Iterator[Line | WordList]:
    """The lines and word lists among the constants of a module, those inside its tables too."""
    for constant in vars(module).values():
        yield from _within(constant)


def _within(constant: object) -> Iterator[Line | WordList]:
    if isinstance(constant, Line | WordList):
        yield constant
    elif isinstance(constant, Mapping):
        for item in constant.values():
            yield from _within(item)
    elif type(constant) is tuple:
        for item in constant:
            yield from _within(item)
