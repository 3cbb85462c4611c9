"""The machine that holds the recogniser to the grammar."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from hassil.expression import Sentence
from hassil.intents import IntentData, Intents, TextSlotList, WildcardSlotList
from hassil.sample import sample_sentence
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.understanding.automaton import DEAD, GrammarAutomaton
from assistant.understanding.blocks import compile_network, load_intents
from assistant.understanding.expressions import list_references
from assistant.understanding.free_text import FreeLists
from assistant.understanding.grammar import Grammar
from assistant.understanding.names import HomeNames
from assistant.understanding.normalise import normalise
from assistant.understanding.numerals import numerals
from assistant.understanding.sentences import SentenceSource, build_grammar
from tests.assistant.understanding.conftest import SUPPORTED

ALPHABET = sorted("abcdefghijklmnopqrstuvwxyz0123456789 '")


def accepts(automaton: GrammarAutomaton, text: str) -> bool:
    return automaton.accepts(automaton.walk(text))


def moves(automaton: GrammarAutomaton, state: int) -> list[tuple[str, int]]:
    steps = ((char, automaton.step(state, char)) for char in ALPHABET)
    return [(char, target) for char, target in steps if target != DEAD]


def random_sentence(automaton: GrammarAutomaton, chance: random.Random) -> str:
    state, text = automaton.start, ""
    while not (automaton.accepts(state) and chance.random() < 0.4):
        following = moves(automaton, state)
        if not following:
            break
        char, state = chance.choice(following)
        text += char
    return text


@pytest.mark.parametrize(
    ("template", "yes", "no"),
    [
        ("turn on [the] light[s]", ["turn on light", "turn on the lights"], ["turn on the"]),
        ("[please] go [now]", ["go", "please go", "go now"], [" go", "go ", "go  now"]),
        ("(a;b;c) d", ["a b c d", "c a b d"], ["a b d", "a b a d", "a b c"]),
        ("what's up", ["what's up", "whats up"], ["what up"]),
        ("{1..30:n} [%| percent]", ["7", "seven", "twenty one", "21 percent"], ["31", "0"]),
        ("{2..9:n}[ ]k", ["5k", "5 k", "five k"], ["fivek", "five"]),
        ("sixteen (candles|ounces)", ["sixteen candles", "16 ounces"], ["60 candles"]),
        ("channel 4", ["channel 4", "channel four"], ["channel 5"]),
        ("day[-]light saving", ["daylight saving", "day light saving"], ["day  light saving"]),
    ],
)
def test_templates(own_grammar: Callable[..., Grammar], template: str, yes: list[str], no: list[str]) -> None:
    grammar = own_grammar(f'intents: {{Go: {{data: [{{sentences: ["{template}"]}}]}}}}')
    assert [text for text in yes if not accepts(grammar.automaton, text)] == []
    assert [text for text in no if accepts(grammar.automaton, text)] == []
    assert [text for text in yes if not grammar.parses(text)] == []


def test_a_dead_state_stays_dead(grammar: Grammar) -> None:
    automaton = grammar.automaton
    assert automaton.step(DEAD, "a") == DEAD
    assert not automaton.accepts(DEAD)
    assert automaton.step(automaton.start, "\u00df") == DEAD
    assert automaton.step(automaton.start, " ") == DEAD
    assert not automaton.accepts(automaton.start)


@pytest.mark.parametrize(
    "text", ["cancel the pizza timer", "remind me to sleep", "turn off the router in five minutes"]
)
def test_free_text_is_left_out(grammar: Grammar, text: str) -> None:
    assert grammar.parses(text)
    assert not accepts(grammar.automaton, text)


@pytest.mark.parametrize(
    "text",
    [
        "could you turn on the kitchen light for me please",
        "please please turn on the kitchen light",
    ],
)
def test_politeness_is_let_through(grammar: Grammar, text: str) -> None:
    assert accepts(grammar.automaton, text)


@pytest.mark.parametrize(
    "number", ["21 point 5", "21 point five", "twenty one point 5", "twenty one point five"]
)
def test_digits_and_words_mix_within_a_number(grammar: Grammar, number: str) -> None:
    text = f"set the thermostat to {number} degrees"
    assert grammar.parses(text)
    assert accepts(grammar.automaton, text)


@settings(max_examples=120, deadline=None)
@given(chance=st.randoms(use_true_random=False))
def test_what_it_accepts_parses(grammar: Grammar, chance: random.Random) -> None:
    text = random_sentence(grammar.automaton, chance)
    assert accepts(grammar.automaton, text), "a way in without a way out"
    assert grammar.parses(text)


def test_sampled_sentences_are_accepted_and_parse(kitchen_grammar: Grammar, home: HomeNames) -> None:
    data = SentenceSource("en", True, (), SUPPORTED).load(home)
    intents = load_intents(data.as_dict(), home, numerals("en"))
    missed = [
        text
        for block, sentence in _sentences_that_can_be_said(intents)
        for text in _samples(intents, block, sentence)
        if not (accepts(kitchen_grammar.automaton, normalise(text)) and kitchen_grammar.parses(text))
    ]
    assert missed == []


def test_dropped_states_are_made_again(home: HomeNames) -> None:
    data = SentenceSource("en", True, (), SUPPORTED).load(home)
    english = numerals("en")
    intents = load_intents(data.as_dict(), home, english)
    compiled = compile_network(intents, english, data.skip_words, frozenset(), {}, FreeLists({}))
    large = GrammarAutomaton(compiled.network, compiled.plain_start)
    small = GrammarAutomaton(compiled.network, compiled.plain_start, max_states=8)
    chance = random.Random(3)
    texts = [random_sentence(large, chance) for _ in range(12)]
    prefixes = [text[: len(text) // 2] for text in texts]
    halfway = [small.walk(prefix) for prefix in prefixes]
    for text, prefix, state in zip(texts, prefixes, halfway, strict=True):
        assert small.accepts(small.walk(text[len(prefix) :], state))
        assert [char for char, _ in moves(small, state)] == [
            char for char, _ in moves(large, large.walk(prefix))
        ]


def test_the_number_of_held_states_is_bounded(home: HomeNames) -> None:
    data = SentenceSource("en", True, (), SUPPORTED).load(home)
    english = numerals("en")
    intents = load_intents(data.as_dict(), home, english)
    compiled = compile_network(intents, english, data.skip_words, frozenset(), {}, FreeLists({}))
    automaton = GrammarAutomaton(compiled.network, compiled.plain_start, max_states=100)
    chance = random.Random(5)
    states, held = [], []
    for _ in range(20):
        states.append(automaton.walk(random_sentence(automaton, chance)))
        held.append(len(automaton._live))
    # A path that is made again may go above the limit by its own length.
    assert max(held) < 100 + 200
    assert max(states) > 300


def test_the_number_of_held_places_is_bounded(tmp_path: Path) -> None:
    texts = [f"{letter} go now" for letter in "abcdefghij"]
    alike = "".join(f"\n      - sentences: ['{text}']" for text in texts * 40)
    (tmp_path / "a.yaml").write_text(f"intents:\n  Go:\n    data:{alike}")
    data = SentenceSource("en", False, (tmp_path,), None).load(HomeNames())
    english = numerals("en")
    intents = load_intents(data.as_dict(), HomeNames(), english)
    compiled = compile_network(intents, english, [], frozenset(), {}, FreeLists({}))
    small = GrammarAutomaton(compiled.network, compiled.plain_start, max_places=1000)
    large = GrammarAutomaton(compiled.network, compiled.plain_start)
    for text in texts:
        assert accepts(small, text)
        assert accepts(large, text)
    one_path = 2 * 400 + 2 * 40 * len(texts[0])
    assert large._places > 1000 + one_path
    assert small._places <= 1000 + one_path


def test_lists_of_rules_and_rules_of_lists(tmp_path: Path) -> None:
    text = """
    intents: {Go: {data: [{sentences: ["<verb> <thing> [to {n}]"]}]}}
    expansion_rules: {verb: "(get|bring) [<me>]", me: "(me|us)", thing: "(the|a) {item}"}
    lists:
      item: {values: [{in: "<me> cup[s]", out: cup}, "tea"]}
      n: {range: {from: 5, to: 10, step: 5}}
    """
    (tmp_path / "a.yaml").write_text(text)
    grammar = build_grammar("en", False, [tmp_path], HomeNames(), None)
    for sentence in ("get me the us cups to ten", "bring a tea", "get the tea to 5"):
        assert accepts(grammar.automaton, sentence)
        assert grammar.parses(sentence)
    assert not accepts(grammar.automaton, "get tea to 6")


def _sentences_that_can_be_said(intents: Intents) -> Iterator[tuple[IntentData, Sentence]]:
    for intent in intents.intents.values():
        for block in intent.data:
            for sentence in block.sentences:
                refs = list_references(sentence.expression, intents.expansion_rules)
                lists = [intents.slot_lists[ref.list_name] for ref in refs]
                if not any(isinstance(values, WildcardSlotList) for values in lists):
                    yield block, sentence


def _samples(intents: Intents, block: IntentData, sentence: Sentence) -> list[str]:
    """A sentence of a template, with a device that its block is about."""
    domains = block.requires_context.get("domain")
    lists: dict[str, Any] = dict(intents.slot_lists)
    if domains is not None:
        names = [v for v in lists["name"].values if v.context["domain"] in domains]
        lists["name"] = TextSlotList(name="name", values=names)
        if not names:
            return []
    pool = list(islice(sample_sentence(sentence, lists, intents.expansion_rules, language="en"), 60))
    return [pool[len(pool) // 2].strip()]
