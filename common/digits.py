"""English words for single digits: a synthesiser must not make one number of a code or an address."""

from __future__ import annotations

_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def digits_one_by_one(digits: str) -> str:
    """ "007" -> "zero zero seven"; anything but ASCII digits is left out."""
    return " ".join(_WORDS[int(digit)] for digit in digits if digit in "0123456789")


def spoken_code(code: str) -> str:
    """A code digit by digit, with a pause after each four: "12345" -> "one two three four, five"."""
    return ", ".join(digits_one_by_one(code[at : at + 4]) for at in range(0, len(code), 4))
