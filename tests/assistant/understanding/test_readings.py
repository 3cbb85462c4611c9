"""Which of several readings of a sentence is meant, where names of the home are words of the grammar."""

from __future__ import annotations

import pytest

from assistant.understanding.grammar import Grammar
from assistant.understanding.names import AreaName, DeviceName, HomeNames
from assistant.understanding.sentences import build_grammar
from tests.assistant.understanding.conftest import SUPPORTED

_OWN = (
    DeviceName("spots", ("spots",), "light", "office"),
    DeviceName("standard", ("standard",), "light", "lounge"),
    DeviceName("breeze", ("breeze",), "fan", "bedroom"),
    DeviceName("gauge", ("gauge",), "sensor", "kitchen", frozenset({"temperature"})),
    DeviceName("screens", ("screens",), "cover", "lounge", frozenset({"blind"})),
    DeviceName("yale", ("yale",), "lock", "kitchen"),
    DeviceName("radiator", ("radiator",), "climate", "office"),
)
_AREAS = tuple(AreaName(name, (name,)) for name in ("office", "lounge", "kitchen", "bedroom", "garage"))

_SENTENCES = [
    "turn on the office lights",
    "turn on the lights in the lounge",
    "turn the lights in the lounge off",
    "turn on the lounge lamp",
    "turn off all lights",
    "turn on the bedroom fan",
    "turn on the spots",
    "set the spots to 40 percent",
    "open the blinds in the lounge",
    "are any lights on in the lounge",
    "which lights are on",
    "what's the temperature in the kitchen",
    "set the radiator to 20 degrees",
    "set a timer for 5 minutes",
    "set a timer for one hour and ten minutes",
    "cancel the timer",
    "is the yale locked",
    "turn off the spots in five minutes",
]


def grammar_of(*more: DeviceName) -> Grammar:
    return build_grammar("en", True, [], HomeNames((*_OWN, *more), _AREAS, (), "office"), SUPPORTED)


@pytest.fixture(scope="module")
def plain() -> Grammar:
    return grammar_of()


@pytest.fixture(scope="module")
def crowded(plain: Grammar) -> Grammar:
    """A light in the garage for each word of the grammar, and for some pairs of words."""
    own = {device.value for device in _OWN}
    words = sorted(plain.words - own)
    words += [f"{first} {second}" for first, second in zip(words[::3], words[1::3], strict=False)]
    return grammar_of(*(DeviceName(word, (word,), "light", "garage") for word in words))


@pytest.mark.parametrize("text", _SENTENCES)
def test_no_word_as_the_name_of_a_device_elsewhere_changes_a_sentence(
    plain: Grammar, crowded: Grammar, text: str
) -> None:
    before, after = plain.parse(text), crowded.parse(text)
    assert before is not None
    assert after is not None
    assert (after.intent, after.slots) == (before.intent, before.slots)


@pytest.mark.parametrize("name", ["office", "all", "red", "five", "timer", "temperature", "percent", "blind"])
def test_each_is_still_reached_by_its_name(crowded: Grammar, name: str) -> None:
    parse = crowded.parse(f"turn on the {name}")
    assert parse is not None
    assert parse.slots == {"name": name}


def test_a_name_with_a_place_where_it_is_not_gives_way(crowded: Grammar) -> None:
    lamps = [crowded.parse(f"turn on the {place} lamp") for place in ("lounge", "garage")]
    assert [parse and parse.slots for parse in lamps] == [
        {"area": "lounge", "domain": "light"},
        {"area": "garage", "name": "lamp"},
    ]
