"""Names as they are written by somebody who has not their owner's spelling.

A recogniser of English writes what it hears in plain letters, "kuche" or "kueche" for "Küche", and so do
people at a keyboard without the others. It may write "second" for "2nd", and "3 d" for "3D".
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from anyascii import anyascii

#: Letters that German (DIN 5007-2) and the Nordic languages write out where they cannot be written.
_WRITTEN_OUT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe"})
_RANKS = (
    *("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"),
    *("eleventh", "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth"),
    *("eighteenth", "nineteenth", "twentieth"),
)
_FIGURES = [f"{rank}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(rank, 'th') }" for rank in range(1, len(_RANKS) + 1)]
#: English ordinals, each as the other way to write it.
_ORDINALS = {**dict(zip(_RANKS, _FIGURES, strict=True)), **dict(zip(_FIGURES, _RANKS, strict=True))}
_DIGIT_AND_LETTER = re.compile(r"(?<!\S)(\d+)([a-z])(?!\S)")
_RINGED = str.maketrans({"å": "aa"})


def spellings(word: str) -> tuple[str, ...]:
    """The ways to write a lower-case word in the letters a to z, the plainest first; () for one of only them.

    "küche" gives "kuche" and "kueche"; "кухня" gives "kukhnya".
    """
    if word.isascii():
        return ()
    written_out = word.translate(_WRITTEN_OUT)
    ways = (_plain(way) for way in (word, written_out, written_out.translate(_RINGED)))
    return tuple(dict.fromkeys(way for way in ways if way))


def ways_to_say(name: str, articles: Collection[str], english: bool) -> tuple[str, ...]:
    """A plain name, and other ways to say it.

    "3d printer" also as "3 d printer", "the beast" as "beast", "2nd floor fan" as "second floor fan" and
    back.

    Args:
        name: normalised.
        articles: what may stand before a name of the language.
        english: whether it is an English name, whose ordinals have two ways to write them.
    """
    first, _, rest = name.partition(" ")
    ways = [name, _DIGIT_AND_LETTER.sub(r"\1 \2", name)]
    if english:
        ways.append(" ".join(_ORDINALS.get(word, word) for word in name.split()))
    if rest and first in articles:
        ways.append(rest)
    return tuple(dict.fromkeys(ways))


def respelled(words: Collection[str]) -> Mapping[str, str]:
    """Plain spellings, and the word of `words` that each stands for. Of several, the first by alphabet."""
    found: dict[str, str] = {}
    for word in sorted(words):
        for way in spellings(word):
            found.setdefault(way, word)
    return found


def as_written(word: str, heard: Mapping[str, str], written: Collection[str]) -> str:
    """The word of a grammar that `word` stands for; `word` itself where there is none.

    Args:
        word: from a text.
        heard: words as they may be heard, and what each stands for.
        written: the words of the grammar.
    """
    if word in written or word in heard:
        return heard.get(word, word)
    known = (way for way in spellings(word) if way in written or way in heard)
    way = next(known, word)
    return heard.get(way, way)


def _plain(word: str) -> str:
    return "".join(char for char in anyascii(word).lower() if char.isalnum())
