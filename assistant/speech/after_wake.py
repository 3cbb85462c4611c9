"""A grammar behind a wake word: for a sentence said in the same breath.

Where the wake word ends and the command begins cannot be cut out of running speech without damage, so the
recogniser hears both, and the wake word, which is known to have been said, is taken off the text.
"""

from __future__ import annotations

import re
from collections.abc import Set

from assistant.speech.constraint import DEAD, Automaton, RecognitionGrammar

_WORD = re.compile(r"[a-z0-9']+")


class AfterWakeWord:
    """The sentences of `grammar`, each led by the wake word.

    Args:
        phrase: the wake word's words, lower-case, such as "okay nabu".
        grammar: what may follow.
    """

    def __init__(self, phrase: str, grammar: RecognitionGrammar) -> None:
        self.said = tuple(phrase.split())
        self.key = f"{phrase}+{grammar.key}"
        self.words = grammar.words | set(self.said)
        self.automaton = _Led(f"{phrase} ", grammar.automaton) if grammar.automaton else None
        self._grammar = grammar

    def parses(self, text: str) -> bool:
        """Whether `text` is the wake word and then a sentence of the grammar."""
        rest = self.after(text)
        return rest is not None and self._grammar.parses(rest)

    def after(self, text: str) -> str | None:
        """What follows the wake word, None if `text` does not begin with it."""
        end = 0
        for word in self.said:
            match = _WORD.search(text.lower(), end)
            if match is None or match.group() not in (word, "ok" if word == "okay" else word):
                return None
            end = match.end()
        return text[end:].lstrip(" ,.!?;:-")


class _Led:
    """An automaton led by fixed characters; its states come after those of the lead."""

    def __init__(self, lead: str, automaton: Automaton) -> None:
        self._lead = lead
        self._automaton = automaton
        self.start = 0

    def step(self, state: int, char: str) -> int:
        """See `Automaton.step`."""
        led = len(self._lead)
        if state < led:
            if char != self._lead[state]:
                return DEAD
            return state + 1 if state + 1 < led else led + self._automaton.start
        following = self._automaton.step(state - led, char)
        return DEAD if following == DEAD else led + following

    def accepts(self, state: int) -> bool:
        """See `Automaton.accepts`."""
        led = len(self._lead)
        return state >= led and self._automaton.accepts(state - led)

    def chars(self, state: int) -> Set[str] | None:
        """See `Automaton.chars`."""
        led = len(self._lead)
        return {self._lead[state]} if state < led else self._automaton.chars(state - led)
