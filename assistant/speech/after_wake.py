"""The grammar for an utterance that begins with the wake word, without a pause before the command.

Audio cannot be cut between the wake word and the command without damage to one of them. Therefore the
recogniser gets both, and the wake word, which is known to have been said, is removed from the text.
"""

from __future__ import annotations

import re
from collections.abc import Set

from assistant.speech.constraint import DEAD, Automaton, RecognitionGrammar

_WORD = re.compile(r"[a-z0-9']+")


class AfterWakeWord:
    """A recognition grammar: the sentences of `grammar`, each with the wake word before it.

    Args:
        phrase: the words of the wake word, lower-case, such as "okay nabu".
        grammar: what may follow.

    Attributes:
        grammar: that one.
    """

    def __init__(self, phrase: str, grammar: RecognitionGrammar) -> None:
        self.known_prefix = tuple(phrase.split())
        self.key = f"{phrase}+{grammar.key}"
        self.words = grammar.words | set(self.known_prefix)
        self.automaton = _Prefixed(f"{phrase} ", grammar.automaton) if grammar.automaton else None
        self.grammar = grammar

    def parses(self, text: str) -> bool:
        """Whether `text` is the wake word and then a sentence of the grammar."""
        rest = self.after(text)
        return rest is not None and self.grammar.parses(rest)

    def free_words(self, text: str) -> frozenset[int]:
        """See `RecognitionGrammar.free_words`."""
        rest = self.after(text)
        if rest is None:
            return frozenset()
        before = len(text.split()) - len(rest.split())
        return frozenset(before + place for place in self.grammar.free_words(rest))

    def after(self, text: str) -> str | None:
        """The part of `text` after the wake word; None if `text` does not begin with it."""
        end = 0
        for word in self.known_prefix:
            match = _WORD.search(text.lower(), end)
            if match is None or match.group() not in (word, "ok" if word == "okay" else word):
                return None
            end = match.end()
        return text[end:].lstrip(" ,.!?;:-")


class _Prefixed:
    """An automaton with fixed characters before it; the states below `length` belong to this prefix."""

    def __init__(self, prefix: str, automaton: Automaton) -> None:
        self._prefix = prefix
        self._automaton = automaton
        self.start = 0

    def step(self, state: int, char: str) -> int:
        """See `Automaton.step`."""
        length = len(self._prefix)
        if state < length:
            if char != self._prefix[state]:
                return DEAD
            return state + 1 if state + 1 < length else length + self._automaton.start
        following = self._automaton.step(state - length, char)
        return DEAD if following == DEAD else length + following

    def accepts(self, state: int) -> bool:
        """See `Automaton.accepts`."""
        length = len(self._prefix)
        return state >= length and self._automaton.accepts(state - length)

    def chars(self, state: int) -> Set[str] | None:
        """See `Automaton.chars`."""
        length = len(self._prefix)
        return {self._prefix[state]} if state < length else self._automaton.chars(state - length)

    def is_free(self, state: int) -> bool:
        """See `Automaton.is_free`."""
        length = len(self._prefix)
        return state >= length and self._automaton.is_free(state - length)
