"""Numbers that name something and are said digit by digit: telephone numbers, codes, network addresses."""

from __future__ import annotations

import re

from assistant.speech.spoken_rules.rule import Rule
from common.digits import digits_one_by_one

#: Words before a number that is said digit by digit.
_BEFORE = (
    r"zip(?: code)?|post(?:al)? ?code|pin(?: code)?|passcode|password|code|extension|ext\.|call|dial|tel\.?"
    r"|(?:tele)?phone(?: number)?|account(?: number)?|flight|serial(?: number)?|tracking(?: number)?"
    r"|order number|reference(?: number)?|license plate|isbn"
)


def digits(text: str) -> str:
    """The digits of `text` one by one, with a short break between its groups."""
    return ", ".join(digits_one_by_one(group) for group in re.findall(r"\d+", text))


def _after_word(match: re.Match[str]) -> str:
    return f"{match['word']}{' is' if match['is'] else ''} {digits(match['digits'])}"


def _telephone(match: re.Match[str]) -> str:
    return f" {'plus ' if match['plus'] else ''}{digits(match['digits'])} "


def _address(match: re.Match[str]) -> str:
    return " dot ".join(digits_one_by_one(part) for part in match[0].split("."))


RULES: tuple[Rule, ...] = (
    (re.compile(r"\d{16,}"), lambda match: f" {digits_one_by_one(match[0])} "),
    (
        re.compile(
            rf"\b(?P<word>{_BEFORE})(?P<is> is|:)?\s(?P<digits>\d{{3,12}}(?:[- ]\d{{2,6}}){{0,4}})"
            r"(?![\w:%]|[.,-]\d)",
            re.IGNORECASE,
        ),
        _after_word,
    ),
    # +49 30 1234567, (555) 123-4567, 1-800-555-0199, 555-1234
    (
        re.compile(r"(?<![\w.])(?P<plus>\+)(?P<digits>\d{1,3}(?:[-. ]?\(?\d{2,5}\)?){2,5})(?![\w]|[.,]\d)"),
        _telephone,
    ),
    (
        re.compile(
            r"(?<![\w.,/-])(?P<plus>)(?P<digits>(?:1[-. ])?\(?\d{3}\)?[-. ]\d{3}[-.]\d{4})(?![\w]|[-.,]\d)"
        ),
        _telephone,
    ),
    (re.compile(r"(?<![\w.,/-])(?P<plus>)(?P<digits>[2-9]\d{2}-\d{4})(?![\w]|[-.,]\d)"), _telephone),
    (re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w]|\.\d)"), _address),
    # "COVID-19", "F-16", "mid-1990s".
    (re.compile(r"(?<=[A-Za-z])-(?=\d)"), lambda _: " "),
)
