"""Numbers as words: in English cardinals, ordinals, years, clock times, without digits and hyphens."""

from __future__ import annotations

import threading
from datetime import date
from functools import cache, lru_cache

from unicode_rbnf import FormatPurpose, RbnfEngine

from common.digits import digits_one_by_one

#: Above this many digits nobody says a number as one number.
_MAX_DIGITS = 15
_MONTHS = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
#: A lone "a" would be spoken as the article, "uh em"; the hyphen makes espeak-ng spell it.
_HALVES = {"am": "a-m", "pm": "p m"}
_SOFT_HYPHEN = "\u00ad"
_lock = threading.Lock()


@cache
def _engine(language: str) -> RbnfEngine | None:
    try:
        return RbnfEngine.for_language(language)
    except ValueError:
        return None


@lru_cache(maxsize=4096)
def _format(number: str, purpose: FormatPurpose, language: str = "en") -> str:
    # The engine says nothing about threads, and a call takes microseconds.
    with _lock:
        engine = _engine(language)
        words: str = engine.format_number(number, purpose).text if engine else number
    return words.replace("-", " ").replace(_SOFT_HYPHEN, "")


def in_words(number: int, language: str) -> str:
    """A number in the words of a language; in digits where CLDR has no words for it."""
    return _format(str(number), FormatPurpose.CARDINAL, language)


def cardinal(number: str) -> str:
    """Words of a plain number.

    Args:
        number: ASCII digits with at most one point in between, such as "12", "21.5" or "007".

    Returns:
        "twelve", "twenty one point five", "zero zero seven"; very long ones digit by digit.
    """
    whole, _, fraction = number.partition(".")
    if len(whole) > _MAX_DIGITS or (len(whole) > 1 and whole.startswith("0")):
        words = digits_one_by_one(whole)
    else:
        words = _format(whole or "0", FormatPurpose.CARDINAL)
    return f"{words} point {digits_one_by_one(fraction)}" if fraction else words


def ordinal(number: int) -> str:
    """22 -> "twenty second"; beyond the range of spoken numbers the digits one by one."""
    if len(str(number)) > _MAX_DIGITS:
        return digits_one_by_one(str(number))
    return _format(str(number), FormatPurpose.ORDINAL)


def year(number: int) -> str:
    """2026 -> "twenty twenty six", 1905 -> "nineteen oh five", 2005 -> "two thousand five"."""
    century, rest = divmod(number, 100)
    if 1100 <= number <= 2099 and 1 <= rest <= 9 and century != 20:
        return f"{cardinal(str(century))} oh {cardinal(str(rest))}"
    return _format(str(number), FormatPurpose.YEAR)


def month(number: int) -> str:
    """1 -> "january"."""
    return _MONTHS[number - 1]


def day_of_year(day: date) -> str:
    """ "november twenty second twenty twenty six"."""
    return f"{month(day.month)} {ordinal(day.day)} {year(day.year)}"


def clock(hour: int, minute: int, half: str = "") -> str:
    """A time of day as people say it.

    Args:
        hour: 0 to 24.
        minute: 0 to 59.
        half: "am", "pm" or "" for none.

    Returns:
        "four thirty five p m", "seven oh five a-m", "four o'clock", "sixteen hundred".
    """
    hours = cardinal(str(hour))
    suffix = f" {_HALVES[half]}" if half else ""
    if minute == 0:
        if suffix:
            return hours + suffix
        return f"{hours} o'clock" if 1 <= hour <= 12 else f"{hours} hundred"
    minutes = cardinal(str(minute))
    return f"{hours} {'oh ' if minute < 10 else ''}{minutes}{suffix}"
