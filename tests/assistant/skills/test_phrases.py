from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.skills.phrases import Phrases
from assistant.skills.slots import number, seconds
from tests.assistant.skills.english import REPLIES

NOW = datetime(2026, 11, 22, 16, 35)
ENGLISH = Phrases(REPLIES)


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (0, "zero seconds"),
        (1, "one second"),
        (90, "one minute and thirty seconds"),
        (3600, "one hour"),
        (3661, "one hour, one minute and one second"),
        (59.7, "one minute"),
    ],
)
def test_durations(length: float, words: str) -> None:
    assert ENGLISH.duration(length) == words


def test_a_duration_before_a_noun_is_singular() -> None:
    assert ENGLISH.duration(600, noun=True) == "ten minute"


@pytest.mark.parametrize(
    ("days", "words"),
    [(0, "today"), (1, "tomorrow"), (5, "on Friday"), (12, "on Friday, December 4th")],
)
def test_days_from_now(days: int, words: str) -> None:
    assert ENGLISH.day_of(NOW + timedelta(days=days), NOW) == words


@pytest.mark.parametrize(
    ("day", "suffix"), [(1, "st"), (2, "nd"), (3, "rd"), (4, "th"), (11, "th"), (13, "th"), (22, "nd")]
)
def test_ordinals_of_dates(day: int, suffix: str) -> None:
    assert ENGLISH.long_date(datetime(2026, 11, day)).endswith(f"November {day}{suffix}")


@pytest.mark.parametrize(
    ("hour", "minute", "words"), [(0, 0, "12 am"), (12, 5, "12:05 pm"), (23, 59, "11:59 pm")]
)
def test_clock_times(hour: int, minute: int, words: str) -> None:
    assert ENGLISH.clock_time(datetime(2026, 1, 1, hour, minute)) == words


def test_lists() -> None:
    assert [ENGLISH.joined([]), ENGLISH.joined(["a"]), ENGLISH.joined(["a", "b", "c"])] == [
        "",
        "a",
        "a, b and c",
    ]


def test_of_a_long_list_the_beginning_is_read_out() -> None:
    letters = [chr(ord("a") + at) for at in range(15)]
    assert ENGLISH.joined(letters[:12]).endswith("k and l")
    assert ENGLISH.joined(letters).endswith("j, k and 4 more")


def test_figures_have_no_needless_zero() -> None:
    figures = REPLIES.cldr.figures
    assert [figures(21.0), figures(21.55), figures(-0.5)] == ["21", "21.6", "-0.5"]


@given(st.one_of(st.none(), st.booleans(), st.text(), st.floats(), st.integers(-9, 9), st.lists(st.none())))
def test_any_slot_value_is_a_number_or_none(value: object) -> None:
    result = number({"x": value}, "x")
    assert result is None or isinstance(result, float)


def test_slots_of_a_length_add_up() -> None:
    slots = {"hours": 1, "minutes": 30.0, "seconds": "5", "start_minutes": 2}
    assert (seconds(slots), seconds(slots, "start_"), seconds({})) == (5405.0, 120.0, None)
