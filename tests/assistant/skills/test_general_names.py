"""Devices whose names are general words: they are found by them, and shadow nothing."""

from __future__ import annotations

import pytest

from tests.assistant.skills.conftest import Box
from tests.assistant.skills.homes import box_of, device, planned, rooms, targets

_COLOURED = 'features = ["brightness", "color"]'
_THERMOMETER = 'device_class = "temperature"\nstate = { value = 5.0 }'

#: What the rooms have of their own.
_OWN = [
    device("Spots", "light", "office", _COLOURED),
    device("Arc", "light", "office", 'features = ["brightness"]'),
    device("Floor Standard", "light", "lounge", _COLOURED),
    device("Hob Glow", "light", "kitchen"),
    device("Breeze", "fan", "bedroom"),
    device("Gust", "fan", "office"),
    device("Radiator", "climate", "office", "state = { current_temperature = 20.0 }"),
    device("Screens", "cover", "lounge", 'device_class = "blind"'),
    device("Yale", "lock", "kitchen"),
    device("Kettle", "switch", "kitchen"),
]
#: Named as nobody should name them.
_GENERAL = [
    device("Lights", "light", "garage", _COLOURED),
    device("Lamp", "light", "garage", _COLOURED),
    device("Light", "light", "bedroom", _COLOURED),
    device("Fan", "fan", "garage"),
    device("Kitchen", "light", "garage", _COLOURED),
    device("Lounge", "switch", "office"),
    device("Office", "light", "office", _COLOURED),
    device("All", "switch", "garage"),
    device("Everything", "light", "garage"),
    device("Temperature", "sensor", "garage", _THERMOMETER),
    device("Door", "lock", "garage"),
    device("50", "light", "garage", _COLOURED),
    device("Red", "light", "garage", _COLOURED),
    device("Timer", "switch", "garage"),
    device("Blinds", "cover", "garage", 'device_class = "blind"'),
]


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Box:
    areas = rooms("Garage", "Office", "Lounge", "Kitchen", "Bedroom", floors={"Lounge": "downstairs"})
    return box_of(tmp_path_factory.mktemp("general"), "office", areas, *_OWN, *_GENERAL)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("turn on the office lights", {"spots", "arc", "office"}),
        ("turn on the lights in the lounge", {"floor_standard"}),
        ("turn the lights in the lounge off", {"floor_standard"}),
        ("turn off all lights in the kitchen", {"hob_glow"}),
        ("turn on the kitchen lights", {"hob_glow"}),
        ("turn on the kitchen light", {"hob_glow"}),
        ("turn on the lounge lamp", {"floor_standard"}),
        ("turn on the light in the lounge", {"floor_standard"}),
        ("turn off the lights downstairs", {"floor_standard"}),
        ("turn on the lights", {"spots", "arc", "office"}),
        ("turn on the lamp", {"spots", "arc", "office"}),
        ("turn on the fan", {"gust"}),
        ("turn on the bedroom fan", {"breeze"}),
        ("turn off everything in the kitchen", {"hob_glow", "kettle"}),
        ("set the office lights to 50 percent", {"spots", "arc", "office"}),
        ("make the lounge lights red", {"floor_standard"}),
        ("turn the spots red", {"spots"}),
        ("set the spots to 50", {"spots"}),
        ("open the blinds in the lounge", {"screens"}),
        ("lock all doors", {"yale", "door"}),
        ("turn on the garage lights", {"lights", "lamp", "kitchen", "everything", "50", "red"}),
    ],
)
def test_a_rooms_own_devices_are_meant(box: Box, text: str, meant: set[str]) -> None:
    assert targets(box, text) == meant


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("turn on the kitchen", "kitchen"),
        ("dim the kitchen", "kitchen"),
        ("turn on the lounge", "lounge"),
        ("turn on the office", "office"),
        ("set the office to 40 percent", "office"),
        ("turn on the lamp in the garage", "lamp"),
        ("turn on the garage lamp", "lamp"),
        ("turn on the bedroom light", "light"),
        ("turn on the fan in the garage", "fan"),
        ("turn on all", "all"),
        ("turn on everything", "everything"),
        ("lock the door", "door"),
        ("turn on 50", "50"),
        ("turn on fifty", "50"),
        ("turn on red", "red"),
        ("turn red blue", "red"),
        ("turn on the timer", "timer"),
        ("open the garage blinds", "blinds"),
        ("open the blinds", "blinds"),
    ],
)
def test_a_device_is_reached_by_its_general_name(box: Box, text: str, meant: str) -> None:
    assert targets(box, text) == {meant}


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("what's the temperature", "It's 20 degrees in the Office."),
        ("what's the temperature in the garage", "It's 5 degrees in the Garage."),
        ("are any lights on in the kitchen", "No, no lights are on in the Kitchen."),
        ("are the blinds closed", "Yes, all blinds are closed."),
        ("is the kitchen light on", "No, no lights are on in the Kitchen."),
        ("is the lamp on", "No, the Lamp is off."),
        ("set a timer for 5 minutes", "Five minutes, starting now."),
    ],
)
def test_questions_and_timers_are_not_shadowed(box: Box, text: str, answer: str) -> None:
    assert planned(box, text).text == answer


def test_where_nothing_can_be_carried_out_the_kind_is_missing_and_not_the_name(box: Box) -> None:
    # There is a fan called "Fan", and none in the kitchen.
    assert planned(box, "turn on the fan in the kitchen").text == "There are no fans in the Kitchen."


def test_a_lamp_of_this_room_is_the_lamp(tmp_path_factory: pytest.TempPathFactory) -> None:
    lamps = [device(name, "light", "office", _COLOURED) for name in ("Lamp", "Spots", "Lights")]
    here = box_of(tmp_path_factory.mktemp("here"), "office", rooms("Office"), *lamps)
    assert [targets(here, f"turn on the {what}") for what in ("lamp", "lights", "light")] == [
        {"lamp"},
        {"lamp", "spots", "lights"},
        {"lamp", "spots", "lights"},
    ]
