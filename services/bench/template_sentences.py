"""Sentences out of the templates of home-assistant-intents, with the meaning that the template gives them."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import home_assistant_intents
from hassil.expression import (
    Alternative,
    Expression,
    Group,
    ListReference,
    Permutation,
    RuleReference,
    Sentence,
    TextChunk,
)
from hassil.intents import RangeSlotList, TextSlotList

from assistant.models.catalogue import DEFAULT_LANGUAGE
from assistant.understanding.blocks import load_intents
from assistant.understanding.expressions import resolve_list
from assistant.understanding.names import HomeNames
from assistant.understanding.numerals import numerals
from assistant.understanding.parse import Parse, Value
from assistant.understanding.scope import Scope

#: What somebody may have said where a template takes any words, by its list.
_FREE = {
    "shopping_list_item": ("milk", "oat milk", "two pounds of apples", "batteries"),
    "todo_list_item": ("call the plumber", "water the plants", "laundry"),
    "message": ("dinner is ready", "we are leaving in five minutes"),
    "search_query": ("jazz", "yesterday by the beatles", "some quiet music"),
    "zone": ("work", "school"),
    "timer_name": ("dragon", "blue"),
    "timer_command": ("turn off the kitchen light", "open the garage door"),
}
_ANYTHING = ("something",)
#: Drawings of a template until one is new and can be said in the home.
_TRIES = 12


@dataclass(frozen=True)
class Sample:
    """One sentence and what it means.

    Attributes:
        text: the sentence.
        intent: of its template.
        slots: what its words, and its template, put into slots.
    """

    text: str
    intent: str
    slots: Mapping[str, Value] = field(default_factory=dict)

    def is_met_by(self, parse: Parse | None) -> bool:
        """Whether a meaning is the same, with every slot; more slots do not matter."""
        return parse is not None and all(
            name in parse.slots and _plain(parse.slots[name]) == _plain(value)
            for name, value in self.slots.items()
        )


def samples(home: HomeNames, each: int = 2, language: str = DEFAULT_LANGUAGE) -> list[Sample]:
    """Different sentences of all templates that can be said in a home; the same ones every time.

    Args:
        home: the names.
        each: so many of each template at most.
        language: of the sentences.
    """
    source: dict[str, Any] = home_assistant_intents.get_intents(language) or {}
    intents = load_intents(source, home, numerals(language))
    found: dict[str, Sample] = {}
    for name, intent in intents.intents.items():
        for number, data in enumerate(intent.data):
            scope = Scope(
                {**intents.slot_lists, **data.slot_lists},
                {**intents.expansion_rules, **data.expansion_rules},
                data.requires_context,
                data.excludes_context,
                given=("area",) if home.here else (),
            )
            fixed = {slot: value for slot, value in data.slots.items() if not isinstance(value, list)}
            for place, template in enumerate(data.sentences):
                drawing = random.Random(f"{name} {number} {place}")
                for sample in _drawn(name, template, scope, drawing, each):
                    found.setdefault(sample.text, replace(sample, slots={**fixed, **sample.slots}))
    return list(found.values())


def _drawn(
    intent: str, template: Sentence, scope: Scope, drawing: random.Random, each: int
) -> Iterator[Sample]:
    texts: set[str] = set()
    for _ in range(_TRIES):
        if len(texts) == each:
            return
        slots: dict[str, Value] = {}
        try:
            text = " ".join(_draw(template.expression, scope, drawing, slots).split())
        except LookupError:
            continue
        if text not in texts:
            texts.add(text)
            yield Sample(text, intent, slots)


def _draw(expression: Expression, scope: Scope, drawing: random.Random, slots: dict[str, Value]) -> str:
    """One way to say an expression; adds what its lists put into slots.

    Raises:
        LookupError: it cannot be said in this home.
    """
    if isinstance(expression, TextChunk):
        return str(expression.original_text)
    if isinstance(expression, Alternative):
        return _draw(drawing.choice(expression.items), scope, drawing, slots)
    if isinstance(expression, Permutation):
        items = drawing.sample(expression.items, len(expression.items))
        return " ".join(_draw(item, scope, drawing, slots) for item in items)
    if isinstance(expression, Group):
        return "".join(_draw(item, scope, drawing, slots) for item in expression.items)
    if isinstance(expression, RuleReference):
        return _draw(scope.rules[expression.rule_name].expression, scope, drawing, slots)
    assert isinstance(expression, ListReference)
    values = resolve_list(expression, scope.lists)
    if isinstance(values, TextSlotList):
        fitting = [value for value in values.values if scope.allows(value.context)]
        value = drawing.choice(fitting) if fitting else None
        if value is None:
            raise LookupError(expression.list_name)
        text = _draw(value.text_in, scope, drawing, slots)
        slots[expression.slot_name] = value.value_out if value.value_out is not None else text
        return text
    if isinstance(values, RangeSlotList):
        number = drawing.choice(list(values.get_numbers()))
        slots[expression.slot_name] = number * values.multiplier if values.multiplier else number
        return str(number)
    text = drawing.choice(_FREE.get(expression.list_name, _ANYTHING))
    slots[expression.slot_name] = text
    return text


def _plain(value: Value) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip().casefold()
