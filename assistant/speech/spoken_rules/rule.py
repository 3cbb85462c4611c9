"""What a rule is, and the pieces that several kinds of rules share."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from assistant.speech.number_words import cardinal

#: A pattern, and the words for what it matches.
Rule = tuple[re.Pattern[str], Callable[[re.Match[str]], str]]

#: Runs of digits are bounded (longer ones are read digit by digit before), so that no rule is quadratic.
NUMBER = r"\d{1,3}(?:,\d{3}){1,4}(?:\.\d{1,15})?(?!\d)|\d{1,15}(?:\.\d{1,15})?"
MINUS = r"(?<![\w.])[-\u2212]"
#: Written magnitude -> its word. Lower case letters mean one behind money only: "5 m" is five meters.
MAGNITUDES = {
    "thousand": "thousand",
    "million": "million",
    "billion": "billion",
    "trillion": "trillion",
    "k": "thousand",
    "K": "thousand",
    "m": "million",
    "M": "million",
    "mn": "million",
    "mln": "million",
    "b": "billion",
    "B": "billion",
    "bn": "billion",
    "tn": "trillion",
    "T": "trillion",
}


def signed(sign: str | None, number: str) -> str:
    """The words of a number, which may have commas, with its sign."""
    return ("minus " if sign else "") + cardinal(number.replace(",", ""))


def names(table: Iterable[str]) -> str:
    """A pattern of the words of a table, the longest first."""
    return "|".join(re.escape(key) for key in sorted(table, key=len, reverse=True))
