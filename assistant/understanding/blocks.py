"""From hassil's input dictionary to its matcher and to our network, on the same folded text."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hassil.expression import Expression, Sentence
from hassil.intents import (
    IntentData,
    Intents,
    RangeSlotList,
    SlotList,
    TextSlotList,
    WildcardSlotList,
)

from assistant.understanding.compiler import Compiler
from assistant.understanding.delay import can_be_delayed
from assistant.understanding.expressions import chunks, list_references
from assistant.understanding.free_text import COMMAND_SLOT, FreeLists
from assistant.understanding.names import AreaName, HomeNames
from assistant.understanding.network import Network
from assistant.understanding.normalise import fold_piece, normalise
from assistant.understanding.numerals import Numerals
from assistant.understanding.rooms import NAMES, RoomsBehindNames, articles
from assistant.understanding.scope import Scope
from assistant.understanding.spelling import ways_to_say
from assistant.understanding.steps import count_steps, count_values

#: Lists of places.
PLACES = frozenset({"area", "floor"})


@dataclass(frozen=True)
class Template:
    """One template: its intent, the slots it may fill, and those it fills with free text."""

    intent: str
    slots: frozenset[str]
    free_slots: frozenset[str]


@dataclass(frozen=True)
class CompiledGrammar:
    """The network of a grammar and where its sentences start.

    Attributes:
        network: all templates.
        plain_start: start of the sentences that the recogniser searches: those without free text, and those
            that have enough words besides it.
        start: start of all sentences.
        templates: by the numbers that the network uses.
    """

    network: Network
    plain_start: int
    start: int
    templates: tuple[Template, ...]


def canonical(text: str, numerals: Numerals) -> str:
    """Normalised text as hassil compares it: numbers in digits, no apostrophes."""
    return numerals.to_digits(text.replace("'", ""))


def load_intents(source: dict[str, Any], home: HomeNames, numerals: Numerals) -> Intents:
    """hassil's intents with the names of the home, every text in them `canonical`."""
    intents = Intents.from_dict(source)
    intents.slot_lists["name"] = TextSlotList.from_tuples(
        _names(home, articles(intents.expansion_rules), numerals.english), allow_template=False, name="name"
    )
    intents.slot_lists["area"] = _place_list("area", home.areas)
    intents.slot_lists["floor"] = _place_list("floor", home.floors)
    for expression in _expressions(intents):
        for chunk in chunks(expression):
            chunk.text = _canonical_chunk(chunk.original_text, numerals)
        count_steps(expression)
    for values in _lists(intents):
        if isinstance(values, TextSlotList):
            count_values(values)
        elif isinstance(values, RangeSlotList):
            # Canonical text has digits; hassil would spell out the whole range at the first question.
            values.words = False
    intents.skip_words = [canonical(normalise(word), numerals) for word in intents.skip_words]
    return intents


def _names(home: HomeNames, before: Collection[str], english: bool) -> list[tuple[str, str, dict[str, str]]]:
    """Each way to say a device, the value it stands for, and its context."""
    names = [(spoken, device.value, device.context) for device in home.devices for spoken in device.spoken]
    plain = {normalise(spoken) for spoken, _, _ in names}
    # What follows is said too, where it is nobody's name: other ways to say a name, and the name that devices
    # of several rooms have. Whoever answers finds out which of them is meant.
    names += [
        (way, value, context)
        for spoken, value, context in tuple(names)
        for way in ways_to_say(normalise(spoken), before, english)
        if way not in plain
    ]
    for device in home.devices:
        if device.shared and normalise(device.short) not in plain:
            names.append((device.short, device.short, device.context))
        elif device.shared:
            # The lock "front door" keeps its name; questions that no lock answers mean the sensor there.
            names.append((device.short, device.value, device.context))
    return [entry for entry in names if normalise(entry[0])]


