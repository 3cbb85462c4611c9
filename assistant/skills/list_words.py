"""Names of lists, and the things on them, as people say them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches

from assistant.skills.lines import WordList, line
from assistant.skills.replies import Replies
from assistant.understanding.normalise import fold

#: The list that is meant where none is named.
SHOPPING = "shopping"
#: Its things are told apart by commas alone: "call mum and dad" is one.
TO_DO = "to do"

_LABEL = line("lists.label", "name")

_AND = WordList("lists.and")
_TOGETHER = WordList("lists.together")
_BEFORE = WordList("lists.before")
_ARTICLES = WordList("lists.articles")
_NOUN = WordList("lists.noun")

#: `difflib`'s ratio from which two things are alike: "meal" and "milk" have 0.5.
_ALIKE = 0.5

#: A letter stands for an "and" that parts nothing while a text is split.
_GLUE = "\N{WORD JOINER}"


class ListWords:
    """What lists and the things on them are called in a language.

    Args:
        replies: of the language.
    """

    def __init__(self, replies: Replies) -> None:
        self._text = replies.text
        self._before = replies.words(_BEFORE)
        self._articles = frozenset(replies.words(_ARTICLES))
        self._nouns = replies.words(_NOUN)
        ands = "|".join(re.escape(word) for word in replies.words(_AND))
        self._comma = re.compile(rf"\s*[,;]\s*(?:(?:{ands})\s+)?")
        self._and = re.compile(rf"\s*[,;]\s*(?:(?:{ands})\s+)?|\s+(?:{ands})\s+", re.IGNORECASE)
        together = "|".join(re.escape(phrase) for phrase in replies.words(_TOGETHER))
        self._together = re.compile(rf"\b(?:{together})\b" if together else r"(?!)", re.IGNORECASE)

    def label(self, name: str) -> str:
        """ "shopping list"."""
        return self._text(_LABEL, name=name)

    def name(self, said: str) -> str:
        """The name of a list, without an article before it or a "list" behind it."""
        words = fold(said).split()
        while len(words) > 1 and words[0] in self._articles:
            del words[0]
        while len(words) > 1 and words[-1] in self._nouns:
            del words[-1]
        return " ".join(words)

    def things(self, said: str, name: str) -> list[str]:
        """The things that were said, one after the other, as they were heard.

        Args:
            said: "milk, eggs and bread".
            name: of the list that they are for.
        """
        glued = self._together.sub(lambda match: match[0].replace(" ", _GLUE), said)
        parts = (self._comma if name == TO_DO else self._and).split(glued)
        things = [self._thing(part.replace(_GLUE, " ")) for part in parts]
        return list(dict.fromkeys(thing for thing in things if thing))

    def find(self, things: Sequence[str], said: str) -> list[int]:
        """Places of the things that somebody means; several where it is not said well enough.

        One that is called so comes before those that have all its words: "milk" before "oat milk".
        """
        wanted = self.key(said)
        exact = [place for place, thing in enumerate(things) if self.key(thing) == wanted]
        if exact or not wanted:
            return exact
        words = set(wanted)
        return [place for place, thing in enumerate(things) if words <= set(self.key(thing))]

    def like(self, things: Sequence[str], said: str) -> str | None:
        """The thing that is written most like what was said, if any is; it may have been heard wrongly."""
        keys = {" ".join(self.key(thing)): thing for thing in things}
        found = get_close_matches(" ".join(self.key(said)), keys, n=1, cutoff=_ALIKE)
        return keys[found[0]] if found else None

    def key(self, thing: str) -> tuple[str, ...]:
        """What two ways to say the same thing have in common: "Eggs", "some eggs" and "the egg"."""
        return tuple(_singular(word) for word in fold(thing).split() if word not in self._articles)

    def _thing(self, part: str) -> str:
        words = part.split()
        while len(words) > 1 and words[0].lower() in self._before:
            del words[0]
        return " ".join(words).strip(" .?!,;:")


def _singular(word: str) -> str:
    """A word without the ending of an English plural; good enough to compare."""
    word = word.strip("'")
    if len(word) > 4 and word.endswith("ies"):
        return f"{word[:-3]}y"
    if len(word) > 4 and word.endswith(("oes", "shes", "ches", "sses", "xes")):
        return word[:-2]
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word
