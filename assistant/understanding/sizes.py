"""How large a sentence is with its rules written out, which is what it costs to build and to match."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from hassil.expression import (
    Alternative,
    Expression,
    Group,
    ListReference,
    Permutation,
    RuleReference,
    TextChunk,
)

from assistant.understanding.limits import MAX_CHARACTERS, MAX_CHOICES, MAX_DEPTH
from common.errors import GrammarError, TooLarge

#: Characters that a digit counts as: "1234" is also said "one thousand two hundred and thirty four".
_DIGIT = 30


@dataclass(frozen=True)
class Size:
    """The size of an expression with its rules written out.

    Attributes:
        characters: of its texts, each part at least one; about the nodes of the network that it becomes.
        choices: groups of alternatives and options.
        depth: levels of groups, rules and lists within each other.
    """

    characters: int = 0
    choices: int = 0
    depth: int = 0


class Sizes:
    """The sizes of what is in one scope; those of rules and lists are worked out once.

    A rule or a list that is not defined counts as one character.

    Args:
        rules: expressions by name.
        lists: the expressions of the values, by name of the list; no entry for ranges and wildcards.
        unfolded: names of lists that count in full wherever they stand; others count as one character.
    """

    def __init__(
        self,
        rules: Mapping[str, Expression],
        lists: Mapping[str, Iterable[Expression]],
        unfolded: frozenset[str] = frozenset(),
    ) -> None:
        self._rules = rules
        self._lists = lists
        self._unfolded = unfolded
        self._known: dict[tuple[str, str], Size] = {}
        self._path: list[tuple[str, str]] = []

    def of(self, expression: Expression) -> Size:
        """The size of one sentence, or of one value of a list.

        Raises:
            GrammarError: rules or lists lead back to themselves.
            TooLarge: the expression is above a limit of a single sentence.
        """
        size = self._size(expression)
        for what, count, most in (
            ("characters", size.characters, MAX_CHARACTERS),
            ("groups of alternatives", size.choices, MAX_CHOICES),
            ("levels", size.depth, MAX_DEPTH),
        ):
            if count > most:
                raise TooLarge(
                    f"{count} {what}, its rules written out, are above the limit of {most}",
                    hint="make several sentences of it, or a list",
                    code="grammar.too-large",
                )
        return size

    def of_rule(self, name: str) -> Size:
        """The size of a rule; see `of`."""
        return self.of(RuleReference(rule_name=name))

    def _size(self, expression: Expression) -> Size:
        if isinstance(expression, TextChunk):
            text = expression.original_text
            return Size(max(1, len(text) + _DIGIT * sum(map(str.isdecimal, text))), 0, 1)
        if isinstance(expression, RuleReference):
            return self._named("rule", expression.rule_name, self._rules.get(expression.rule_name))
        if isinstance(expression, ListReference):
            return self._list(expression.list_name)
        assert isinstance(expression, Group)
        # In a permutation an item stands once for each set of items that may be said before it.
        times = 2 ** (len(expression.items) - 1) if isinstance(expression, Permutation) else 1
        sizes = [self._size(item) for item in expression.items]
        return Size(
            1 + times * sum(size.characters for size in sizes),
            sum(size.choices for size in sizes) + isinstance(expression, Alternative),
            1 + max((size.depth for size in sizes), default=0),
        )

    def _list(self, name: str) -> Size:
        size = self._named("list", name, *self._lists.get(name, ()))
        return size if name in self._unfolded else Size(1, 0, size.depth)

    def _named(self, kind: str, name: str, *expressions: Expression | None) -> Size:
        key = (kind, name)
        if key in self._path:
            loop = " -> ".join(inner for _, inner in [*self._path[self._path.index(key) :], key])
            raise GrammarError(f"{kind}s lead in a circle: {loop}", code="grammar.recursive")
        if key not in self._known:
            self._path.append(key)
            try:
                if len(self._path) > MAX_DEPTH:
                    raise TooLarge(
                        f"more than {MAX_DEPTH} rules and lists within each other", code="grammar.too-large"
                    )
                sizes = [self._size(expression) for expression in expressions if expression is not None]
            finally:
                self._path.pop()
            self._known[key] = Size(
                1 + sum(size.characters for size in sizes),
                max((size.choices for size in sizes), default=0),
                1 + max((size.depth for size in sizes), default=0),
            )
        return self._known[key]
