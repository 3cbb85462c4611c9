"""The words of a grammar."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from hassil.expression import Expression, RuleReference, Sentence, TextChunk
from hassil.intents import Intents, RangeSlotList, SlotList, TextSlotList

from assistant.understanding.expressions import chunks, list_references, references
from assistant.understanding.normalise import fold_piece, normalise
from assistant.understanding.numerals import Numerals


def vocabulary(intents: Intents, numerals: Numerals, skip_words: list[str]) -> frozenset[str]:
    """All words that some sentence may contain; numbers as words, not as digits."""
    words: set[str] = set()
    for text in skip_words:
        words.update(normalise(text).split())
    used: dict[int, SlotList] = {}
    for data in (data for intent in intents.intents.values() for data in intent.data):
        lists = {**intents.slot_lists, **data.slot_lists}
        rules = {**intents.expansion_rules, **data.expansion_rules}
        for sentence in data.sentences:
            for expression in _with_rules(sentence.expression, rules, set()):
                words.update(word for chunk in chunks(expression) for word in _words(chunk))
            for ref in list_references(sentence.expression, rules):
                if (values := lists.get(ref.list_name)) is not None:
                    used[id(values)] = values
    for values in used.values():
        if isinstance(values, TextSlotList):
            for value in values.values:
                words.update(word for chunk in chunks(value.text_in) for word in _words(chunk))
        elif isinstance(values, RangeSlotList):
            for number in values.get_numbers():
                words.update(word for way in numerals.words(number) for word in way.split())
    return frozenset(word.strip("'") for word in words if not word.isdecimal())


def _with_rules(
    expression: Expression, rules: Mapping[str, Sentence], seen: set[str]
) -> Iterator[Expression]:
    yield expression
    for part in references(expression):
        if isinstance(part, RuleReference) and part.rule_name not in seen:
            seen.add(part.rule_name)
            yield from _with_rules(rules[part.rule_name].expression, rules, seen)


def _words(chunk: TextChunk) -> list[str]:
    return fold_piece(chunk.original_text).split()
