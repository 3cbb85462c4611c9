"""The interface of a grammar to the recogniser; `understanding` implements it."""

from __future__ import annotations

from collections.abc import Set
from typing import Protocol

#: The dead state: no sentence of the grammar begins with the characters so far.
DEAD = -1


class Automaton(Protocol):
    """The sentences of a grammar as a character automaton, which may be built while it is used.

    It reads normalised text: lower-case letters, digits, `'`, `$`; words are separated by exactly one space,
    and there is no space at either end. State numbers are valid for as long as the automaton exists.
    """

    @property
    def start(self) -> int:
        """The state before the first character."""

    def step(self, state: int, char: str) -> int:
        """The state after one more character; `DEAD` if no sentence continues with it."""

    def accepts(self, state: int) -> bool:
        """Whether the characters so far are a whole sentence."""

    def chars(self, state: int) -> Set[str] | None:
        """The characters for which `step` is not `DEAD`, those of free text left out; None if any may be."""

    def is_free(self, state: int) -> bool:
        """Whether free text may go on here: then `step` is not `DEAD` for any character but a space."""


class RecognitionGrammar(Protocol):
    """What may be said now."""

    @property
    def key(self) -> str:
        """Differs for each grammar, and after each change of it; it is the key of caches."""

    @property
    def known_prefix(self) -> tuple[str, ...]:
        """Words that begin every sentence and are known to have been said (a wake word); usually none."""

    @property
    def words(self) -> frozenset[str]:
        """The words of its sentences, lower-case."""

    @property
    def automaton(self) -> Automaton | None:
        """Its sentences; None if there is no automaton, so that only its words are used."""

    def parses(self, text: str) -> bool:
        """Whether text of the recogniser, with capitals and punctuation, is one of its sentences."""

    def free_words(self, text: str) -> frozenset[int]:
        """Which words of a sentence, parted by blanks and counted from 0, are free text."""
