"""What sentences mean."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from assistant.understanding.grammar import Grammar
from assistant.understanding.names import DeviceName, HomeNames
from assistant.understanding.parse import Value


@pytest.mark.parametrize(
    ("text", "intent", "slots"),
    [
        ("Turn on the kitchen light.", "HassTurnOn", {"name": "light.kitchen light"}),
        ("turn off all the lights", "HassTurnOff", {"domain": "light"}),
        (
            "turn on the lights in the bedroom",
            "HassTurnOn",
            {"area": "bedroom", "domain": "light"},
        ),
        ("please turn on lamp 1", "HassTurnOn", {"name": "light.lamp one"}),
        ("can you lock the front door please", "HassTurnOn", {"name": "lock.front door"}),
        (
            "set the kitchen light to 50%",
            "HassLightSet",
            {"name": "light.kitchen light", "brightness": 50},
        ),
        (
            "set the kitchen light to fifty percent",
            "HassLightSet",
            {"name": "light.kitchen light", "brightness": 50},
        ),
        (
            "turn the desk lamp red",
            "HassLightSet",
            {"name": "light.desk lamp", "color": "red"},
        ),
        (
            "set the thermostat to 21.5\u00b0",
            "HassClimateSetTemperature",
            {"name": "climate.thermostat", "temperature": 21.5},
        ),
        (
            "set the thermostat to twenty one point five degrees",
            "HassClimateSetTemperature",
            {"name": "climate.thermostat", "temperature": 21.5},
        ),
        (
            "open the left blinds to 30 percent",
            "HassSetPosition",
            {"name": "cover.left blinds", "position": 30},
        ),
        (
            "Is the front door locked?",
            "HassGetState",
            {"name": "lock.front door", "state": "locked"},
        ),
        ("what's the temperature in the kitchen", "HassClimateGetTemperature", {"area": "kitchen"}),
        ("Set a timer for 5 minutes.", "HassStartTimer", {"minutes": 5}),
        (
            "set a timer for one hour and twenty-five minutes",
            "HassStartTimer",
            {"hours": 1, "minutes": 25},
        ),
        ("cancel the pizza timer", "HassCancelTimer", {"name": "pizza"}),
        ("cancel all timers", "HassCancelAllTimers", {}),
        (
            "remove 5 minutes from my pizza timer",
            "HassDecreaseTimer",
            {"minutes": 5, "name": "pizza"},
        ),
        (
            "turn off the kitchen light in five minutes",
            "HassStartTimer",
            {"conversation_command": "turn off the kitchen light", "minutes": 5},
        ),
        ("whats the time", "HassGetCurrentTime", {}),
        ("never mind", "HassNevermind", {}),
        ("stop", "SottoStop", {}),
        ("make me a 12-ounce coffee", "Espresso", {"size": "twelve ounce"}),
        ("make me a twelve ounce coffee", "Espresso", {"size": "twelve ounce"}),
        ("large espresso", "Espresso", {"size": "L"}),
        (
            "remind me to take out the trash and feed the cat",
            "RemindMe",
            {"chore": "take out the trash and feed the cat"},
        ),
    ],
)
def test_understands(grammar: Grammar, text: str, intent: str, slots: dict[str, Value]) -> None:
    parse = grammar.parse(text)
    assert parse is not None
    assert (parse.intent, dict(parse.slots)) == (intent, slots)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "...",
        "the weather on mars",
        "the cat sat in five minutes",
        "tell me a joke in ten seconds",
        "in five minutes the train leaves",
        "cancel the meeting with the very important people timer",
        "how do i make a coffee with milk timer",
        "can i get a table for two",
        "turn on the moon",
        "turn on",
        "please",
        "lock the kitchen light",
        "set the kitchen light to 500 percent",
        "set the kitchen light to a coffee",
        "a" * 2000,
    ],
)
def test_does_not_accept(grammar: Grammar, text: str) -> None:
    assert grammar.parse(text) is None


def test_a_device_of_the_home_wins_over_area_and_kind(grammar: Grammar) -> None:
    parse = grammar.parse("turn on the living room light")
    assert parse is not None
    assert parse.slots == {"name": "light.living room light"}


def test_area_and_kind_where_no_device_has_the_name(grammar: Grammar) -> None:
    parse = grammar.parse("turn on the office light")
    assert parse is not None
    assert parse.slots == {"area": "office", "domain": "light"}


def test_without_a_place_no_area_is_implied(grammar: Grammar) -> None:
    assert grammar.parse("turn on the lights") is None


def test_the_place_of_the_device_is_implied(kitchen_grammar: Grammar) -> None:
    parse = kitchen_grammar.parse("turn on the lights")
    assert parse is not None
    assert parse.slots == {"area": "kitchen", "domain": "light"}
    assert parse.spoken == frozenset()


def test_aliases_mean_the_same_device(own_grammar: Callable[..., Grammar]) -> None:
    home = HomeNames((DeviceName("lamp", ("big lamp", "Bob's lamp"), "light"),))
    grammar = own_grammar("intents: {Go: {data: [{sentences: ['[use] {name}']}]}}", home)
    for text in ("use big lamp", "bob's lamp", "bobs lamp"):
        parse = grammar.parse(text)
        assert parse is not None
        assert parse.slots == {"name": "lamp"}


def test_literal_words_win_over_a_device_name(own_grammar: Callable[..., Grammar]) -> None:
    home = HomeNames((DeviceName("scene", ("movie night",), "light"),))
    grammar = own_grammar(
        "intents:\n  Device: {data: [{sentences: ['{name}']}]}\n"
        "  Movie: {data: [{sentences: ['movie night']}]}",
        home,
    )
    parse = grammar.parse("movie night")
    assert parse is not None
    assert parse.intent == "Movie"


def test_fixed_slots_come_with_the_parse(own_grammar: Callable[..., Grammar]) -> None:
    grammar = own_grammar("intents: {Go: {data: [{sentences: [up], slots: {way: 1, on: true}}]}}")
    parse = grammar.parse("up")
    assert parse is not None
    assert parse.slots == {"way": 1, "on": True}


def test_words_hold_names_literals_and_numbers_but_no_digits(grammar: Grammar) -> None:
    assert {"kitchen", "timer", "twenty", "please", "ounce", "router"} <= grammar.words
    assert not any(word.isdecimal() for word in grammar.words)


def test_sentences_about_devices_the_home_has_not_are_left_out(
    own_grammar: Callable[..., Grammar],
) -> None:
    grammar = own_grammar("intents: {Go: {data: [{sentences: ['{name} on', 'all on']}]}}")
    assert grammar.words == {"all", "on"}


def test_the_key_changes_with_names_and_sentences(own_grammar: Callable[..., Grammar]) -> None:
    text = "intents: {Go: {data: [{sentences: [go]}]}}"
    base = own_grammar(text).key
    assert own_grammar(text).key == base
    assert own_grammar(text.replace("[go]", "[gone]")).key != base
    assert own_grammar(text, HomeNames((DeviceName("a", ("a",), "light"),))).key != base


def test_intents_are_those_that_can_be_said(grammar: Grammar) -> None:
    assert {"HassTurnOn", "SottoStop", "HassStartTimer"} <= grammar.intents
    assert "HassRespond" not in grammar.intents
