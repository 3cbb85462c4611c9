"""Amounts of money, with magnitudes too: "$1.4 billion", "€3.50", "5 €", "£2m"."""

from __future__ import annotations

import re

from assistant.speech.number_words import cardinal
from assistant.speech.spoken_rules.rule import MAGNITUDES, MINUS, NUMBER, Rule, names

#: Sign -> (one, several) of the unit and of its hundredth; a currency without one has "".
_CURRENCIES = {
    "US$": ("dollar", "dollars", "cent", "cents"),
    "A$": ("australian dollar", "australian dollars", "cent", "cents"),
    "C$": ("canadian dollar", "canadian dollars", "cent", "cents"),
    "$": ("dollar", "dollars", "cent", "cents"),
    "\u20ac": ("euro", "euros", "cent", "cents"),
    "\u00a3": ("pound", "pounds", "penny", "pence"),
    "\u00a5": ("yen", "yen", "", ""),
    "\u20b9": ("rupee", "rupees", "paisa", "paise"),
    "\u20a9": ("won", "won", "", ""),
}
#: What may follow an amount, said before it in a word of its own: "$5/month".
_PER = {"/h": " per hour", "/hr": " per hour", "/day": " per day", "/week": " per week"}
_PER |= {"/month": " per month", "/mo": " per month", "/year": " per year", "/yr": " per year"}
_PER |= {"/kWh": " per kilowatt hour", "/kg": " per kilogram", "/l": " per liter", "/m": " per month"}


def _money(match: re.Match[str]) -> str:
    one, several, small_one, small_several = _CURRENCIES[match["unit"]]
    number = match["number"].replace(",", "")
    whole, _, fraction = number.partition(".")
    sign = "minus " if match["sign"] else ""
    per = _PER.get(match["per"] or "", "")
    if magnitude := match["magnitude"]:
        words = f"{cardinal(number)} {MAGNITUDES[magnitude]} {several}"
    elif len(fraction) == 2 and int(fraction) and small_one:
        small = f"{cardinal(str(int(fraction)))} {small_one if int(fraction) == 1 else small_several}"
        words = (
            small if int(whole) == 0 else f"{cardinal(whole)} {one if whole == '1' else several} and {small}"
        )
    elif fraction and int(fraction):
        words = f"{cardinal(number)} {several}"
    else:
        words = f"{cardinal(whole)} {one if whole == '1' else several}"
    return f" {sign}{words}{per} "


_SIGNS = names(_CURRENCIES)
_MAGNITUDE = rf"(?:\s?(?P<magnitude>{names(MAGNITUDES)})(?![\w]))?"

RULES: tuple[Rule, ...] = (
    (
        re.compile(
            rf"(?P<sign>{MINUS})?(?P<unit>(?<![A-Za-z]){_SIGNS})\s?(?P<number>{NUMBER}){_MAGNITUDE}"
            rf"(?P<per>(?:{names(_PER)})\b)?"
        ),
        _money,
    ),
    (
        re.compile(
            rf"(?P<sign>{MINUS})?(?<![\w.,])(?P<number>{NUMBER}){_MAGNITUDE}\s?(?P<unit>[\u20ac\u00a3\u00a5$])"
            rf"(?P<per>(?:{names(_PER)})\b)?"
        ),
        _money,
    ),
)
