"""Questions about hassil's expressions: what they refer to, how short they can be."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from hassil.expression import (
    Alternative,
    Expression,
    Group,
    ListReference,
    RuleReference,
    Sentence,
    TextChunk,
)
from hassil.intents import RangeSlotList, SlotList

from assistant.understanding.normalise import fold_piece


def chunks(expression: Expression) -> Iterator[TextChunk]:
    """The pieces of plain text in an expression, its rules left out."""
    if isinstance(expression, TextChunk):
        yield expression
    elif isinstance(expression, Group):
        for item in expression.items:
            yield from chunks(item)


def references(expression: Expression) -> Iterator[ListReference | RuleReference]:
    """The lists and rules that an expression names itself."""
    if isinstance(expression, ListReference | RuleReference):
        yield expression
    elif isinstance(expression, Group):
        for item in expression.items:
            yield from references(item)


def resolve_list(reference: ListReference, lists: Mapping[str, SlotList]) -> SlotList:
    """The list that a reference means; "{1..5:slot}" makes its own.

    Raises:
        KeyError: there is no list of that name.
    """
    if reference.list_name not in lists and (bounds := reference.get_inline_range()):
        first, last, step = bounds
        return RangeSlotList(name=reference.list_name, start=first, stop=last, step=step)
    return lists[reference.list_name]


def list_references(expression: Expression, rules: Mapping[str, Sentence]) -> Iterator[ListReference]:
    """All lists that an expression refers to, through its rules too."""
    if isinstance(expression, ListReference):
        yield expression
    elif isinstance(expression, RuleReference):
        yield from list_references(rules[expression.rule_name].expression, rules)
    elif isinstance(expression, Group):
        for item in expression.items:
            yield from list_references(item, rules)


def fewest_words(
    expression: Expression, rules: Mapping[str, Sentence], free_lists: Collection[str] = ()
) -> int:
    """How many words an expression has at least; a list in `free_lists` has none, others one."""
    if isinstance(expression, TextChunk):
        return len(fold_piece(expression.original_text).split())
    if isinstance(expression, RuleReference):
        return fewest_words(rules[expression.rule_name].expression, rules, free_lists)
    if isinstance(expression, Group):
        counts = [fewest_words(item, rules, free_lists) for item in expression.items]
        return min(counts, default=0) if isinstance(expression, Alternative) else sum(counts)
    return int(not (isinstance(expression, ListReference) and expression.list_name in free_lists))