def compile_network(
    intents: Intents,
    numerals: Numerals,
    skip_words: list[str],
    given: frozenset[str],
    heard: Mapping[str, str],
    free: FreeLists,
    rooms: RoomsBehindNames | None = None,
) -> CompiledGrammar:
    """Compile all templates; those that nobody can say are taken out of `intents` too.

    Args:
        intents: from `load_intents`; changed in place.
        numerals: of the same language.
        skip_words: words of politeness, as they are spoken.
        given: keys of the context that is known without a word being said.
        heard: words as they may be heard, and as they are written.
        free: the wildcard lists.
        rooms: the devices whose rooms may stand behind their names.
    """
    compiler = Compiler(numerals, heard, free)
    network = compiler.network
    end = network.node()
    network.exit_nodes.add(end)
    plain_heads, free_heads, delayed_heads = network.node(), network.node(), network.node()
    network.free(free_heads, plain_heads)
    templates: list[Template] = []
    with_free_text: list[tuple[int, Sentence, Scope]] = []
    lists, rules = dict(intents.slot_lists), dict(intents.expansion_rules)
    with_rooms: Mapping[str, SlotList] = lists
    if rooms is not None and (extra := rooms.rules()):
        rules.update(extra)
        with_rooms = {**lists, NAMES: lists["name"], "name": rooms.names()}
    for intent, data in _blocks(intents):
        kept = []
        for sentence in data.sentences:
            # Where a sentence has a place of its own, a second one behind the name would be too much.
            own_rules = {**rules, **data.expansion_rules}
            has_place = any(
                ref.list_name in PLACES for ref in list_references(sentence.expression, own_rules)
            )
            scope = _scope(lists if has_place else with_rooms, rules, data, given)
            template = _describe(intent, sentence, scope)
            scope.has_free_text = bool(template.free_slots)
            scope.is_searched = COMMAND_SLOT not in template.slots and free.is_searched(
                sentence.expression, own_rules
            )
            templates.append(template)
            number = len(templates) - 1
            if template.free_slots and not scope.is_searched:
                with_free_text.append((number, sentence, scope))
                kept.append(sentence)
            elif (start := compiler.template(number, sentence, scope, end)) is not None:
                network.free(plain_heads, start)
                if not template.free_slots and can_be_delayed(intent, {*template.slots, *data.slots}):
                    network.free(delayed_heads, start)
                kept.append(sentence)
        data.sentences[:] = kept
    polite = compiler.phrases(skip_words) if skip_words else None
    _add_politeness_after(network, polite, end)
    compiler.commands = compiler.sub_network(delayed_heads)
    for number, sentence, scope in with_free_text:
        if (start := compiler.template(number, sentence, scope, end)) is not None:
            network.free(free_heads, start)
    return CompiledGrammar(
        network=network,
        plain_start=_add_politeness_before(network, polite, plain_heads),
        start=_add_politeness_before(network, polite, free_heads),
        templates=tuple(templates),
    )


def _add_politeness_after(network: Network, polite: int | None, end: int) -> None:
    """Up to two polite phrases may follow a sentence; they lie in no template."""
    if polite is None:
        return
    for _ in range(2):
        gap = network.node()
        network.edge(end, " ", gap)
        end = network.call(gap, polite)
        network.exit_nodes.add(end)


def _add_politeness_before(network: Network, polite: int | None, heads: int) -> int:
    start = heads
    for _ in range(2 if polite is not None else 0):
        assert polite is not None
        earlier = network.node()
        network.free(earlier, heads)
        network.edge(network.call(earlier, polite), " ", start)
        start = earlier
    return start


def _describe(intent: str, sentence: Sentence, scope: Scope) -> Template:
    slots, free = set(), set()
    for ref in list_references(sentence.expression, scope.rules):
        slots.add(ref.slot_name)
        if isinstance(scope.lists.get(ref.list_name), WildcardSlotList):
            free.add(ref.slot_name)
    if COMMAND_SLOT in slots:
        free.add(COMMAND_SLOT)
    return Template(intent, frozenset(slots), frozenset(free))


def _scope(
    lists: Mapping[str, SlotList], rules: Mapping[str, Sentence], data: IntentData, given: frozenset[str]
) -> Scope:
    local = bool(data.slot_lists or data.expansion_rules)
    return Scope(
        lists={**lists, **data.slot_lists},
        rules={**rules, **data.expansion_rules},
        required=data.requires_context,
        excluded=data.excludes_context,
        given=given,
        local=id(data) if local else 0,
    )


def _blocks(intents: Intents) -> Iterator[tuple[str, IntentData]]:
    for name, intent in intents.intents.items():
        for data in intent.data:
            yield name, data


def _expressions(intents: Intents) -> Iterator[Expression]:
    """Every expression there is: sentences, rules, list values, global and local."""
    rules = [intents.expansion_rules]
    for _, data in _blocks(intents):
        yield from (sentence.expression for sentence in data.sentences)
        rules.append(data.expansion_rules)
    for group in rules:
        yield from (rule.expression for rule in group.values())
    for values in _lists(intents):
        if isinstance(values, TextSlotList):
            yield from (value.text_in for value in values.values)


def _lists(intents: Intents) -> Iterator[SlotList]:
    """Every list there is, global and local."""
    yield from intents.slot_lists.values()
    for _, data in _blocks(intents):
        yield from data.slot_lists.values()


def _canonical_chunk(text: str, numerals: Numerals) -> str:
    """As `canonical`, with the spaces at the edges kept: in a template they part words."""
    folded = fold_piece(text)
    words = canonical(folded, numerals)
    if not words:
        return " " if folded else ""
    return f"{' ' * folded.startswith(' ')}{words}{' ' * folded.endswith(' ')}"


def _place_list(name: str, places: tuple[AreaName, ...]) -> TextSlotList:
    return TextSlotList.from_tuples(
        [(spoken, place.value) for place in places for spoken in place.spoken if normalise(spoken)],
        allow_template=False,
        name=name,
    )
