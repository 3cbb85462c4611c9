"""Dates, years, decades and times of day."""

from __future__ import annotations

import re
from datetime import date

from assistant.speech.number_words import cardinal, clock, day_of_year, ordinal, year
from assistant.speech.spoken_rules.rule import Rule
from assistant.speech.spoken_rules.units import NAMES

_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_HALF = r"(?P<half>[ap]m\b|[ap]\.m\b\.?)"
_YEAR = r"(?:1[1-9]|20)\d{2}"
#: No year goes on with these: more digits, a unit, a percentage, a time.
_YEAR_ENDS = rf"(?![\w:%]|['\u2019]s|[.,]\d|-\d|\s?[°%\u20ac$]|\s?(?:{NAMES})(?!\w))"
#: Words before a year; "of" as in "the summer of 1969".
_BEFORE_YEAR = (
    r"(?:in|since|year|until|till|of|by|from|before|after|around|circa|during|between|about|early|late"
    r"|spring|summer|the|autumn|fall|winter|born|died|est\.|c\.)"
)


def _iso_date(match: re.Match[str]) -> str:
    return _day(match, match["year"], match["month"], match["day"])


def _day(match: re.Match[str], of_year: str, month: str, day: str) -> str:
    try:
        return " " + day_of_year(date(int(of_year), int(month), int(day))) + " "
    except ValueError:
        return match[0]


def _slash_date(match: re.Match[str]) -> str:
    # As in the United States; where that is no month, as elsewhere.
    first, second = match["first"], match["second"]
    month, day = (first, second) if int(first) <= 12 else (second, first)
    return _day(match, match["year"], month, day)


def _dotted_date(match: re.Match[str]) -> str:
    return _day(match, match["year"], match["month"], match["day"])


def _month_day(match: re.Match[str]) -> str:
    if not 1 <= int(match["day"]) <= 31:
        return match[0]
    words = f"{match['month']} {ordinal(int(match['day']))}"
    return f"{words}{match['comma'] or ''} {year(int(match['year']))}" if match["year"] else words


def _day_month(match: re.Match[str]) -> str:
    if not 1 <= int(match["day"]) <= 31:
        return match[0]
    words = f"{ordinal(int(match['day']))} of {match['month']}"
    return f"{words} {year(int(match['year']))}" if match["year"] else words


def _years(match: re.Match[str]) -> str:
    return f"{year(int(match['first']))} to {year(int(match['last']))}"


def _era(match: re.Match[str]) -> str:
    return f"{year(int(match['year']))} {' '.join(match['era'].replace('.', ''))}"


def _after_word(match: re.Match[str]) -> str:
    return f"{match['word']}{year(int(match['year']))}"


def _decade(match: re.Match[str]) -> str:
    century, ten = match["century"] or "", int(match["ten"])
    if ten == 0:
        if not century:
            return match[0]
        return "two thousands" if century == "20" else f"{cardinal(century)} hundreds"
    words = cardinal(str(ten))
    words = f"{words[:-1]}ies" if words.endswith("y") else f"{words}s"
    return f"{cardinal(century)} {words}" if century else words


def _time(match: re.Match[str]) -> str:
    hour, minute = int(match["hour"]), int(match["minute"])
    half = (match["half"] or "").lower().replace(".", "")
    if hour > 24 or minute > 59 or (half and not 1 <= hour <= 12):
        return match[0]
    words = clock(hour, minute, half)
    if match["second"]:
        words += f" and {cardinal(str(int(match['second'])))} seconds"
    return f" {words} "


def _times(match: re.Match[str]) -> str:
    return f"{match['from']} to {match['to']}"


def _hour(match: re.Match[str]) -> str:
    hour = int(match[1])
    if not 1 <= hour <= 12:
        return match[0]
    return clock(hour, 0, match[2].lower().replace(".", ""))


RULES: tuple[Rule, ...] = (
    (re.compile(r"(?<![\w-])(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})(?![\w-])"), _iso_date),
    (
        re.compile(r"(?<![\w/.])(?P<first>\d{1,2})/(?P<second>\d{1,2})/(?P<year>[12]\d{3})(?![\w/])"),
        _slash_date,
    ),
    (
        re.compile(rf"(?<![\w.])(?P<day>\d{{1,2}})\.(?P<month>\d{{1,2}})\.(?P<year>{_YEAR})(?!\w)"),
        _dotted_date,
    ),
    (
        re.compile(
            rf"\b(?P<month>{_MONTH})\.? (?P<day>\d{{1,2}})(?:st|nd|rd|th)?"
            rf"(?![\w:%])(?:(?P<comma>,)? (?P<year>[12]\d{{3}})(?![\w:.]\d|\w))?",
            re.IGNORECASE,
        ),
        _month_day,
    ),
    (
        re.compile(
            rf"\b(?P<day>\d{{1,2}})(?:st|nd|rd|th)? (?P<month>{_MONTH})\b"
            rf"(?: (?P<year>[12]\d{{3}})(?![\w:.]\d|\w))?",
            re.IGNORECASE,
        ),
        _day_month,
    ),
    (
        re.compile(rf"(?<![\w.,-])(?P<first>{_YEAR})\s?[-\u2013]\s?(?P<last>{_YEAR}){_YEAR_ENDS}"),
        _years,
    ),
    (
        re.compile(r"\b(?P<year>\d{1,4}) (?P<era>BCE|BC|CE|AD|B\.C\.|A\.D\.)(?!\w)"),
        _era,
    ),
    (
        re.compile(rf"(?P<word>\b(?:{_BEFORE_YEAR}|{_MONTH}\.?) |\()(?P<year>{_YEAR}){_YEAR_ENDS}", re.I),
        _after_word,
    ),
    # Behind a name: "Olympics 2028".
    (re.compile(rf"(?P<word>\b[A-Z][a-z]\w* )(?P<year>{_YEAR}){_YEAR_ENDS}"), _after_word),
    # Two years that a word joins: "between 1939 and 1945".
    (re.compile(rf"(?P<word>[a-z] (?:to|and|or) )(?P<year>(?:1[1-9]|20)\d{{2}}){_YEAR_ENDS}"), _after_word),
    (re.compile(r"(?<![\w.,])(?:(?P<century>1[1-9]|20)|['\u2019])?(?P<ten>\d0)['\u2019]?s\b"), _decade),
    (
        re.compile(r"(?P<from>\b\d{1,2}:\d{2})\s?[-\u2013]\s?(?P<to>\d{1,2}:\d{2}\b)"),
        _times,
    ),
    (
        re.compile(
            rf"(?<![\w.:])(?P<hour>\d{{1,2}}):(?P<minute>\d{{2}})(?::(?P<second>\d{{2}}))?"
            rf"(?![\d:])(?:\s?{_HALF})?",
            re.IGNORECASE,
        ),
        _time,
    ),
    (re.compile(r"(?<![\w.,:-])(\d{1,2})\s?([ap]m\b|[ap]\.m\b\.?)", re.IGNORECASE), _hour),
)
