"""Words that lose their last sound in fluent speech: "iced coffee" is mostly said "ice coffee".

English drops a t or d between consonants (coronal stop deletion; Guy, "Variation in the group and the
individual: the case of final stop deletion", 1980). Most words stay what they are to a recogniser that knows
them, but a participle becomes another word: "iced" ice, "mashed" mash, "whipped" whip.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

#: A longer word is none that is said; the patterns would try its letters in all ways.
_MAX_LETTERS = 40
#: A consonant whose -ed is a sound of its own end; behind t and d it is a syllable, which nobody drops.
_PARTICIPLE = re.compile(r"(?P<stem>[a-z]*[aeiouy][a-z]*[bcfghjklmnpqsvxz])ed")
_DOUBLED = re.compile(r".*([bfgklmnpvz])\1")
#: After these letters the base form keeps its e: "iced", "raised", "carved", "bulged".
_KEEPS_E = "csvzgu"
_SHORT_VOWEL = re.compile(r".*[^aeiou][aeiouy][^aeiou]|[aeiouy][^aeiou]")


def elisions(words: Collection[str]) -> Mapping[str, str]:
    """Words as they may be heard, and the word of `words` that each stands for.

    A word that is among `words` itself stands for nothing else.

    Args:
        words: lower-case, all that the sentences of a grammar may contain; English.
    """
    known = frozenset(words)
    found: dict[str, str] = {}
    for word in sorted(known):
        heard = _base(word)
        # Where the base form can be said too, it is open which one was meant.
        if heard and not {heard, word[:-1], word[:-2]} & known:
            found[heard] = word
    return found


def _base(word: str) -> str:
    """The base form of a regular participle, as far as its spelling tells; "" for any other word."""
    match = _PARTICIPLE.fullmatch(word) if len(word) <= _MAX_LETTERS else None
    if match is None:
        return ""
    stem = match["stem"]
    if _DOUBLED.fullmatch(stem):
        # "whipped" whip, but "grilled" grill.
        return stem if stem.endswith(("ll", "ff", "zz")) else stem[:-1]
    if stem.endswith(("ss", "sh", "ch", "x")):
        return stem
    if stem[-1] in _KEEPS_E or _SHORT_VOWEL.fullmatch(stem):
        return f"{stem}e"
    return stem
