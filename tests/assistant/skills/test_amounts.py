"""Lengths of time and amounts as people say and type them."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assistant.home.executor import Action, Command
from assistant.skills import slots
from assistant.understanding.grammar import Grammar
from assistant.understanding.numerals import numerals
from tests.assistant.skills.conftest import Box

_ONCE = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

LENGTHS = [
    ("half an hour", 1800),
    ("a half hour", 1800),
    ("a quarter of an hour", 900),
    ("quarter of an hour", 900),
    ("three quarters of an hour", 2700),
    ("a third of an hour", 1200),
    ("an hour and a quarter", 4500),
    ("an hour and a half", 5400),
    ("an hour and three quarters", 6300),
    ("one and a half hours", 5400),
    ("two and a quarter hours", 8100),
    ("two and three quarter hours", 9900),
    ("two hours and a half", 9000),
    ("1.5 hours", 5400),
    ("one point five hours", 5400),
    ("0.5 hours", 1800),
    ("2.25 hours", 8100),
    ("1 1/2 hours", 5400),
    ("1½ hours", 5400),
    ("an hour and ten", 4200),
    ("an hour ten", 4200),
    ("one hour thirty", 5400),
    ("two hours thirty minutes", 9000),
    ("1:30 hours", 5400),
    ("1 h 30 min", 5400),
    ("1h30m", 5400),
    ("1h30", 5400),
    ("2 hrs", 7200),
    ("2h", 7200),
    ("5 mins", 300),
    ("45min", 2700),
    ("90s", 90),
    ("30 secs", 30),
    ("ninety seconds", 90),
    ("120 minutes", 7200),
    ("a couple of minutes", 120),
    ("couple of hours", 7200),
    ("half a minute", 30),
    ("a minute and a half", 90),
    ("two and a half minutes", 150),
    ("2.5 minutes", 150),
    ("a minute and ten", 70),
    ("seventeen minutes and thirty seconds", 1050),
]


@pytest.mark.parametrize(("said", "length"), LENGTHS, ids=[case[0] for case in LENGTHS])
@pytest.mark.parametrize("command", ["set a timer for {}", "wake me up in {}", "turn off the tv in {}"])
def test_a_length_of_time(box: Box, grammar: Grammar, command: str, said: str, length: float) -> None:
    parse = grammar.parse(command.format(said))
    assert parse is not None
    assert slots.seconds(parse.slots) == length


@_ONCE
@given(st.integers(1, 23), st.integers(1, 59), st.sampled_from(["hours", "hrs", "h"]), st.booleans())
def test_hours_and_minutes_in_words_and_digits(
    grammar: Grammar, hours: int, minutes: int, unit: str, digits: bool
) -> None:
    def written(number: int) -> str:
        return str(number) if digits else numerals("en").words(number)[0]

    unit = unit if digits else "hours"
    parse = grammar.parse(f"set a timer for {written(hours)} {unit} and {written(minutes)} minutes")
    assert parse is not None
    assert slots.seconds(parse.slots) == hours * 3600 + minutes * 60


@_ONCE
@given(st.integers(10, 100), st.sampled_from(["{} kelvin", "{}K", "{} K", "{}k"]))
def test_any_kelvin(grammar: Grammar, hundreds: int, written: str) -> None:
    parse = grammar.parse(f"set the floor lamp to {written.format(hundreds * 100)}")
    assert parse is not None
    assert (parse.intent, parse.slots["temperature"]) == ("HassLightSet", hundreds * 100)


LIGHT = [
    ("set the bedroom light to half", 50),
    ("set the bedroom light halfway", 50),
    ("dim the bedroom light to a third", 33),
    ("set the bedroom light to a quarter", 25),
    ("set the bedroom light to three quarters", 75),
    ("set the bedroom light to full", 100),
    ("set the bedroom light to full brightness", 100),
    ("turn the bedroom light up to the maximum", 100),
    ("set the bedroom light to the minimum", 1),
    ("set the bedroom light to the lowest", 1),
    ("bedroom light to half", 50),
    ("set the bedroom light to a hundred percent", 100),
    ("set the bedroom light to 50 per cent", 50),
    ("set the bedroom light to 50%", 50),
    ("set the lights in the bedroom to half", 50),
    ("set the bedroom lights to maximum", 100),
    # From 60 percent
    ("turn the bedroom light down", 35),
    ("turn down the bedroom light", 35),
    ("turn the bedroom light down a bit", 50),
    ("dim the bedroom light a little", 50),
    ("make the bedroom light a bit dimmer", 50),
    ("make the bedroom light much darker", 10),
    ("turn the bedroom light up", 85),
    ("make the bedroom light a bit brighter", 70),
    ("brighten the bedroom light by 20 percent", 80),
    ("dim the bedroom light by five percent", 55),
    ("turn the lights in the bedroom down", 35),
    ("turn the bedroom lights up a little", 70),
]


@pytest.mark.parametrize(("said", "percent"), LIGHT, ids=[case[0] for case in LIGHT])
def test_an_amount_of_light(box: Box, said: str, percent: int) -> None:
    box.executor.act(Action("bedroom_light", Command.SET_BRIGHTNESS, 60))
    values = {act.target: act.value for act in box.ask(said).acts}
    assert values["bedroom_light"] == percent


@pytest.mark.parametrize(
    ("said", "kelvin"),
    [
        ("set the floor lamp to 2700 kelvin", 2700),
        ("floor lamp 2700K", 2700),
        ("set the floor lamp to warm white", 2700),
        ("make the floor lamp soft white", 2700),
        ("set the floor lamp to neutral white", 3500),
        ("make the floor lamp cool white", 4000),
        ("set the floor lamp to daylight", 6500),
        ("set the floor lamp to candlelight", 1900),
        # From 4000 kelvin
        ("make the floor lamp warmer", 3200),
        ("make the floor lamp a bit warmer", 3700),
        ("make the floor lamp much warmer", 2000),
        ("make the floor lamp cooler", 4800),
        ("make the floor lamp a bit colder", 4300),
        ("make the lights warmer", 3200),
        ("make the lights in the living room warmer", 3200),
        ("set the living room lights to 3000 kelvin", 3000),
    ],
)
def test_the_color_temperature_of_a_light(box: Box, said: str, kelvin: int) -> None:
    box.executor.act(Action("floor_lamp", Command.SET_COLOR_TEMPERATURE, 4000))
    values = {act.target: act.value for act in box.ask(said).acts}
    assert values["floor_lamp"] == kelvin


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("a bit brighter", {"living_room_light": 70, "floor_lamp": 70}),
        ("much brighter", {"living_room_light": 100, "floor_lamp": 100}),
        ("a little dimmer", {"living_room_light": 50, "floor_lamp": 50}),
        ("turn the lights down", {"living_room_light": 35, "floor_lamp": 35}),
        ("dim the lights to half", {"living_room_light": 50, "floor_lamp": 50}),
        ("turn up the heating by two degrees", {"living_room_thermostat": 22}),
        ("make it a bit warmer", {"living_room_thermostat": 20.5}),
        ("make it much warmer", {"living_room_thermostat": 23}),
        ("turn the bedroom heating down", {"bedroom_heating": 17}),
        ("make the bedroom warmer", {"bedroom_heating": 19}),
        ("open the blinds a third", {"living_room_blinds": 33}),
        ("set the bedroom fan to half", {"bedroom_fan": 50}),
        ("set the volume to a third", {"": 33}),
        ("set the volume to a hundred percent", {"": 100}),
        ("a bit louder", {"": 80}),
        ("much quieter", {"": 40}),
    ],
)
def test_an_amount_of_anything(box: Box, said: str, value: dict[str, float]) -> None:
    for lamp in ("living_room_light", "floor_lamp"):
        box.executor.act(Action(lamp, Command.SET_BRIGHTNESS, 60))
    assert {act.target: act.value for act in box.ask(said).acts} == value


@_ONCE
@given(
    st.sampled_from(LENGTHS),
    st.sampled_from(LENGTHS),
    st.sampled_from(
        [
            "set a timer for {} {} {}",
            "{1} {2} set a timer for {0}",
            "add {} {} {}",
            "wake me up in {} {} {}",
            "set a timer called pizza for {} {} {}",
            "snooze for {} {} {}",
            "{} {} {}",
        ]
    ),
    st.sampled_from(["in", "after"]),
)
def test_no_command_with_a_length_of_time_is_put_off(
    grammar: Grammar, first: tuple[str, float], second: tuple[str, float], command: str, word: str
) -> None:
    parse = grammar.parse(command.format(first[0], word, second[0]))
    assert parse is None or "conversation_command" not in parse.slots


@pytest.mark.parametrize(
    "command",
    [
        "set a timer for 17 minutes in 5 seconds",
        "in 5 seconds set a timer for 17 minutes",
        "17 minute timer in 30 seconds",
        "set an alarm for 7 in 10 minutes",
        "wake me up at 7 in 5 minutes",
        "set an alarm in 10 minutes in 5 minutes",
        "turn off the tv in 5 minutes in 10 minutes",
        "in 10 minutes turn off the tv in 5 minutes",
        "restart the timer in 5 minutes",
        "set the pasta timer to 5 minutes in 10 minutes",
        "set a timer in 5 minutes",
        "yes in 5 minutes",
    ],
)
def test_what_starts_a_timer_or_an_alarm_is_not_put_off(grammar: Grammar, command: str) -> None:
    parse = grammar.parse(command)
    assert parse is None or "conversation_command" not in parse.slots


@pytest.mark.parametrize("command", ["turn off the tv in 5 minutes", "in 5 minutes turn off the tv"])
def test_what_starts_nothing_is_put_off(grammar: Grammar, command: str) -> None:
    parse = grammar.parse(command)
    assert parse is not None
    assert parse.slots["conversation_command"] == "turn off the tv"
