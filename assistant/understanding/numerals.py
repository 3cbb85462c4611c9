"""Number words and digits of a language: "twenty one" is 21, and 21 is spoken "twenty one".

Recognisers write digits, sentence files write words, people say either. The grammar compares texts
after `Numerals.to_digits`, so the two never miss each other.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from hassil.numbers import get_rbnf_engine

from assistant.understanding.normalise import fold

#: Numbers that are known as words: all to a thousand, then hundreds (colour temperatures).
_KNOWN = (*range(1001), *range(1100, 10_001, 100))


#: "One hundred" is also "a hundred".
_ONE_OF = ("one hundred", "one thousand")


class Numerals:
    """Numbers as the language speaks them, by the rules of Unicode CLDR (package unicode-rbnf).

    A language without such rules has no number words; its digits still work.
    """

    def __init__(self, language: str) -> None:
        self.language = language
        self.english = language.split("-")[0] == "en"
        #: What `normalise` writes for the signs of a number, and what the language says for them.
        self._signs = {"minus": "minus", "point": "point"}
        self._engine: Any = None
        try:
            self._engine = get_rbnf_engine(language)
        except ValueError:
            return
        self._spoken: dict[float, tuple[str, ...]] = {}
        self._phrases: dict[tuple[str, ...], int] = {}
        for number in reversed(_KNOWN):
            for phrase in self.words(number):
                self._phrases[tuple(phrase.split())] = number
        self._longest = max(map(len, self._phrases), default=0)
        self._signs = {
            "minus": self._said_besides(-5, 5),
            "point": self._said_besides(1.5, 1, 5),
        }

    def words(self, number: float) -> tuple[str, ...]:
        """All ways to speak a number, without hyphens; () where the language has no rules."""
        if self._engine is None:
            return ()
        known = self._spoken.get(number)
        if known is None:
            known = self._spoken[number] = tuple(dict.fromkeys(self._ways(number)))
        return known

    def sign(self, word: str) -> str:
        """What the language says for "minus" or "point"; any other word as it is."""
        return self._signs.get(word, word)

    def match(self, words: list[str], start: int) -> tuple[int, int] | None:
        """The longest number phrase in `words` from `start`: (value, count of words), or None."""
        if self._engine is None:
            return None
        for count in range(min(self._longest, len(words) - start), 0, -1):
            value = self._phrases.get(tuple(words[start : start + count]))
            if value is not None:
                return value, count
        return None

    def to_digits(self, text: str) -> str:
        """Normalised text with every number in digits: "minus twenty one point five" is "-21.5"."""
        return " ".join(word for word, _ in self.grouped(text.split()))

    def grouped(self, words: list[str]) -> list[tuple[str, int]]:
        """As `to_digits`: each word of its text, and how many words of `words` that word stands for."""
        out: list[tuple[str, int]] = []
        at = 0
        while at < len(words):
            found = self.match(words, at)
            out.append((str(found[0]), found[1]) if found else (words[at], 1))
            at += out[-1][1]
        return self._join_decimals(out)

    def _said_besides(self, number: float, *parts: int) -> str:
        """What a number has besides its parts: "minus" in "minus five", "point" in "one point five"."""
        known = {word for part in parts for way in self.words(part) for word in way.split()}
        return " ".join(word for word in self.words(number)[0].split() if word not in known)

    def _join_decimals(self, words: list[tuple[str, int]]) -> list[tuple[str, int]]:
        """ "21", "point", "5" becomes "21.5"; "minus", "5" becomes "-5"."""
        minus, point = {"minus", self._signs["minus"]}, {"point", self._signs["point"]}
        out: list[tuple[str, int]] = []
        for word, count in words:
            if word.isdecimal() and out and out[-1][0] in minus:
                out[-1] = (f"-{word}", out[-1][1] + count)
            elif word.isdecimal() and len(out) > 1 and out[-1][0] in point and _is_integer(out[-2][0]):
                whole, before = out[-2]
                out[-2:] = [(f"{whole}.{word}", before + out[-1][1] + count)]
            else:
                out.append((word, count))
        return out

    def _ways(self, number: float) -> list[str]:
        by_rule = self._engine.format_number(number).text_by_ruleset.values()
        ways = [fold(text).strip() for text in by_rule]
        if self.english:
            ways += [way.replace("hundred ", "hundred and ") for way in ways if "hundred " in way]
            ways += [f"a{way.removeprefix('one')}" for way in ways if way.startswith(_ONE_OF)]
            if 1000 < number < 10_000 and number % 100 == 0 and number % 1000:
                ways += [f"{way} hundred" for way in self.words(number // 100)]
        return ways


@lru_cache(maxsize=8)
def numerals(language: str) -> Numerals:
    """The numerals of a language, made once (about 0.05 s)."""
    return Numerals(language)


def _is_integer(word: str) -> bool:
    return word.removeprefix("-").isdecimal()
