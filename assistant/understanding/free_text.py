"""Text of a sentence that no list bounds: how much of it there may be, and how it was heard."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from hassil.expression import Expression, Sentence

from assistant.understanding.expressions import fewest_words, list_references
from assistant.understanding.normalise import normalise
from assistant.understanding.numerals import Numerals

#: The slot that holds a whole command ("turn off the light in five minutes").
COMMAND_SLOT = "conversation_command"
#: Words that text without a list behind it may have, such as the name of a timer.
MAX_FREE_WORDS = 4
#: Words that an owner's own wildcard may take.
MAX_OWN_FREE_WORDS = 12
#: Words of its own that a sentence must have besides free text for the recogniser to search it. With fewer,
#: the beginning of nearly everything that is said would be a sentence.
MIN_WORDS_BESIDE_FREE_TEXT = 3

#: Signs around free text that belong to the sentence.
_SIGNS = ' ,.;:!?"()'


class FreeLists:
    """The wildcard lists of a grammar.

    Args:
        lists: of hassil's input dictionary. A wildcard with `words` may hold so many words, and the
            recogniser searches the sentences that it is in. It holds none of the phrases of `without`.
        own: names of lists of the owner.
    """

    def __init__(self, lists: Mapping[str, Mapping[str, Any]], own: Collection[str] = ()) -> None:
        wildcards = {name: content for name, content in lists.items() if content.get("wildcard")}
        self._names = frozenset(wildcards)
        self._own = frozenset(own)
        self._words = {
            name: int(content["words"]) for name, content in wildcards.items() if "words" in content
        }
        self._without = {
            name: tuple(normalise(str(phrase)) for phrase in content.get("without", ()))
            for name, content in wildcards.items()
        }

    def refuses(self, name: str, text: str) -> bool:
        """Whether a list cannot hold a text, in the words that a grammar compares."""
        words = f" {text} "
        return len(text.split()) > self.most(name) or any(
            f" {phrase} " in words for phrase in self._without.get(name, ())
        )

    def most(self, name: str) -> int:
        """The words that a list may hold."""
        return self._words.get(name, MAX_OWN_FREE_WORDS if name in self._own else MAX_FREE_WORDS)

    def is_searched(self, expression: Expression, rules: Mapping[str, Sentence]) -> bool:
        """Whether the recogniser searches a sentence that has free text."""
        used = {ref.list_name for ref in list_references(expression, rules)} & self._names
        return (
            used <= self._words.keys()
            and fewest_words(expression, rules, self._names) >= MIN_WORDS_BESIDE_FREE_TEXT
        )


def places_heard(raw: str, numerals: Numerals) -> list[tuple[int, int]] | None:
    """Where the words that a grammar compares come from.

    Args:
        raw: a text as it was recognised or typed.
        numerals: of its language.

    Returns:
        For each word of `blocks.canonical` of the text, the first and the last of the words of `raw`, parted
        by blanks, that it stands for. None where that cannot be told.

    Raises:
        TooLarge: as `normalise`.
    """
    plain: list[str] = []
    owners: list[int] = []
    for place, piece in enumerate(raw.split()):
        words = normalise(piece).split()
        plain += words
        owners += [place] * len(words)
    if plain != normalise(raw).split():
        return None
    found = []
    at = 0
    for _, count in numerals.grouped([word.replace("'", "") for word in plain]):
        found.append((owners[at], owners[at + count - 1]))
        at += count
    return found


def words_between(raw: str, first: int, last: int) -> str:
    """The words of a raw text from `first` to `last`, without the punctuation around them."""
    return " ".join(raw.split()[first : last + 1]).strip(_SIGNS)
