"""Free text in sentences: how much, what it may not be, and how it was heard."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.understanding.automaton import DEAD
from assistant.understanding.completeness import Completeness
from assistant.understanding.free_text import FreeLists, places_heard
from assistant.understanding.grammar import Grammar
from assistant.understanding.names import HomeNames
from assistant.understanding.numerals import numerals
from assistant.understanding.sentences import build_grammar
from common.errors import GrammarError

GRAMMAR = """
language: en
intents:
  Add:
    data: [{sentences: ["put {thing} on [the|my] list", "put {thing} on the {list:name} list"]}]
  Note:
    data: [{sentences: ["make a note of {anything}"]}]
  Short:
    data: [{sentences: ["say {thing}"]}]
  Old:
    data: [{sentences: ["write down the word {word}"]}]
lists:
  thing: {wildcard: true, words: 6}
  list: {wildcard: true, words: 2, without: [contact, e-mail]}
  anything: {wildcard: true, words: 8}
  word: {wildcard: true}
"""


@pytest.fixture(scope="module")
def grammar(tmp_path_factory: pytest.TempPathFactory) -> Grammar:
    folder = tmp_path_factory.mktemp("free")
    (folder / "free.yaml").write_text(GRAMMAR)
    return build_grammar("en", False, [folder], HomeNames(), None)


@pytest.mark.parametrize(
    ("said", "slots"),
    [
        ("put milk on the list", {"thing": "milk"}),
        ("Put Ben & Jerry's, and milk, on my list.", {"thing": "Ben & Jerry's, and milk"}),
        ("put twenty one eggs on the list", {"thing": "twenty one eggs"}),
        ("put 1.5 l of milk on the list", {"thing": "1.5 l of milk"}),
        ("put milk on the garden list", {"thing": "milk", "name": "garden"}),
        ("make a note of: Mum's birthday!", {"anything": "Mum's birthday"}),
    ],
)
def test_it_is_kept_as_it_was_heard(grammar: Grammar, said: str, slots: dict[str, str]) -> None:
    parse = grammar.parse(said)
    assert parse is not None
    assert dict(parse.slots) == slots


@pytest.mark.parametrize(
    "said", ["put milk on my contact list", "put milk on the e-mail list", "put a b c d e f g on the list"]
)
def test_what_it_may_not_be_is_refused(grammar: Grammar, said: str) -> None:
    assert grammar.parse(said) is None


def test_its_words_are_known_by_their_places(grammar: Grammar) -> None:
    assert grammar.free_words("Put twenty-one eggs on the garden list.") == {1, 2, 5}
    assert grammar.free_words("put that away") == frozenset()


def test_the_recogniser_passes_it_between_words_of_the_grammar(grammar: Grammar) -> None:
    automaton = grammar.automaton
    state = automaton.walk("put ")
    assert automaton.is_free(state)
    assert "z" not in automaton.chars(state)
    assert automaton.accepts(automaton.walk("zucchini on the list", state))
    assert not automaton.accepts(automaton.walk("zucchini on the", state))
    assert automaton.walk("a b c d e f g", state) == DEAD


@pytest.mark.parametrize("said", ["say something", "write down the word hello"])
def test_the_recogniser_does_not_search_what_has_few_words_or_no_bound(grammar: Grammar, said: str) -> None:
    assert grammar.parses(said)
    assert grammar.automaton.walk(said) == DEAD


def test_a_sentence_that_ends_with_it_may_go_on(grammar: Grammar) -> None:
    assert grammar.completeness("make a note of the door") is Completeness.EXTENDABLE
    assert grammar.completeness("put milk and") is Completeness.UNFINISHED
    assert grammar.completeness("put milk on the list") is Completeness.COMPLETE


@pytest.mark.parametrize("bound", ["0", "41", "true", "many", "[1]"])
def test_a_bound_that_is_none_is_a_fault(own_grammar: Callable[[str], Grammar], bound: str) -> None:
    with pytest.raises(GrammarError, match="words"):
        own_grammar(GRAMMAR.replace("words: 6", f"words: {bound}"))


def test_only_the_box_asks_what_any_words_answer(tmp_path: Path) -> None:
    answers = 'answers:\n  Any:\n    data: [{sentences: ["{thing}"]}]\nlists:\n  thing: {wildcard: true}\n'
    (tmp_path / "own.yaml").write_text(f"language: en\n{answers}")
    with pytest.raises(GrammarError, match="nothing but a wildcard"):
        build_grammar("en", False, [tmp_path], HomeNames(), None)


def test_a_list_without_words_has_the_bound_of_its_owner() -> None:
    free = FreeLists({"mine": {"wildcard": True}, "built in": {"wildcard": True}}, {"mine"})
    assert free.most("mine") > free.most("built in")


@given(st.text(max_size=60))
def test_each_word_that_is_compared_comes_from_words_in_order(raw: str) -> None:
    places = places_heard(raw, numerals("en"))
    if places is not None:
        ends = [end for place in places for end in place]
        assert ends == sorted(ends)
        assert all(0 <= end < len(raw.split()) for end in ends)
