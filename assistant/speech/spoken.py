"""Written text -> the words a person says: numbers, times, dates, units, temperatures, money."""

from __future__ import annotations

import re
import unicodedata

from assistant.speech.spoken_rules import codes, dates, money, numbers, titles, units
from assistant.speech.spoken_rules.rule import Rule

#: Of texts with digits, applied in this order behind the rules of titles: what is read in a special way comes
#: before plain numbers.
_RULES: tuple[Rule, ...] = (
    *codes.RULES,
    *dates.RULES,
    *money.RULES,
    *units.RULES,
    *numbers.RULES,
)
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
    has_digits = any(character.isdigit() for character in result)
    for pattern, words in (*titles.RULES, *_RULES) if has_digits else titles.RULES:
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
