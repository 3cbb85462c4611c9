from __future__ import annotations

import unicodedata
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.speech.number_words import cardinal, clock, day_of_year, ordinal, year
from assistant.speech.spoken import spoken

SPOKEN = [
    ("It's 4:35 pm.", "It's four thirty five p m."),
    ("It's 4:05 PM, isn't it?", "It's four oh five p m, isn't it?"),
    ("It's 4:35 p.m. now", "It's four thirty five p m now"),
    ("Alarm set for 7 am tomorrow.", "Alarm set for seven a-m tomorrow."),
    ("16:00 and 13:07", "sixteen hundred and thirteen oh seven"),
    ("at 7:00", "at seven o'clock"),
    ("21.5 °C", "twenty one point five degrees celsius"),
    ("It's 72° in the kitchen.", "It's seventy two degrees in the kitchen."),
    ("-4°F", "minus four degrees fahrenheit"),
    ("1 °C", "one degree celsius"),
    ("58 %", "fifty eight percent"),
    ("Set to 30 percent.", "Set to thirty percent."),
    ("Sunday, November 22nd.", "Sunday, November twenty second."),
    ("November 22, 2026", "November twenty second, twenty twenty six"),
    ("22 November 2026", "twenty second of November twenty twenty six"),
    ("2026-11-22", "november twenty second twenty twenty six"),
    ("the year 2026", "the year twenty twenty six"),
    ("1,234 things", "one thousand two hundred thirty four things"),
    ("0.5", "zero point five"),
    ("007", "zero zero seven"),
    ("1.2.3", "one point two point three"),
    ("$5.20", "five dollars and twenty cents"),
    ("£1.01", "one pound and one penny"),
    ("5 km/h", "five kilometers per hour"),
    ("1 kg", "one kilogram"),
    ("2700 K", "two thousand seven hundred kelvin"),
    ("60W", "sixty watts"),
    ("2½ hours", "two and a half hours"),
    ("3/4", "three quarters"),
    ("5-10 minutes", "five to ten minutes"),
    ("B12", "B twelve"),
    ("salt & pepper", "salt and pepper"),
    ("٣ things", "three things"),
    ("no numbers, at all!", "no numbers, at all!"),
    ("", ""),
]


@pytest.mark.parametrize(("written", "words"), SPOKEN)
def test_text_is_said_as_people_say_it(written: str, words: str) -> None:
    assert spoken(written) == words


@given(st.text())
def test_no_digit_and_no_control_character_is_left(text: str) -> None:
    result = spoken(text)
    assert not any(character.isdigit() for character in result)
    assert not any(unicodedata.category(character) == "Cc" for character in result)


@given(st.text(alphabet="0123456789 .,:-/%°$apmCst½"))
def test_no_mixture_of_figures_is_left(text: str) -> None:
    assert not any(character.isdigit() for character in spoken(text))


@given(st.text(alphabet="0123456789 .,:-/%°$apmCst"))
def test_words_are_said_as_they_are(text: str) -> None:
    once = spoken(text)
    assert spoken(once) == once


@given(st.integers(0, 10**15 - 1))
def test_cardinals_are_plain_words(number: int) -> None:
    assert cardinal(str(number)).replace(" ", "").isalpha()


@given(st.integers(0, 10**20))
def test_ordinals_are_plain_words(number: int) -> None:
    assert ordinal(number).replace(" ", "").isalpha()


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (1066, "ten sixty six"),
        (1900, "nineteen hundred"),
        (1905, "nineteen oh five"),
        (2000, "two thousand"),
        (2005, "two thousand five"),
        (2026, "twenty twenty six"),
    ],
)
def test_years(number: int, words: str) -> None:
    assert year(number) == words


@given(st.dates())
def test_every_date_can_be_said(day: date) -> None:
    assert day_of_year(day).replace(" ", "").isalpha()


@given(st.integers(0, 24), st.integers(0, 59), st.sampled_from(["", "am", "pm"]))
def test_every_time_can_be_said(hour: int, minute: int, half: str) -> None:
    words = clock(hour, minute, half)
    assert words.replace(" ", "").replace("'", "").replace("-", "").isalpha()


def test_another_language_keeps_its_numbers_for_the_voice() -> None:
    assert spoken("Es ist 16:35 Uhr,  21,5 °C.", "de") == "Es ist 16:35 Uhr, 21,5 °C."
