from __future__ import annotations

import pytest
from hassil.expression import Sentence
from hypothesis import given
from hypothesis import strategies as st

from assistant.understanding.names import AreaName, DeviceName, HomeNames
from assistant.understanding.normalise import normalise
from assistant.understanding.rooms import RoomsBehindNames, articles
from assistant.understanding.template_text import parse_template

_RULES = {name: Sentence(parse_template(text)) for name, text in {"in": "(in|of)", "the": "(the|my)"}.items()}
_HOME = HomeNames(
    devices=tuple(
        DeviceName(f"{area} {short}", (f"{area} {short}",), "light", area, short=short)
        for area, short in (
            ("bedroom", "lamp"),
            ("kitchen", "lamp"),
            ("kitchen", "big lamp"),
            ("den", "c++ (old)"),
        )
    ),
    areas=(
        AreaName("bedroom", ("bedroom", "chamber")),
        AreaName("kitchen", ("kitchen",)),
        AreaName("den", ("den",)),
    ),
)


def plain(name: str) -> str:
    return normalise(name).replace("'", "")


ROOMS = RoomsBehindNames(_HOME, _RULES, plain)


@pytest.mark.parametrize(
    ("text", "in_front"),
    [
        ("dim the lamp in the bedroom", "dim the bedroom lamp"),
        ("dim the lamp of my bedroom please", "dim the bedroom lamp please"),
        ("dim the lamp in chamber", "dim the bedroom lamp"),
        ("dim the bedrooms lamp", "dim the bedroom lamp"),
        ("dim the big lamp in the kitchen", "dim the kitchen big lamp"),
        ("dim the c old in the den", "dim the den c old"),
        (
            "dim the lamp in the bedroom and the lamp in the kitchen",
            "dim the bedroom lamp and the kitchen lamp",
        ),
        ("dim the lamp in the den", "dim the lamp in the den"),
        ("dim the lamps in the bedroom", "dim the lamps in the bedroom"),
        ("dim the bedroom lamp", "dim the bedroom lamp"),
    ],
)
def test_the_room_comes_in_front(text: str, in_front: str) -> None:
    assert ROOMS.in_front(text) == in_front


_SMALL = ["in", "of", "the", "my"]
_LARGE = ["dim", "lamp", "big", "bedroom", "kitchen", "den"]


@given(st.lists(st.sampled_from([*_SMALL, *_LARGE, "bedrooms"]), max_size=9))
def test_no_word_comes_or_goes_but_those_before_a_room(words: list[str]) -> None:
    moved = ROOMS.in_front(" ".join(words)).split()
    kept = [[word.removesuffix("s") for word in some if word not in _SMALL] for some in (words, moved)]
    assert sorted(kept[0]) == sorted(kept[1])


def test_a_language_without_these_rules_has_only_the_names() -> None:
    assert RoomsBehindNames(_HOME, {}, plain).in_front("the lamp in the bedroom") == "the lamp in the bedroom"
    assert articles({}) == set()
    assert articles(_RULES) == {"the", "my"}
