"""From characters to tokens: which tokens of the vocabulary may come next in a sentence of the grammar.

The recogniser writes tokens of one or more characters, and chooses capitals, commas and hyphens itself. A
trie of the lower-cased vocabulary is walked along the character automaton of the grammar. That finds all
spellings of a sentence and all its segmentations into tokens. States are computed when they are first needed,
and kept, because a whole grammar has too many.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from assistant.speech.constraint import DEAD, Automaton
from assistant.speech.vocabulary_trie import VocabularyTrie

_PAUSES = ",;!?"
#: Signs that are said as words; `understanding.normalise` writes them out in the same way.
_SPOKEN = {"%": " percent", "°": " degrees"}
_SIGNS = frozenset((*_PAUSES, *".:", *_SPOKEN))
_DIGITS = frozenset("0123456789")
_SPACE = frozenset(" ")


class _Phase(IntEnum):
    """The kind of the last character, as far as the next one depends on it."""

    START = 0
    GAP = 1  # a space: a word must begin
    LETTER = 2  # the first letter of a word
    WORD = 3
    DIGIT = 4
    PAUSE = 5  # punctuation: only a space may follow
    DOT = 6  # the dot of "a." or "21.", which may go on as "a.m." or "21.5"
    INITIAL = 7  # the "m" of "a.m"


@dataclass(frozen=True, slots=True)
class Choices:
    """What may follow in one state.

    Attributes:
        tokens: int64 [n], ids of the tokens that may come next, those of free text left out.
        states: int64 [n], the state after each.
        ends: whether the sentence may end here.
        free: whether any other token may come, as far as `TokenAutomaton.follow` takes it.
    """

    tokens: NDArray[np.int64]
    states: NDArray[np.int64]
    ends: bool
    free: bool


class TokenAutomaton:
    """Token choices of one grammar, computed when first needed.

    Args:
        automaton: the sentences of the grammar.
        trie: the vocabulary.
        max_states: if there are more states, `trim` drops all of them.
    """

    def __init__(self, automaton: Automaton, trie: VocabularyTrie, max_states: int) -> None:
        self._automaton = automaton
        self._trie = trie
        self._max_states = max_states
        self._forget()

    def _forget(self) -> None:
        self._numbers: dict[tuple[int, _Phase], int] = {}
        self._states: list[tuple[int, _Phase]] = []
        self._choices: dict[int, Choices] = {}
        self._number(self._automaton.start, _Phase.START)

    @property
    def start(self) -> int:
        """The state before the first token."""
        return 0

    def trim(self) -> None:
        """Bound the memory. Call it between sentences only, because it makes all states invalid."""
        if len(self._states) > self._max_states:
            self._forget()

    def choices(self, state: int) -> Choices:
        """What may come next in a state."""
        known = self._choices.get(state)
        if known is None:
            known = self._choices[state] = self._find(state)
        return known

    def follow(self, state: int, token: int) -> int | None:
        """The state after any token, free text included; None if no sentence goes on with it."""
        inner, phase = self._states[state]
        spelling = self._trie.spelling(token)
        for char in spelling:
            after = self._step(inner, phase, char)
            if after is None:
                return None
            inner, phase = after
        return self._number(inner, phase) if spelling else None

    def _number(self, inner: int, phase: _Phase) -> int:
        key = (inner, phase)
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = len(self._states)
            self._states.append(key)
        return number

    def _find(self, state: int) -> Choices:
        inner, phase = self._states[state]
        tokens: list[int] = []
        states: list[int] = []
        trie = self._trie
        waiting = [(trie.root, inner, phase)]
        while waiting:
            node, inner_here, phase_here = waiting.pop()
            if spelled := trie.tokens(node):
                number = self._number(inner_here, phase_here)
                tokens += spelled
                states += [number] * len(spelled)
            for child in trie.children(node, self._candidates(inner_here, phase_here)):
                after = self._step(inner_here, phase_here, trie.char(child))
                if after is not None:
                    waiting.append((child, *after))
        ends = phase not in (_Phase.START, _Phase.GAP) and self._automaton.accepts(inner)
        free = any(map(self._automaton.is_free, (inner, self._automaton.step(inner, " "))))
        return Choices(np.array(tokens, np.int64), np.array(states, np.int64), ends, free)

    def _candidates(self, inner: int, phase: _Phase) -> Set[str] | None:
        """The characters that `_step` may accept, and perhaps some more; None if it may accept any.

        A sentence mostly continues with one to ten different characters, the vocabulary with thirty. To try
        only these finds the choices of a state in a fifth of the time.
        """
        if phase == _Phase.START:
            return _SPACE
        chars = self._automaton.chars(inner)
        if chars is None or phase in (_Phase.GAP, _Phase.PAUSE):
            return chars
        found = {*chars, *_SIGNS}
        if phase == _Phase.DOT:
            found |= _DIGITS
        elif phase == _Phase.LETTER:
            found.add("z")
        elif phase == _Phase.DIGIT and " " in chars:
            next_word = self._automaton.chars(self._automaton.step(inner, " "))
            if next_word is None:
                return None
            found |= next_word
        return found

    def _step(self, inner: int, phase: _Phase, char: str) -> tuple[int, _Phase] | None:
        """The automaton's state and the phase after one more character; None if it is not possible."""
        if char == " ":
            if phase == _Phase.START:  # the model begins a sentence with a space
                return inner, _Phase.GAP
            return None if phase == _Phase.GAP else self._walk(inner, " ", _Phase.GAP)
        if phase in (_Phase.START, _Phase.PAUSE):
            return None
        if char in _PAUSES or char in ".:":
            return self._punctuation(inner, phase, char)
        if char in _SPOKEN:
            return self._walk(inner, _SPOKEN[char], _Phase.WORD)
        if phase == _Phase.DOT:
            if char.isdigit():
                return self._walk(inner, " point " + char, _Phase.DIGIT)
            return self._walk(inner, char, _Phase.INITIAL)
        if phase == _Phase.INITIAL:
            return None
        if char.isdigit():
            return self._walk(inner, char, _Phase.DIGIT)
        after = self._walk(inner, char, _Phase.LETTER if phase in (_Phase.GAP, _Phase.DIGIT) else _Phase.WORD)
        if after is None and phase == _Phase.DIGIT:  # "7pm", "12oz"
            after = self._walk(inner, " " + char, _Phase.LETTER)
        if after is None and phase == _Phase.LETTER and char == "z":  # "oz" is said "ounce"
            after = self._walk(inner, "unce", _Phase.WORD)
        return after

    def _punctuation(self, inner: int, phase: _Phase, char: str) -> tuple[int, _Phase] | None:
        """Punctuation is written, but no part of the sentence: one mark, after a whole word."""
        if phase in (_Phase.GAP, _Phase.DOT):
            return None
        if char == ":" and phase == _Phase.DIGIT:  # "7:30" is said as two words
            return self._walk(inner, " ", _Phase.GAP)
        if char == "." and phase in (_Phase.LETTER, _Phase.DIGIT):
            return inner, _Phase.DOT
        if phase == _Phase.INITIAL and char == ".":
            return inner, _Phase.PAUSE
        if self._automaton.accepts(inner) or self._automaton.step(inner, " ") != DEAD:
            return inner, _Phase.PAUSE
        return None

    def _walk(self, inner: int, chars: str, phase: _Phase) -> tuple[int, _Phase] | None:
        for char in chars:
            inner = self._automaton.step(inner, char)
            if inner == DEAD:
                return None
        return inner, phase
