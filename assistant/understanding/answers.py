"""What may be said while a question is open: its answers, and all that may be said anyway.

An answer such as "the first one" or "pizza" is a sentence only while the question is open. The sentences
stand under `answers:` of the sentence files, by the kind of answer; names are those of what is chosen from.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Collection, Iterator, Mapping, Set
from typing import Any

from assistant.understanding.automaton import DEAD, GrammarAutomaton
from assistant.understanding.completeness import Completeness
from assistant.understanding.grammar import Grammar
from assistant.understanding.names import HomeNames
from assistant.understanding.parse import Parse

_REFERENCE = re.compile(r"([<{])([^<>{}:]+)")
_UNDERSTOOD = (Completeness.COMPLETE, Completeness.EXTENDABLE)


class WithAnswers:
    """A grammar while a question is open.

    An answer comes before a sentence of the grammar, unless it is nothing but free text.

    Args:
        grammar: what may be said anyway.
        answers: what answers the question.
        kinds, names: what `answers` is made from, see `while_asked`.
    """

    def __init__(
        self, grammar: Grammar, answers: Grammar, kinds: Collection[str] = (), names: HomeNames | None = None
    ) -> None:
        self.kinds = tuple(kinds)
        self.names = names or HomeNames()
        self.grammar = grammar
        self.key = f"{grammar.key}+{answers.key}"
        self.known_prefix: tuple[str, ...] = ()
        self.words = grammar.words | answers.words
        self.automaton = _Either(answers.automaton, grammar.automaton)
        self._answers = answers

    def parse(self, text: str) -> Parse | None:
        """See `Grammar.parse`."""
        answer = self._answers.parse(text)
        return answer if _is_sure(answer) else self.grammar.parse(text) or answer

    def parses(self, text: str) -> bool:
        """See `Grammar.parses`."""
        return self.parse(text) is not None

    def free_words(self, text: str) -> frozenset[int]:
        """See `Grammar.free_words`."""
        is_answer = _is_sure(self._answers.parse(text)) or not self.grammar.parses(text)
        return (self._answers if is_answer else self.grammar).free_words(text)

    def completeness(self, text: str) -> Completeness:
        """See `Grammar.completeness`."""
        answer, sentence = self._answers.completeness(text), self.grammar.completeness(text)
        if answer in _UNDERSTOOD or sentence is Completeness.UNPARSED:
            return answer
        return sentence


def _is_sure(answer: Parse | None) -> bool:
    """Whether an answer is more than free text, which could be any sentence: "never mind" is none."""
    return answer is not None and not (answer.free and not answer.score)


class _Either:
    """An automaton of the sentences of two. A state is a pair of their states."""

    def __init__(self, first: GrammarAutomaton, second: GrammarAutomaton) -> None:
        self._first = first
        self._second = second
        self._lock = threading.Lock()
        self._pairs = [(first.start, second.start)]
        self._numbers = {self._pairs[0]: 0}

    @property
    def start(self) -> int:
        """See `Automaton.start`."""
        return 0

    def step(self, state: int, char: str) -> int:
        """See `Automaton.step`."""
        if state < 0:
            return DEAD
        first, second = self._pairs[state]
        pair = (self._first.step(first, char), self._second.step(second, char))
        if pair == (DEAD, DEAD):
            return DEAD
        with self._lock:
            number = self._numbers.setdefault(pair, len(self._pairs))
            if number == len(self._pairs):
                self._pairs.append(pair)
        return number

    def accepts(self, state: int) -> bool:
        """See `Automaton.accepts`."""
        if state < 0:
            return False
        first, second = self._pairs[state]
        return self._first.accepts(first) or self._second.accepts(second)

    def chars(self, state: int) -> Set[str]:
        """See `Automaton.chars`."""
        if state < 0:
            return frozenset()
        first, second = self._pairs[state]
        return self._first.chars(first) | self._second.chars(second)

    def is_free(self, state: int) -> bool:
        """See `Automaton.is_free`."""
        if state < 0:
            return False
        first, second = self._pairs[state]
        return self._first.is_free(first) or self._second.is_free(second)


def while_asked(grammar: Grammar, kinds: Collection[str], names: HomeNames) -> Grammar | WithAnswers:
    """A grammar while a question is open; itself where the language has no answers of those kinds (some ms).

    Args:
        grammar: what may be said anyway.
        kinds: names under `answers:` of the sentence files.
        names: what is chosen from; devices stand for any things, areas for their places.
    """
    source = grammar.source
    found = {kind: source["answers"][kind] for kind in kinds if kind in source.get("answers", {})}
    if not found:
        return grammar
    texts = [text for answer in found.values() for block in answer["data"] for text in block["sentences"]]
    lists, rules = _needed(texts, source)
    alone = {**source, "intents": found, "answers": {}, "lists": lists, "expansion_rules": rules}
    key = f"{kinds!r} {names.as_text()}"
    return WithAnswers(grammar, Grammar(alone, names, key=key), kinds, names)


def _needed(texts: list[str], source: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """The lists and rules that templates refer to, through others too."""
    lists: dict[str, Any] = {}
    rules: dict[str, str] = {}
    todo = list(texts)
    while todo:
        for sign, name in _REFERENCE.findall(todo.pop()):
            if sign == "<" and name not in rules and name in source["expansion_rules"]:
                rules[name] = source["expansion_rules"][name]
                todo.append(rules[name])
            elif sign == "{" and name not in lists and name in source["lists"]:
                lists[name] = source["lists"][name]
                todo.extend(_templates(lists[name]))
    return lists, rules


def _templates(content: Mapping[str, Any]) -> Iterator[str]:
    for value in content.get("values", ()):
        yield str(value["in"]) if isinstance(value, dict) else str(value)
