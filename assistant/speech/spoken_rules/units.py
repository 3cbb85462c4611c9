"""Amounts with a unit, and temperatures."""

from __future__ import annotations

import re

from assistant.speech.number_words import cardinal
from assistant.speech.spoken_rules.rule import MINUS, NUMBER, Rule, names, signed

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
    "mi": ("mile", "miles"),
    "yd": ("yard", "yards"),
    "ft": ("foot", "feet"),
    # What NFKC makes of the superscripts.
    "km2": ("square kilometer", "square kilometers"),
    "m2": ("square meter", "square meters"),
    "cm2": ("square centimeter", "square centimeters"),
    "m3": ("cubic meter", "cubic meters"),
    "cm3": ("cubic centimeter", "cubic centimeters"),
    "sq ft": ("square foot", "square feet"),
    "sqm": ("square meter", "square meters"),
    "kg": ("kilogram", "kilograms"),
    "mg": ("milligram", "milligrams"),
    "g": ("gram", "grams"),
    "lb": ("pound", "pounds"),
    "lbs": ("pound", "pounds"),
    "oz": ("ounce", "ounces"),
    "ml": ("milliliter", "milliliters"),
    "cl": ("centiliter", "centiliters"),
    "l": ("liter", "liters"),
    "L": ("liter", "liters"),
    "gal": ("gallon", "gallons"),
    "qt": ("quart", "quarts"),
    "tsp": ("teaspoon", "teaspoons"),
    "tbsp": ("tablespoon", "tablespoons"),
    "kcal": ("kilocalorie", "kilocalories"),
    "cal": ("calorie", "calories"),
    "kWh": ("kilowatt hour", "kilowatt hours"),
    "MWh": ("megawatt hour", "megawatt hours"),
    "Wh": ("watt hour", "watt hours"),
    "mW": ("milliwatt", "milliwatts"),
    "kW": ("kilowatt", "kilowatts"),
    "MW": ("megawatt", "megawatts"),
    "W": ("watt", "watts"),
    "kV": ("kilovolt", "kilovolts"),
    "mV": ("millivolt", "millivolts"),
    "V": ("volt", "volts"),
    "A": ("amp", "amps"),
    "mA": ("milliamp", "milliamps"),
    "Ah": ("amp hour", "amp hours"),
    "mAh": ("milliamp hour", "milliamp hours"),
    "GHz": ("gigahertz", "gigahertz"),
    "MHz": ("megahertz", "megahertz"),
    "kHz": ("kilohertz", "kilohertz"),
    "Hz": ("hertz", "hertz"),
    "hPa": ("hectopascal", "hectopascals"),
    "kPa": ("kilopascal", "kilopascals"),
    "Pa": ("pascal", "pascals"),
    "mbar": ("millibar", "millibars"),
    "bar": ("bar", "bar"),
    "psi": ("pound per square inch", "pounds per square inch"),
    "rpm": ("revolution per minute", "revolutions per minute"),
    "lx": ("lux", "lux"),
    "lm": ("lumen", "lumens"),
    "ppm": ("part per million", "parts per million"),
    "ppb": ("part per billion", "parts per billion"),
    "\u03bcg/m3": ("microgram per cubic meter", "micrograms per cubic meter"),
    "g/m3": ("gram per cubic meter", "grams per cubic meter"),
    "dBA": ("decibel", "decibels"),
    "dB": ("decibel", "decibels"),
    "kB": ("kilobyte", "kilobytes"),
    "KB": ("kilobyte", "kilobytes"),
    "MB": ("megabyte", "megabytes"),
    "GB": ("gigabyte", "gigabytes"),
    "TB": ("terabyte", "terabytes"),
    "kbit/s": ("kilobit per second", "kilobits per second"),
    "Mbit/s": ("megabit per second", "megabits per second"),
    "Mbps": ("megabit per second", "megabits per second"),
    "Gbps": ("gigabit per second", "gigabits per second"),
    "MB/s": ("megabyte per second", "megabytes per second"),
    "ms": ("millisecond", "milliseconds"),
    "s": ("second", "seconds"),
    "sec": ("second", "seconds"),
    "secs": ("second", "seconds"),
    "min": ("minute", "minutes"),
    "mins": ("minute", "minutes"),
    "h": ("hour", "hours"),
    "hr": ("hour", "hours"),
    "hrs": ("hour", "hours"),
    "K": ("kelvin", "kelvin"),
}


