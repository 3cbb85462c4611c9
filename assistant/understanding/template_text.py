"""The text of one sentence template, parsed within limits."""

from __future__ import annotations

from collections.abc import Iterator

from hassil.expression import Expression, Group, ListReference, Permutation
from hassil.parse_expression import parse_sentence
from hassil.parser import ParseError

from assistant.understanding.limits import (
    MAX_DEPTH,
    MAX_NUMBER,
    MAX_PERMUTATION,
    MAX_RANGE_VALUES,
    MAX_TEMPLATE_CHARS,
)


def parse_template(text: str) -> Expression:
    """hassil's expression of one template.

    Raises:
        ValueError: with a sentence about what is wrong.
    """
    if len(text) > MAX_TEMPLATE_CHARS:
        raise ValueError(f"a template of {len(text)} characters is above the limit of {MAX_TEMPLATE_CHARS}")
    if (levels := _levels(text)) > MAX_DEPTH:
        raise ValueError(f"a template of {levels} levels of brackets is above the limit of {MAX_DEPTH}")
    try:
        expression: Expression = parse_sentence(text).expression
    except ParseError as error:
        raise ValueError(f"not a sentence template: {error}") from None
    except (AssertionError, RecursionError) as error:
        raise ValueError(f"not a sentence template: {error or 'nested too deep'}") from None
    for part in _parts(expression):
        if isinstance(part, Permutation) and len(part.items) > MAX_PERMUTATION:
            raise ValueError(
                f"a permutation of {len(part.items)} parts is above the limit of {MAX_PERMUTATION}"
            )
        if isinstance(part, ListReference) and (bounds := part.get_inline_range()):
            try:
                check_range(*bounds)
            except ValueError as error:
                raise ValueError(f"the range {part.list_name}: {error}") from None
    return expression


def check_range(first: int, last: int, step: int) -> None:
    """Refuse a range that is empty or above a limit.

    Raises:
        ValueError: with a sentence about what is wrong.
    """
    if first > last or step < 1:
        raise ValueError("it is empty")
    if (count := (last - first) // step + 1) > MAX_RANGE_VALUES:
        raise ValueError(f"{count} numbers are above the limit of {MAX_RANGE_VALUES}")
    if max(abs(first), abs(last)) > MAX_NUMBER:
        raise ValueError(f"its numbers lie beyond {MAX_NUMBER}")


def _levels(text: str) -> int:
    level = deepest = 0
    for char in text:
        level += (char in "([") - (char in ")]")
        deepest = max(deepest, level)
    return deepest


def _parts(expression: Expression) -> Iterator[Expression]:
    yield expression
    if isinstance(expression, Group):
        for item in expression.items:
            yield from _parts(item)
