"""From raw text to the plain words that the grammar is matched on.

The recogniser writes "Set it to 50%.", people type "12-oz", sentence files say "what's": all of
them go through the same fold, so that the grammar never sees spelling.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from common.errors import TooLarge

#: Longest text that is looked at, in characters; a spoken command has a tenth of that.
MAX_CHARS = 1000

_APOSTROPHES = str.maketrans({"\u2019": "'", "\u2018": "'", "\u02bc": "'", "\u00b4": "'"})
_INITIALS = re.compile(r"\b((?:[^\W\d_]\.){2,}|[^\W\d_]\.[^\W\d_]\b)")
_THOUSANDS = re.compile(r"(?<=[0-9]),(?=[0-9]{3}(?![0-9]))")
_DECIMAL = re.compile(r"(?<=[0-9])[.,](?=[0-9])")
_NEGATIVE = re.compile(r"(?:(?<=\s)|^)[-\u2212](?=[0-9])")
_HALF = re.compile(r"(?<![0-9/])1/2(?![0-9/])")
_GLUED_UNIT = re.compile(r"(?<=[0-9])(?=(?:am|pm|oz|h|hrs?|m|mins?|s|secs?|k)\b)")
#: "1h30", "1h30m"
_GLUED_BETWEEN = re.compile(r"(?<=[0-9])(h|m|min)(?=[0-9])")
_PER_CENT = re.compile(r"\bper cent\b")
_OUNCE = re.compile(r"\boz\b")
_DEGREES = re.compile(r"\u00b0\s*([cf]\b)?")
_SCALES = {"c": " degrees celsius ", "f": " degrees fahrenheit ", None: " degrees "}
#: Symbols that are spoken as a word of their own.
_SPOKEN = {"%": " percent ", "&": " and ", "\u00bd": " half "}
_KEPT_SIGNS = frozenset("'$")


def fold(text: str) -> str:
    """Lower case, symbols as words, punctuation as spaces; runs of spaces become one, edges stay.

    This is the part of `normalise` that also suits a piece of a sentence template, where a space at
    an edge has a meaning.
    """
    text = unicodedata.normalize("NFC", text.translate(_APOSTROPHES).lower())
    text = _INITIALS.sub(lambda match: match[0].replace(".", ""), text)
    text = _HALF.sub(" half ", text)
    text = _NEGATIVE.sub(" minus ", text)
    text = _DECIMAL.sub(" point ", _THOUSANDS.sub("", text))
    text = _DEGREES.sub(lambda match: _SCALES[match[1]], text)
    text = "".join(_SPOKEN.get(char) or _letter(char) for char in text)
    text = _GLUED_UNIT.sub(" ", _GLUED_BETWEEN.sub(r" \1 ", text))
    text = _PER_CENT.sub("percent", _OUNCE.sub("ounce", text))
    return re.sub(r" +", " ", text)


#: `fold` for the pieces of sentence templates, of which there are few and which come back often.
fold_piece = lru_cache(maxsize=8192)(fold)


def normalise(text: str) -> str:
    """Plain words of a recognised or typed text; idempotent.

    Lower case words and digits, joined by single spaces, without punctuation: "50%" becomes
    "50 percent", "72°" "72 degrees", "7:30" "7 30", "21.5" "21 point 5", "-5" "minus 5", "12-oz"
    "12 ounce", "1h30" "1 h 30", "a.m." "am", "&" "and". Apostrophes inside a word stay ("what's").

    Raises:
        TooLarge: the text, or what it folds to, has more than `MAX_CHARS` characters.
    """
    _check_length(text)
    words = (word.strip("'") for word in fold(text).split())
    plain = " ".join(word for word in words if word)
    _check_length(plain)
    return plain


def _letter(char: str) -> str:
    """The character itself where it can be part of a word, else nothing or a space."""
    if char.isascii():
        return char if char.isalnum() or char in _KEPT_SIGNS else " "
    category = unicodedata.category(char)
    if category == "Nd":
        return str(unicodedata.decimal(char))
    if category[0] in "LM":
        return char
    return "" if category == "Cf" else " "


def _check_length(text: str) -> None:
    if len(text) > MAX_CHARS:
        raise TooLarge(
            f"a command of {len(text)} characters is above the limit of {MAX_CHARS}",
            hint="say or send one command at a time",
            code="understanding.too-long",
        )
