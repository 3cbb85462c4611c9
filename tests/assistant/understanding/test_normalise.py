"""Raw text to plain words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.understanding.normalise import MAX_CHARS, normalise
from assistant.understanding.numerals import numerals
from common.errors import TooLarge


@pytest.mark.parametrize(
    ("raw", "plain"),
    [
        ("Turn on the kitchen light.", "turn on the kitchen light"),
        ("  What's   the time?! ", "what's the time"),
        ("what\u2019s the time", "what's the time"),
        ("Set it to 50%.", "set it to 50 percent"),
        ("set it to 50 %", "set it to 50 percent"),
        ("72\u00b0", "72 degrees"),
        ("21 \u00b0C outside", "21 degrees celsius outside"),
        ("wake me at 7:30 a.m.", "wake me at 7 30 am"),
        ("7PM", "7 pm"),
        ("a 12-oz. latte", "a 12 ounce latte"),
        ("12oz", "12 ounce"),
        ("bed & breakfast", "bed and breakfast"),
        ("1,000 lumens", "1000 lumens"),
        ("21.5 degrees", "21 point 5 degrees"),
        ("21,5 degrees", "21 point 5 degrees"),
        ("set it to -5", "set it to minus 5"),
        ("twenty-one", "twenty one"),
        ("for 1/2 an hour", "for half an hour"),
        ("\u00bd", "half"),
        ("the t.v. is on", "the tv is on"),
        ("'hello' (world) [x] {y}", "hello world x y"),
        ("a\x00b\tc\nd\u200be", "a b c de"),
        ("CAF\u00c9", "caf\u00e9"),
        ("\u0664\u0662", "42"),
        ("?!...", ""),
        ("", ""),
    ],
)
def test_folds_spelling(raw: str, plain: str) -> None:
    assert normalise(raw) == plain


def test_refuses_a_text_above_the_limit() -> None:
    with pytest.raises(TooLarge, match=str(MAX_CHARS)):
        normalise("a" * (MAX_CHARS + 1))


def test_refuses_a_text_that_grows_above_the_limit() -> None:
    with pytest.raises(TooLarge):
        normalise("%" * MAX_CHARS)


@given(st.text(max_size=120) | st.text("0159.,:-%\u00b0'/ apmozcf&$\u00bd", max_size=40))
def test_is_idempotent(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once


@given(st.text(max_size=120))
def test_yields_words_joined_by_single_spaces(text: str) -> None:
    plain = normalise(text)
    assert plain == " ".join(plain.split())
    assert all(char.isalnum() or char in " '$" or ord(char) > 127 for char in plain)


@given(st.integers(0, 1000), st.data())
def test_number_words_read_back_as_digits(number: int, data: st.DataObject) -> None:
    words = data.draw(st.sampled_from(numerals("en").words(number)))
    assert numerals("en").to_digits(f"set it to {words} now") == f"set it to {number} now"


@pytest.mark.parametrize(
    ("words", "digits"),
    [
        ("twelve ounce", "12 ounce"),
        ("minus five", "-5"),
        ("twenty one point five degrees", "21.5 degrees"),
        ("21 point 5 degrees", "21.5 degrees"),
        ("seven thirty", "7 30"),
        ("twenty seven hundred kelvin", "2700 kelvin"),
        ("the point is", "the point is"),
        ("point five", "point 5"),
        ("one hundred and five", "105"),
    ],
)
def test_number_phrases(words: str, digits: str) -> None:
    assert numerals("en").to_digits(words) == digits


def test_a_language_without_number_rules_keeps_its_words() -> None:
    assert numerals("xx").to_digits("eleven 11") == "eleven 11"
    assert numerals("xx").words(3) == ()
