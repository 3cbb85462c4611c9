from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.understanding.spelling import as_written, respelled, spellings, ways_to_say


@pytest.mark.parametrize(
    ("word", "ways"),
    [
        ("küche", ("kuche", "kueche")),
        ("straße", ("strasse",)),
        ("ångström", ("angstrom", "angstroem", "aangstroem")),
        ("łazienka", ("lazienka",)),
        ("øst", ("ost", "oest")),
        ("кухня", ("kukhnya",)),
        ("объект", ("obekt",)),
        ("kitchen", ()),
    ],
)
def test_a_word_has_plain_spellings(word: str, ways: tuple[str, ...]) -> None:
    assert spellings(word) == ways


@given(st.text(alphabet=st.characters(categories=["Ll", "Lo"]), min_size=1, max_size=12))
def test_spellings_are_plain_and_found_again(word: str) -> None:
    heard = respelled({word})
    assert set(heard) == set(spellings(word))
    assert all(way.isascii() and way.isalnum() and way == way.lower() for way in heard)
    assert all(as_written(way, heard, {word}) == word for way in heard)


@given(st.text(alphabet="aeiounc\u0308\u0301\u0327", min_size=1, max_size=8))
def test_accents_are_left_out(text: str) -> None:
    word = unicodedata.normalize("NFC", text)
    bare = "".join(char for char in unicodedata.normalize("NFD", text) if char.isascii())
    assert as_written(word, {}, {bare}) in {bare, word}
    if not word.isascii() and bare:
        assert spellings(word)[0] == bare


def test_the_word_itself_comes_before_one_that_sounds_like_it() -> None:
    assert as_written("kitchen", {"kuche": "küche"}, {"kitchen"}) == "kitchen"
    assert as_written("attic", {"kuche": "küche"}, {"kitchen"}) == "attic"


@pytest.mark.parametrize(
    ("name", "ways"),
    [
        ("3d printer", ("3d printer", "3 d printer")),
        ("2nd floor fan", ("2nd floor fan", "second floor fan")),
        ("third lamp", ("third lamp", "3rd lamp")),
        ("the beast", ("the beast", "beast")),
        ("the", ("the",)),
        ("floor lamp", ("floor lamp",)),
    ],
)
def test_a_name_has_other_ways_to_say_it(name: str, ways: tuple[str, ...]) -> None:
    assert ways_to_say(name, {"the", "my"}, english=True) == ways


def test_ordinals_of_other_languages_are_left_alone() -> None:
    assert ways_to_say("2nd lampe", (), english=False) == ("2nd lampe",)
