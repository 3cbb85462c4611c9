"""The small grammar of "stop" phrases that is recognised while the box speaks."""

from __future__ import annotations

import re
from collections.abc import Collection


class StopWords:
    """A recognition grammar of a few phrases; favours their words and knows nothing else.

    Args:
        phrases: lower-case, of the language. The first is a single word that people repeat ("stop, stop").
    """

    key = "stop-words"
    known_prefix = ()
    automaton = None

    def __init__(self, phrases: Collection[str]) -> None:
        self._phrases = frozenset(phrases)
        self._repeated = next(iter(phrases))
        self.words = frozenset(word for phrase in phrases for word in phrase.split())

    def parses(self, text: str) -> bool:
        """Whether `text` is one of the phrases, said once or repeated ("stop, stop")."""
        words = re.sub(r"[^\w' ]|[\d_]", " ", text.lower()).split()
        return " ".join(words) in self._phrases or (bool(words) and set(words) == {self._repeated})

    def free_words(self, _text: str) -> frozenset[int]:
        """See `RecognitionGrammar.free_words`."""
        return frozenset()
