from __future__ import annotations

from common.digits import digits_one_by_one, spoken_code


def test_digits_are_said_one_by_one() -> None:
    assert digits_one_by_one("007") == "zero zero seven"
    assert digits_one_by_one("1.5a\u0665") == "one five"


def test_a_code_has_a_pause_after_each_four() -> None:
    assert spoken_code("2405459") == "two four zero five, four five nine"
    assert spoken_code("") == ""
