"""A text with places for values: "{name:capital} timer, {length}, starting now."."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

Value = str | int | float

_PLACE = re.compile(r"( ?)\{(\w+)(?::(\w+))?\}")


def capital(text: str) -> str:
    """The first letter large, the rest untouched."""
    return text[:1].upper() + text[1:]


@dataclass(frozen=True)
class NumberForms:
    """How a language writes numbers.

    Attributes:
        figures: a number in digits.
        words: a number in words.
    """

    figures: Callable[[float], str]
    words: Callable[[int], str]


@dataclass(frozen=True)
class Place:
    """Where a value stands.

    Attributes:
        space: the blank before it, or "". An empty value takes it along.
        name: of the value.
        style: "" for the value as it is, "words" for a number in words, "capital" for a capital first letter.
    """

    space: str
    name: str
    style: str

    def render(self, value: Value, numbers: NumberForms) -> str:
        """The value as text, with its blank."""
        if isinstance(value, str):
            text = value
        else:
            text = numbers.words(round(value)) if self.style == "words" else numbers.figures(value)
        if self.style == "capital":
            text = capital(text)
        return f"{self.space}{text}" if text else ""


STYLES = ("", "words", "capital")


@dataclass(frozen=True)
class Template:
    """A parsed text.

    Attributes:
        parts: plain text and places, in order.
    """

    parts: tuple[str | Place, ...]

    @classmethod
    def parse(cls, text: str) -> Template:
        """Read a text.

        Raises:
            ValueError: a brace that opens or closes nothing, or an unknown style; with a sentence about it.
        """
        parts: list[str | Place] = []
        end = 0
        for match in _PLACE.finditer(text):
            parts += [text[end : match.start()], Place(match[1], match[2], match[3] or "")]
            end = match.end()
        parts.append(text[end:])
        for part in parts:
            if isinstance(part, str) and ("{" in part or "}" in part):
                raise ValueError("a value is written {name} or {name:style}; other braces cannot be used")
            if isinstance(part, Place) and part.style not in STYLES:
                known = ", ".join(filter(None, STYLES))
                raise ValueError(f"there is no style {part.style}; there are: {known}")
        return cls(tuple(part for part in parts if part))

    @property
    def names(self) -> frozenset[str]:
        """Names of the values that it uses."""
        return frozenset(part.name for part in self.parts if isinstance(part, Place))

    def render(self, values: Mapping[str, Value], numbers: NumberForms) -> str:
        """The text with its values."""
        return "".join(
            part if isinstance(part, str) else part.render(values[part.name], numbers) for part in self.parts
        )
