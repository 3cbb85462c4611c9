"""Faults that show only when the sentences of all files are together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from hassil.expression import Expression, ListReference, Sentence
from hassil.intents import RangeFractionType

from assistant.understanding.builtin import HOME_LISTS
from assistant.understanding.expressions import fewest_words, list_references, references
from assistant.understanding.limits import (
    MAX_ALL_CHARACTERS,
    MAX_ALL_NUMBERS,
    MAX_CONTEXTS,
    MAX_NAMES,
    MAX_SKIP_WORDS,
    MAX_TEMPLATES,
)
from assistant.understanding.sentence_data import SentenceData
from assistant.understanding.sentence_file import SentenceFile, place
from assistant.understanding.sizes import Sizes
from assistant.understanding.template_text import parse_template
from common.errors import GrammarError, SottoError, TooLarge

#: What all files together may have at most, by its name in messages.
_LIMITS = {
    "sentences": MAX_TEMPLATES,
    "characters with their rules written out": MAX_ALL_CHARACTERS,
    "numbers in ranges": MAX_ALL_NUMBERS,
    "lists and rules": MAX_NAMES,
    "different contexts": MAX_CONTEXTS,
    "skip words": MAX_SKIP_WORDS,
}
_SENTENCES, _CHARACTERS, _NUMBERS, _NAMES, _CONTEXTS, _SKIP_WORDS = _LIMITS


class SentenceChecks:
    """Checks files against everything that the sentences of all files define, and counts what they come to.

    Args:
        data: all sentences.
    """

    def __init__(self, data: SentenceData) -> None:
        self._global = _Scope(data.lists, data.rules)
        self._counts: Counter[str] = Counter()
        self._contexts: frozenset[str] = frozenset()

    def check(self, file: SentenceFile, *, bounded: bool = True) -> None:
        """Everything that a file refers to is defined, leads nowhere in a circle and is within the limits.

        Args:
            file: is in the data already; counted if it passes.
            bounded: whether the limits of all files together hold for it.

        Raises:
            GrammarError: something is not defined or leads to itself, or a sentence would match anything.
            TooLarge: above a limit; the message names place, count and limit.
        """
        counter = _Counter(self._counts, self._contexts, bounded)
        self._check_definitions(file, self._global, file.lists, file.rules, counter)
        for intent in file.intents.values():
            for block in intent["data"]:
                self._check_block(file, block, counter)
        for answer in file.answers.values():
            for block in answer["data"]:
                # "What shall I put on the list?" may be answered with any words.
                self._check_block(file, block, counter, anchored=bounded)
        for word in file.skip_words:
            counter.add(_SKIP_WORDS, 1, place(file, word))
        if bounded:
            self._counts, self._contexts = counter.counts, counter.contexts

    def _check_block(
        self, file: SentenceFile, block: Mapping[str, Any], counter: _Counter, anchored: bool = True
    ) -> None:
        scope = self._global.inside(block["lists"], block["expansion_rules"])
        self._check_definitions(file, scope, block["lists"], block["expansion_rules"], counter)
        context = repr((block["requires_context"], block["excludes_context"]))
        counter.add_context(context, place(file, block["sentences"][0]))
        for text in block["sentences"]:
            expression, where = parse_template(text), place(file, text)
            scope.check_references(expression, where)
            counter.add(_SENTENCES, 1, where)
            counter.add(_CHARACTERS, scope.size(expression, where), where)
            counter.add(_NUMBERS, _inline_numbers(expression), where)
            if anchored:
                scope.check_anchored(expression, where)

    def _check_definitions(
        self,
        file: SentenceFile,
        scope: _Scope,
        lists: Mapping[str, Mapping[str, Any]],
        rules: Mapping[str, str],
        counter: _Counter,
    ) -> None:
        for name in (*lists, *rules):
            counter.add(_NAMES, 1, place(file, name))
        for name in rules:
            where = place(file, name)
            scope.check_references(scope.rules[name], where)
            scope.size_of_rule(name, where)
            counter.add(_NUMBERS, _inline_numbers(scope.rules[name]), where)
        for name, content in lists.items():
            counter.add(_NUMBERS, _numbers(content), place(file, name))
            for value, item in zip(scope.values[name], content.get("values", ()), strict=True):
                where = place(file, item["in"] if getattr(item["in"], "line", 0) else name)
                scope.check_references(value, where)
                counter.add(_CHARACTERS, scope.size(value, where), where)
                counter.add(_NUMBERS, _inline_numbers(value), where)


class _Counter:
    """What the files come to with the one that is looked at."""

    def __init__(self, counts: Counter[str], contexts: frozenset[str], bounded: bool) -> None:
        self.counts = Counter(counts)
        self.contexts = contexts
        self._bounded = bounded

    def add(self, what: str, count: int, where: str) -> None:
        self.counts[what] += count
        if self._bounded and self.counts[what] > _LIMITS[what]:
            raise TooLarge(
                f"{where}: {self.counts[what]} {what} in all files are above the limit of {_LIMITS[what]}",
                hint="take out what is never said",
                code="grammar.too-large",
            )

    def add_context(self, context: str, where: str) -> None:
        if context not in self.contexts:
            self.contexts |= {context}
            self.add(_CONTEXTS, 1, where)


class _Scope:
    """What can be referred to: what all files define, or that and what one block defines for itself."""

    def __init__(self, lists: Mapping[str, Mapping[str, Any]], rules: Mapping[str, str]) -> None:
        self.rules = {name: parse_template(body) for name, body in rules.items()}
        self.values = {name: _values(content) for name, content in lists.items()}
        self._free = frozenset(name for name, content in lists.items() if content.get("wildcard"))
        self._with_context = frozenset(name for name, content in lists.items() if _has_context(content))
        self._finish()

    def _finish(self) -> None:
        self._sentences = {name: Sentence(expression) for name, expression in self.rules.items()}
        self._sizes = Sizes(self.rules, self.values, self._with_context)

    def inside(self, lists: Mapping[str, Mapping[str, Any]], rules: Mapping[str, str]) -> _Scope:
        """The scope of a block with lists and rules of its own."""
        if not lists and not rules:
            return self
        scope = _Scope(lists, rules)
        scope.rules = {**self.rules, **scope.rules}
        scope.values = {**self.values, **scope.values}
        scope._free |= self._free - lists.keys()
        scope._with_context |= self._with_context - lists.keys()
        scope._finish()
        return scope

    def check_references(self, expression: Expression, where: str) -> None:
        for part in references(expression):
            if isinstance(part, ListReference):
                name, kind = part.list_name, "list"
                known = name in self.values or name in HOME_LISTS or part.is_inline_range
            else:
                name, kind = part.rule_name, "rule"
                known = name in self.rules
            if not known:
                raise GrammarError(
                    f"{where}: there is no {kind} {name}",
                    hint=f"define it, or correct the name of the {kind}",
                    code="grammar.missing",
                )

    def size(self, expression: Expression, where: str) -> int:
        try:
            return self._sizes.of(expression).characters
        except SottoError as error:
            raise _at(where, error) from None

    def size_of_rule(self, name: str, where: str) -> None:
        try:
            self._sizes.of_rule(name)
        except SottoError as error:
            raise _at(where, error) from None

    def check_anchored(self, expression: Expression, where: str) -> None:
        """The expression has a size within the limits: its rules are followed here without keeping count."""
        used = {ref.list_name for ref in list_references(expression, self._sentences)}
        if used & self._free and not fewest_words(expression, self._sentences, self._free):
            raise GrammarError(
                f"{where}: a sentence of nothing but a wildcard would match anything",
                hint="give it at least one word of its own",
                code="grammar.only-wildcard",
            )


def _at(where: str, error: SottoError) -> SottoError:
    return type(error)(f"{where}: {error.message}", hint=error.hint, code=error.code)


def _values(content: Mapping[str, Any]) -> list[Expression]:
    texts = (value["in"] if isinstance(value, dict) else value for value in content.get("values", ()))
    return [parse_template(str(text)) for text in texts]


def _has_context(content: Mapping[str, Any]) -> bool:
    values: Iterable[object] = content.get("values", ())
    return any(isinstance(value, dict) and value.get("context") for value in values)


def _numbers(content: Mapping[str, Any]) -> int:
    """The numbers that a list spells out."""
    bounds = content.get("range")
    if bounds is None:
        return 0
    whole = (bounds["to"] - bounds["from"]) // bounds.get("step", 1) + 1
    fractions = bounds.get("fractions")
    between = RangeFractionType.get_fractions(None if fractions is None else RangeFractionType(fractions))
    return int(whole * (1 + len(between)))


def _inline_numbers(expression: Expression) -> int:
    ranges = (part.get_inline_range() for part in references(expression) if isinstance(part, ListReference))
    return sum((last - first) // step + 1 for first, last, step in filter(None, ranges))
