"""What may be said while a question is open."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.understanding.answers import WithAnswers, while_asked
from assistant.understanding.completeness import Completeness
from assistant.understanding.grammar import Grammar
from assistant.understanding.names import DeviceName, HomeNames
from assistant.understanding.sentences import build_grammar

SENTENCES = """
language: en
intents:
  SottoStop: {data: [{sentences: [stop, stop the music]}]}
answers:
  Which: {data: [{sentences: ["[the] {name} [one]", "the {rank:rank} one"]}]}
  Length: {data: [{sentences: ["<span>"]}]}
lists:
  rank: {values: [{in: first, out: 1}, {in: last, out: -1}]}
  number: {range: {from: 1, to: 20}}
expansion_rules:
  span: "{number:minutes} (minute|minutes)"
"""
PIZZA = HomeNames(devices=(DeviceName("0", ("pizza",), ""),))


@pytest.fixture
def grammar(tmp_path: Path) -> Grammar:
    (tmp_path / "own.yaml").write_text(SENTENCES, encoding="utf-8")
    return build_grammar("en", False, [tmp_path], HomeNames(), None)


@pytest.fixture
def asked(grammar: Grammar) -> WithAnswers:
    found = while_asked(grammar, ("Which", "SottoNo"), PIZZA)
    assert isinstance(found, WithAnswers)
    return found


@pytest.mark.parametrize("text", ["the first one", "pizza", "five minutes"])
def test_an_answer_is_no_sentence_without_its_question(grammar: Grammar, text: str) -> None:
    assert grammar.parse(text) is None
    assert not grammar.automaton.accepts(grammar.automaton.walk(text))


@pytest.mark.parametrize(
    ("text", "intent"),
    [("the first one", "Which"), ("Pizza.", "Which"), ("the pizza one", "Which"), ("stop", "SottoStop")],
)
def test_answers_and_sentences_are_understood_while_it_is_open(
    asked: WithAnswers, text: str, intent: str
) -> None:
    parse = asked.parse(text)
    assert parse is not None
    assert parse.intent == intent


def test_the_answer_to_another_question_is_not(asked: WithAnswers) -> None:
    assert asked.parse("five minutes") is None


@pytest.mark.parametrize(
    ("text", "accepted"),
    [
        ("the first one", True),
        ("pizza", True),
        ("the pizza one", True),
        ("stop", True),
        ("stop the music", True),
        ("five minutes", False),
        ("stop the pizza", False),
        ("the", False),
    ],
)
def test_the_recogniser_is_led_by_both(asked: WithAnswers, text: str, accepted: bool) -> None:
    automaton, state = asked.automaton, asked.automaton.start
    for char in text:
        if state >= 0:
            assert char in (automaton.chars(state) or "") or automaton.step(state, char) < 0
            state = automaton.step(state, char)
    assert automaton.accepts(state) is accepted


@pytest.mark.parametrize(
    ("text", "completeness"),
    [
        ("pizza", Completeness.COMPLETE),
        ("the first", Completeness.UNFINISHED),
        ("stop", Completeness.COMPLETE),
        ("stop the", Completeness.UNFINISHED),
        ("hello", Completeness.UNPARSED),
    ],
)
def test_how_finished_an_answer_is(asked: WithAnswers, text: str, completeness: Completeness) -> None:
    assert asked.completeness(text) is completeness


def test_each_question_has_a_key_of_its_own(grammar: Grammar, asked: WithAnswers) -> None:
    other = while_asked(grammar, ("Length",), HomeNames())
    assert len({grammar.key, asked.key, other.key}) == 3


def test_a_language_may_have_no_answers(grammar: Grammar) -> None:
    assert while_asked(grammar, ("SottoYes", "SottoNo"), HomeNames()) is grammar
