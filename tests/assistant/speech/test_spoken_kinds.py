"""Numbers and names as people say them, by kind: at least ten of each."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.speech.number_words import cardinal, ordinal, year
from assistant.speech.spoken import spoken

YEARS = {
    "The war ended in 1945.": "The war ended in nineteen forty five.",
    "Built in 1905, rebuilt in 2007.": "Built in nineteen oh five, rebuilt in two thousand seven.",
    "between 1939 and 1945": "between nineteen thirty nine and nineteen forty five",
    "the years 1939-1945": "the years nineteen thirty nine to nineteen forty five",
    "from 1999 to 2004": "from nineteen ninety nine to two thousand four",
    "the summer of 1969": "the summer of nineteen sixty nine",
    "(1984)": "(nineteen eighty four)",
    "In May 1999 it rained": "In May nineteen ninety nine it rained",
    "by 2030!": "by twenty thirty!",
    "in 1066 AD": "in ten sixty six A D",
    "in 44 BC": "in forty four B C",
    "World Cup 2026": "World Cup twenty twenty six",
    # No years.
    "in 2000 m": "in two thousand meters",
    "1,500 people": "one thousand five hundred people",
}
DECADES = {
    "the 1980s": "the nineteen eighties",
    "the 1920s": "the nineteen twenties",
    "the '80s": "the eighties",
    "the mid-1990s": "the mid nineteen nineties",
    "in the 2000s": "in the two thousands",
    "the 2010s": "the twenty tens",
    "the 1900s": "the nineteen hundreds",
    "the 1800's": "the eighteen hundreds",
    "the 60s": "the sixties",
    "in his 30s": "in his thirties",
}
MONEY = {
    "a $1.4 billion loan": "a one point four billion dollars loan",
    "$3bn": "three billion dollars",
    "£2m": "two million pounds",
    "€10k": "ten thousand euros",
    "3.5 million €": "three point five million euros",
    "$0.99": "ninety nine cents",
    "€3.50": "three euros and fifty cents",
    "5 €": "five euros",
    "-$5": "minus five dollars",
    "$1,234.56": "one thousand two hundred thirty four dollars and fifty six cents",
    "¥500": "five hundred yen",
    "$5/month": "five dollars per month",
    "US$20": "twenty dollars",
}
CODES = {
    "ZIP 90210": "ZIP nine zero two one zero",
    "the zip code is 90210": "the zip code is nine zero two one zero",
    "your PIN is 1234": "your PIN is one two three four",
    "call 911": "call nine one one",
    "call 555-1234": "call five five five, one two three four",
    "(555) 123-4567": "five five five, one two three, four five six seven",
    "1-800-555-0199": "one, eight zero zero, five five five, zero one nine nine",
    "+49 30 1234567": "plus four nine, three zero, one two three four five six seven",
    "extension 402": "extension four zero two",
    "code: 4711": "code is four seven one one",
    "192.168.1.20": "one nine two dot one six eight dot one dot two zero",
    "flight 370": "flight three seven zero",
}
ROMAN = {
    "World War II": "World War two",
    "World War I": "World War one",
    "Henry VIII": "Henry the eighth",
    "Queen Elizabeth II": "Queen Elizabeth the second",
    "Louis XIV.": "Louis the fourteenth.",
    "Pope John Paul II": "Pope John Paul the second",
    "Chapter IV": "Chapter four",
    "Part III of it": "Part three of it",
    "Super Bowl LVIII": "Super Bowl fifty eight",
    "Rocky IV": "Rocky four",
    # No numerals.
    "I am here": "I am here",
    "Vitamin C": "Vitamin C",
    "Size XL": "Size XL",
    "the CD is mine": "the CD is mine",
}
ABBREVIATIONS = {
    "Martin Luther King Jr. was here": "Martin Luther King junior was here",
    "Sammy Davis Jr.": "Sammy Davis junior.",
    "Dr. Smith": "doctor Smith",
    "Mr. and Mrs. Jones": "mister and missus Jones",
    "St. James Street": "saint James Street",
    "Main St. is closed": "Main street is closed",
    "221 Baker St.": "two hundred twenty one Baker street",
    "cats vs. dogs": "cats versus dogs",
    "e.g. this": "for example this",
    "approx. 5 km": "approximately five kilometers",
    "No. 5": "number five",
    "#1": "number one",
    "the U.S. economy": "the U S economy",
    "No. That is wrong.": "No. That is wrong.",
}
FRACTIONS = {
    "2/3 cup": "two thirds cup",
    "1/3": "one third",
    "1/2": "one half",
    "3/8 inch": "three eighths inch",
    "7/10": "seven tenths",
    "5/16": "five sixteenths",
    "1/100": "one one hundredth",
    "1 1/2 cups": "one and a half cups",
    "2¼ hours": "two and a quarter hours",
    "24/7": "twenty four seven",
    "3/250": "three over two hundred fifty",
    "5/0": "five over zero",
}
UNITS = {
    "20 m²": "twenty square meters",
    "12 µg/m³": "twelve micrograms per cubic meter",
    "1,013 hPa": "one thousand thirteen hectopascals",
    "5'10\"": "five foot ten",
    "6 ft 2 in": "six foot two",
    "18-22 °C": "eighteen to twenty two degrees celsius",
    "10-15 km": "ten to fifteen kilometers",
    "1h30": "one hour thirty minutes",
    "2h 15min": "two hours fifteen minutes",
    "5 min. left": "five minutes left",
    "50 Mbit/s": "fifty megabits per second",
    "3x faster": "three times faster",
    "10k steps": "ten thousand steps",
    "5G and 4K": "five G and four K",
}
DATES = {
    "11/22/2026": "november twenty second twenty twenty six",
    "22.11.2026": "november twenty second twenty twenty six",
    "31/12/2026": "december thirty first twenty twenty six",
    "99/99/2026": "ninety nine / ninety nine / two thousand twenty six",
    "9:00-17:00": "nine o'clock to seventeen hundred",
    "COVID-19": "COVID nineteen",
    "version 1.2.3": "version one point two point three",
    "The score was 21-14.": "The score was twenty one to fourteen.",
    "the 1,000th": "the one thousandth",
    "1st, 2nd, 3rd and 21st": "first, second, third and twenty first",
}


@pytest.mark.parametrize(
    ("written", "words"),
    [
        pair
        for kind in (YEARS, DECADES, MONEY, CODES, ROMAN, ABBREVIATIONS, FRACTIONS, UNITS, DATES)
        for pair in kind.items()
    ],
)
def test_it_is_said_as_people_say_it(written: str, words: str) -> None:
    assert spoken(written) == words


@given(st.integers(1100, 2099), st.sampled_from([".", ",", "!", "?", ")", ""]))
def test_a_year_is_a_year_whatever_ends_the_sentence(number: int, end: str) -> None:
    assert spoken(f"It ended in {number}{end}") == f"It ended in {year(number)}{end}"


@given(st.integers(1, 999), st.sampled_from(["million", "billion", "trillion"]))
def test_the_currency_comes_behind_the_magnitude(number: int, magnitude: str) -> None:
    assert spoken(f"${number} {magnitude}") == f"{cardinal(str(number))} {magnitude} dollars"


@given(st.integers(1, 39))
def test_rulers_are_counted_by_ordinals_and_series_by_cardinals(number: int) -> None:
    assert spoken(f"Louis {_roman(number)} was") == f"Louis the {ordinal(number)} was"
    assert spoken(f"Chapter {_roman(number)} is") == f"Chapter {cardinal(str(number))} is"


@given(st.from_regex(r"[2-9]\d{2}-\d{4}", fullmatch=True))
def test_a_telephone_number_is_said_digit_by_digit(number: str) -> None:
    words = spoken(f"The number is {number}").removeprefix("The number is ")
    assert len(re.findall(r"\w+", words)) == 7


@given(st.text(alphabet="0123456789 .,:-/%°$€'xIVXLkMSt"))
def test_no_mixture_of_figures_and_signs_is_left(text: str) -> None:
    assert not any(character.isdigit() for character in spoken(text))


def _roman(number: int) -> str:
    """As school teaches it, for numbers below forty."""
    tens, ones = divmod(number, 10)
    return "X" * tens + ["", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX"][ones]
