from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.understanding.elision import elisions
from assistant.understanding.grammar import Grammar
from assistant.understanding.names import HomeNames


@pytest.mark.parametrize(
    ("written", "heard"),
    [
        ("iced", "ice"),
        ("baked", "bake"),
        ("raised", "raise"),
        ("mashed", "mash"),
        ("whipped", "whip"),
        ("grilled", "grill"),
        ("steamed", "steam"),
        ("milked", "milk"),
        ("mixed", "mix"),
    ],
)
def test_a_participle_may_be_heard_as_its_base_form(written: str, heard: str) -> None:
    assert elisions({written, "coffee"}) == {heard: written}


@pytest.mark.parametrize(
    "word", ["roasted", "salted", "bed", "speed", "need", "hundred", "sugared", "last", "ed", ""]
)
def test_other_words_are_heard_as_they_are(word: str) -> None:
    assert elisions({word}) == {}


@pytest.mark.parametrize("known", [{"locked", "lock"}, {"opened", "open"}, {"named", "name"}])
def test_a_form_that_can_be_said_itself_stands_for_nothing_else(known: set[str]) -> None:
    assert elisions(known) == {}


@given(st.sets(st.from_regex(r"[a-z]{1,8}(ed)?", fullmatch=True), max_size=20))
def test_no_word_of_the_grammar_is_ever_another_one(words: set[str]) -> None:
    found = elisions(words)
    assert words.isdisjoint(found)
    assert set(found.values()) <= words


def grammar(*drinks: str) -> Grammar:
    source = {
        "language": "en",
        "intents": {"Order": {"data": [{"sentences": ["bring me [a] {drink}"]}]}},
        "lists": {"drink": {"values": list(drinks)}},
    }
    return Grammar(source, HomeNames())


def test_what_is_heard_means_what_is_written() -> None:
    cafe = grammar("iced coffee", "house coffee")
    parse = cafe.parse("Bring me a ice coffee.")
    assert parse is not None
    assert (parse.slots, parse.text) == ({"drink": "iced coffee"}, "bring me a ice coffee")
    assert "ice" in cafe.words
    assert cafe.automaton.walk("bring me a ice coffee") != cafe.automaton.walk("bring me a rice coffee")


def test_where_both_are_on_offer_each_is_itself() -> None:
    cafe = grammar("iced coffee", "ice coffee")
    assert [cafe.parse(f"bring me {drink}").slots["drink"] for drink in ("ice coffee", "iced coffee")] == [  # type: ignore[union-attr]
        "ice coffee",
        "iced coffee",
    ]


def test_a_language_without_this_sound_change_is_left_alone() -> None:
    source = {"language": "de", "intents": {"A": {"data": [{"sentences": ["iced kaffee"]}]}}, "lists": {}}
    assert Grammar(source, HomeNames()).parse("ice kaffee") is None
