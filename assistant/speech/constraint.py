"""What the recogniser asks of a grammar; `understanding` provides it."""

from __future__ import annotations

from collections.abc import Set
from typing import Protocol

#: The state that no sentence leads out of.
DEAD = -1


class Automaton(Protocol):
    """The sentences of a grammar as a character automaton, possibly built as it is walked.

    A sentence is walked as its normalised text: lower-case letters, digits, `'`, `$`, words
    separated by exactly one space, no space at either end. State numbers stay valid as long as the
    automaton exists.
    """

    @property
    def start(self) -> int:
        """The state before the first character."""

    def step(self, state: int, char: str) -> int:
        """The state after one more character, `DEAD` if no sentence goes on so."""

    def accepts(self, state: int) -> bool:
        """Whether the characters walked so far are a whole sentence."""

    def chars(self, state: int) -> Set[str] | None:
        """The characters that `step` leads on with; None where any may, as in free text."""


class RecognitionGrammar(Protocol):
    """What may be said now."""

    @property
    def key(self) -> str:
        """Changes whenever the grammar changes; caches go by it."""

    @property
    def said(self) -> tuple[str, ...]:
        """Words that lead every sentence and are known to have been said; mostly none."""

    @property
    def words(self) -> frozenset[str]:
        """The words of the grammar, lower-case."""

    @property
    def automaton(self) -> Automaton | None:
        """Its sentences; None when they cannot be listed, as with free text."""

    def parses(self, text: str) -> bool:
        """Whether raw recognised text, with capitals and punctuation, is one of its sentences."""
