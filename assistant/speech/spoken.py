"""Written text -> the words a person says: numbers, times, dates, units, temperatures, money."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import date

from assistant.speech.number_words import (
    cardinal,
    clock,
    day_of_year,
    ordinal,
    year,
)
from common.digits import digits_one_by_one

#: Runs of digits are bounded (the first rule sees to it), so that no rule takes quadratic time.
_NUMBER = r"\d{1,3}(?:,\d{3}){1,4}(?:\.\d{1,15})?(?!\d)|\d{1,15}(?:\.\d{1,15})?"
_MINUS = r"(?<![\w.])[-\u2212]"
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)

#: Written unit -> (one, several). Case matters where units differ only by it.
_UNITS = {
    "km/h": ("kilometer per hour", "kilometers per hour"),
    "kph": ("kilometer per hour", "kilometers per hour"),
    "mph": ("mile per hour", "miles per hour"),
    "m/s": ("meter per second", "meters per second"),
    "km": ("kilometer", "kilometers"),
    "cm": ("centimeter", "centimeters"),
    "mm": ("millimeter", "millimeters"),
    "m": ("meter", "meters"),
    "ft": ("foot", "feet"),
    "kg": ("kilogram", "kilograms"),
    "mg": ("milligram", "milligrams"),
    "g": ("gram", "grams"),
    "lb": ("pound", "pounds"),
    "lbs": ("pound", "pounds"),
    "oz": ("ounce", "ounces"),
    "ml": ("milliliter", "milliliters"),
    "l": ("liter", "liters"),
    "kWh": ("kilowatt hour", "kilowatt hours"),
    "Wh": ("watt hour", "watt hours"),
    "kW": ("kilowatt", "kilowatts"),
    "W": ("watt", "watts"),
    "V": ("volt", "volts"),
    "A": ("amp", "amps"),
    "mA": ("milliamp", "milliamps"),
    "kHz": ("kilohertz", "kilohertz"),
    "Hz": ("hertz", "hertz"),
    "hPa": ("hectopascal", "hectopascals"),
    "lx": ("lux", "lux"),
    "ppm": ("part per million", "parts per million"),
    "dB": ("decibel", "decibels"),
    "kB": ("kilobyte", "kilobytes"),
    "MB": ("megabyte", "megabytes"),
    "GB": ("gigabyte", "gigabytes"),
    "TB": ("terabyte", "terabytes"),
    "ms": ("millisecond", "milliseconds"),
    "s": ("second", "seconds"),
    "sec": ("second", "seconds"),
    "min": ("minute", "minutes"),
    "h": ("hour", "hours"),
    "hr": ("hour", "hours"),
    "hrs": ("hour", "hours"),
    "K": ("kelvin", "kelvin"),
}
_MONEY = {"$": ("dollar", "cent"), "\u20ac": ("euro", "cent"), "\u00a3": ("pound", "penny")}
_FRACTIONS = {("1", "2"): "one half", ("1", "4"): "one quarter", ("3", "4"): "three quarters"}
_SYMBOLS = {"&": " and ", "+": " plus ", "=": " equals ", "@": " at ", "%": " percent "}


def spoken(text: str, language: str = "en") -> str:
    """The words of `text`, with its punctuation, free of digits.

    Never raises and takes time in proportion to the text. The synthesiser limits how much is spoken.

    Args:
        text: as it is written.
        language: of the text. The rules here are those of English. Text in any other language keeps its
            numbers and units: the voice's phonemes come from espeak-ng, which reads numbers itself.

    Examples:
        "It's 4:35 pm." -> "It's four thirty five p m."
        "21.5 °C" -> "twenty one point five degrees celsius"
    """
    result = _plain(text)
    if language.partition("-")[0] != "en":
        return " ".join(result.split())
    for pattern, words in _RULES:
        result = pattern.sub(words, result)
    for symbol, word in _SYMBOLS.items():
        result = result.replace(symbol, word)
    result = " ".join(result.replace("_", " ").split())
    return re.sub(r" ([.,;:!?])", r"\1", result)


def _plain(text: str) -> str:
    """One form for each character: fractions as a/b, digits as ASCII, no control characters."""
    characters: list[str] = []
    for character in text:
        composed = unicodedata.normalize("NFKC", character)
        if "\u2044" in composed:
            after_digit = bool(characters) and characters[-1][-1:].isdigit()
            composed = (" and " if after_digit else "") + composed.replace("\u2044", "/")
        for item in composed:
            value = unicodedata.digit(item, None)
            if value is not None:
                characters.append(str(value))
            elif unicodedata.category(item) in ("Cc", "Cf", "Zl", "Zp", "Cs"):
                characters.append(" ")
            else:
                characters.append(item)
    return "".join(characters)


def _signed(sign: str | None, number: str) -> str:
    return ("minus " if sign else "") + cardinal(number.replace(",", ""))


def _is_one(number: str) -> bool:
    return number == "1"


def _iso_date(match: re.Match[str]) -> str:
    try:
        return " " + day_of_year(date(int(match[1]), int(match[2]), int(match[3]))) + " "
    except ValueError:
        return match[0]


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


def _year_after(match: re.Match[str]) -> str:
    return f"{match[1]}{year(int(match[2]))}"


def _time(match: re.Match[str]) -> str:
    hour, minute = int(match["hour"]), int(match["minute"])
    half = (match["half"] or "").lower().replace(".", "")
    if hour > 24 or minute > 59 or (half and not 1 <= hour <= 12):
        return match[0]
    words = clock(hour, minute, half)
    if match["second"]:
        words += f" and {cardinal(str(int(match['second'])))} seconds"
    return f" {words} "


def _hour(match: re.Match[str]) -> str:
    hour = int(match[1])
    if not 1 <= hour <= 12:
        return match[0]
    return clock(hour, 0, match[2].lower().replace(".", ""))


def _temperature(match: re.Match[str]) -> str:
    noun = "degree" if _is_one(match["number"]) else "degrees"
    scale = {"c": " celsius", "f": " fahrenheit"}.get((match["scale"] or "").lower(), "")
    return f" {_signed(match['sign'], match['number'])} {noun}{scale} "


def _money(match: re.Match[str]) -> str:
    unit, part = _MONEY[match["unit"]]
    whole, _, fraction = match["number"].replace(",", "").partition(".")
    words = f"{cardinal(whole)} {unit}{'' if _is_one(whole) else 's'}"
    if len(fraction) == 2 and int(fraction):
        parts = "pence" if part == "penny" else "cents"
        one = int(fraction) == 1
        words += f" and {cardinal(str(int(fraction)))} {part if one else parts}"
    elif fraction and int(fraction):
        words = f"{cardinal(f'{whole}.{fraction}')} {unit}s"
    return f" {words} "


def _unit(match: re.Match[str]) -> str:
    one, several = _UNITS[match["unit"]]
    noun = one if _is_one(match["number"]) else several
    return f" {_signed(match['sign'], match['number'])} {noun} "


def _fraction(match: re.Match[str]) -> str:
    known = _FRACTIONS.get((match[1], match[2]))
    return f" {known or f'{cardinal(match[1])} over {cardinal(match[2])}'} "


def _range(match: re.Match[str]) -> str:
    return f" {cardinal(match[1])} to {cardinal(match[2])} "


def _dotted(match: re.Match[str]) -> str:
    return f" {' point '.join(cardinal(part) for part in match[0].split('.'))} "


def _number(match: re.Match[str]) -> str:
    return f" {_signed(match['sign'], match['number'])} "


_HALF = r"(?P<half>[ap]m\b|[ap]\.m\b\.?)"
_UNIT_NAMES = "|".join(re.escape(unit) for unit in sorted(_UNITS, key=len, reverse=True))

#: Applied in this order: what is read in a special way comes before plain numbers.
_RULES: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    (re.compile(r"\d{16,}"), lambda match: f" {digits_one_by_one(match[0])} "),
    (re.compile(r"(?<![\w-])(\d{4})-(\d{2})-(\d{2})(?![\w-])"), _iso_date),
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
        re.compile(r"\b((?:in|since|year|until|of) )((?:1[1-9]|20)\d{2})(?![\w:%.,-]|\s?[°%])", re.I),
        _year_after,
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
    (
        re.compile(
            rf"(?P<sign>{_MINUS})?(?P<number>{_NUMBER})\s?°\s?(?:(?P<scale>[CF])\b)?",
            re.IGNORECASE,
        ),
        _temperature,
    ),
    (re.compile(rf"(?P<unit>[$\u20ac\u00a3])\s?(?P<number>{_NUMBER})"), _money),
    (
        re.compile(rf"(?P<sign>{_MINUS})?(?P<number>{_NUMBER})\s?(?P<unit>{_UNIT_NAMES})(?![\w/])"),
        _unit,
    ),
    (re.compile(r"(?<![\w.])(\d+)(?:st|nd|rd|th)\b", re.I), lambda m: f" {_ordinal(m[1])} "),
    (re.compile(r"(?<![\w./])(\d{1,9})/(\d{1,9})(?![\w/])"), _fraction),
    (re.compile(r"(?<![\w.-])(\d{1,9})\s?[-\u2013]\s?(\d{1,9})(?![\w.-])"), _range),
    (re.compile(r"\d+(?:\.\d+){2,}"), _dotted),
    (re.compile(rf"(?P<sign>{_MINUS})?(?P<number>{_NUMBER})"), _number),
)


def _ordinal(digits: str) -> str:
    return ordinal(int(digits)) if len(digits) <= 15 else digits_one_by_one(digits)
