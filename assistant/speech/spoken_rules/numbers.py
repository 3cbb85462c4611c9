"""Fractions, ranges, ordinals, magnitudes, and what is left of the numbers."""

from __future__ import annotations

import re

from assistant.speech.number_words import cardinal, ordinal
from assistant.speech.spoken_rules.rule import MAGNITUDES, MINUS, NUMBER, Rule, names, signed
from common.digits import digits_one_by_one

#: Those that are no share: "24/7" is always, "9/11" is a day.
_NO_FRACTIONS = {("24", "7"): "twenty four seven", ("9", "11"): "nine eleven"}
_PARTS = {2: ("half", "halves"), 4: ("quarter", "quarters")}
#: Larger denominators are said as "3 over 250".
_MOST_PARTS = 100


def _share(above: str, below: str) -> str:
    if known := _NO_FRACTIONS.get((above, below)):
        return known
    parts = int(below)
    if not 2 <= parts <= _MOST_PARTS or int(above) >= 10 * parts:
        return f"{cardinal(above)} over {cardinal(below)}"
    one, several = _PARTS.get(parts) or (ordinal(parts), f"{ordinal(parts)}s")
    return f"{cardinal(above)} {one if above == '1' else several}"


def _fraction(match: re.Match[str]) -> str:
    return f" {_share(match[1], match[2])} "


def _mixed(match: re.Match[str]) -> str:
    share = _share(match[2], match[3])
    if share.startswith("one ") and match[3] in ("2", "4"):
        share = f"a{share.removeprefix('one')}"
    return f" {cardinal(match[1])} and {share} "


def _ordinal(match: re.Match[str]) -> str:
    digits = match[1].replace(",", "")
    return f" {ordinal(int(digits)) if len(digits) <= 15 else digits_one_by_one(digits)} "


def _range(match: re.Match[str]) -> str:
    return f" {cardinal(match[1])} to {cardinal(match[2])} "


def _magnitude(match: re.Match[str]) -> str:
    return f" {signed(match['sign'], match['number'])} {MAGNITUDES[match['magnitude']]} "


def _dotted(match: re.Match[str]) -> str:
    return f" {' point '.join(cardinal(part) for part in match[0].split('.'))} "


def _number(match: re.Match[str]) -> str:
    return f" {signed(match['sign'], match['number'])} "


#: Letters that mean a magnitude without money too.
_LETTERS = names(dict.fromkeys(("k", "M", "B", "bn", "mn", "mln", "tn"), ""))

RULES: tuple[Rule, ...] = (
    (re.compile(r"(?<![\w.])(\d{1,3}(?:,\d{3}){1,4}|\d+)(?:st|nd|rd|th)\b", re.I), _ordinal),
    (re.compile(r"(?<![\w./,])(\d{1,4})(?: and)? (\d{1,2})/(\d{1,2})(?![\w/])"), _mixed),
    (re.compile(r"(?<![\w./])(\d{1,9})/(\d{1,9})(?![\w/])"), _fraction),
    (re.compile(r"(?<![\w.-])(\d{1,9})\s?[-\u2013]\s?(\d{1,9})(?![\w-]|\.\d)"), _range),
    (re.compile(r"\d+(?:\.\d+){2,}"), _dotted),
    (
        re.compile(rf"(?P<sign>{MINUS})?(?<![\w.])(?P<number>{NUMBER})(?P<magnitude>{_LETTERS})(?!\w)"),
        _magnitude,
    ),
    (re.compile(rf"(?P<sign>{MINUS})?(?P<number>{NUMBER})"), _number),
)