def _temperature(match: re.Match[str]) -> str:
    noun = "degree" if match["number"] == "1" and not match["to"] else "degrees"
    scale = {"c": " celsius", "f": " fahrenheit"}.get((match["scale"] or "").lower(), "")
    to = f" to {cardinal(match['to'])}" if match["to"] else ""
    return f" {signed(match['sign'], match['number'])}{to} {noun}{scale} "


def _unit(match: re.Match[str]) -> str:
    one, several = _UNITS[match["unit"]]
    noun = one if match["number"] == "1" else several
    return f" {signed(match['sign'], match['number'])} {noun} "


def _units(match: re.Match[str]) -> str:
    return f" {cardinal(match['low'])} to {cardinal(match['high'])} {_UNITS[match['unit']][1]} "


def _feet(match: re.Match[str]) -> str:
    inches = f" {cardinal(match['inches'])}" if match["inches"] else ""
    return f" {cardinal(match['feet'])} {'foot' if inches or match['feet'] == '1' else 'feet'}{inches} "


def _resolution(match: re.Match[str]) -> str:
    return f"{cardinal(match[1])} K"


def _hours(match: re.Match[str]) -> str:
    """ "1h30", "2h 30min": hours and minutes."""
    hours, minutes = match["hours"], match["minutes"]
    some = f"{cardinal(hours)} {'hour' if hours == '1' else 'hours'}"
    return f" {some} {cardinal(str(int(minutes)))} {'minute' if int(minutes) == 1 else 'minutes'} "


def _times(match: re.Match[str]) -> str:
    return f" {signed(None, match['number'])} times "


def _by(match: re.Match[str]) -> str:
    return f" {cardinal(match[1])} by {cardinal(match[2])}"


NAMES = names(_UNITS)

RULES: tuple[Rule, ...] = (
    (
        re.compile(r"(?<![\w.])(?P<feet>\d)['\u2032](?:\s?(?P<inches>\d{1,2})(?:\"|\u2033|''))?(?![\w])"),
        _feet,
    ),
    (re.compile(r"(?<![\w.])(?P<feet>\d)\s?ft\.?\s?(?P<inches>\d{1,2})\s?in\b\.?"), _feet),
    # Of pictures; nothing in a home has a colour of four kelvin.
    (re.compile(r"(?<![\w.])([248])K\b"), _resolution),
    (re.compile(r"(?<![\w.])(?P<hours>\d{1,3})\s?h\s?(?P<minutes>\d{2})(?:\s?min|m)?\b"), _hours),
    (
        re.compile(
            rf"(?P<sign>{MINUS})?(?P<number>{NUMBER})(?:\s?[-\u2013]\s?(?P<to>\d{{1,4}}))?"
            rf"\s?°\s?(?:(?P<scale>[CF])\b)?",
            re.IGNORECASE,
        ),
        _temperature,
    ),
    (
        re.compile(
            rf"(?<![\w.,-])(?P<low>\d{{1,9}})\s?[-\u2013]\s?(?P<high>\d{{1,9}})\s?(?P<unit>{NAMES})(?![\w/])"
        ),
        _units,
    ),
    (
        re.compile(rf"(?P<sign>{MINUS})?(?P<number>{NUMBER})\s?(?P<unit>{NAMES})(?![\w/])(?:\.(?= [a-z]))?"),
        _unit,
    ),
    (re.compile(r"(?<![\w.])(?P<number>\d{1,6}(?:\.\d{1,3})?)[x\u00d7](?!\w)"), _times),
    (re.compile(r"(?<![\w.])(\d{1,6})\s?[x\u00d7]\s?(\d{1,6})(?!\w)"), _by),
)
