"""Numbers and their signs, as each language says them."""

from __future__ import annotations

import pytest

from assistant.understanding.numerals import numerals


@pytest.mark.parametrize(
    ("language", "text", "digits"),
    [
        ("en", "minus twenty one point five", "-21.5"),
        ("de", "minus einundzwanzig komma fünf", "-21.5"),
        ("de", "21 point 5", "21.5"),  # as `normalise` writes "21.5"
        ("fr", "moins cinq virgule deux", "-5.2"),
        ("xx", "minus 5 point 2", "-5.2"),
    ],
)
def test_signs_are_those_of_the_language(language: str, text: str, digits: str) -> None:
    assert numerals(language).to_digits(text) == digits
