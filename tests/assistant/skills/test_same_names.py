"""Devices of one name in several rooms, told apart by the room."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.home.imported import tidy
from assistant.home.model import Area, Device, Domain, Feature, Home
from assistant.understanding.completeness import Completeness
from tests.assistant.skills.conftest import Box
from tests.assistant.skills.homes import box_in, box_of, device, planned, rooms, targets

_LIGHT = 'features = ["brightness", "color", "color_temperature"]'
_THINGS = [
    ("Overhead Light", "light", _LIGHT),
    ("Blower", "fan", 'features = ["speed"]'),
    ("Roller", "cover", 'features = ["position"]\ndevice_class = "shutter"'),
    ("Deadbolt", "lock", ""),
    ("Heater", "climate", "state = { target_temperature = 20.0 }"),
    ("Plug", "switch", ""),
    ("Barometer", "sensor", 'unit = "hPa"\nstate = { value = 990 }'),
    ("Hatch", "sensor", 'device_class = "door"\nstate = { value = "open" }'),
]


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Box:
    entries = [
        device(name, domain, area, f'id = "{area}_{name.split()[0].lower()}"\n{more}')
        for area in ("bedroom", "kitchen", "hall")
        for name, domain, more in _THINGS
        if area != "hall" or name == "Plug"
    ]
    areas = rooms("Bedroom", "Kitchen", "Hall", floors={"Bedroom": "upstairs"})
    return box_of(tmp_path_factory.mktemp("same"), "hall", areas, *entries)


@pytest.mark.parametrize(
    "which",
    [
        "the overhead light in the bedroom",
        "the bedroom overhead light",
        "the bedroom's overhead light",
        "the overhead light of the bedroom",
        "bedroom overhead light",
        "my overhead light in my bedroom",
    ],
)
@pytest.mark.parametrize(
    "command",
    ["turn on {}", "turn off {}", "dim {}", "set {} to 40 percent", "make {} red", "turn {} on"],
)
def test_a_command_takes_the_room_before_or_behind(box: Box, which: str, command: str) -> None:
    assert targets(box, command.format(which)) == {"bedroom_overhead"}


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("turn the overhead light on in the kitchen", "kitchen_overhead"),
        ("turn on the overhead light upstairs", "bedroom_overhead"),
        ("set the blower in the kitchen to high", "kitchen_blower"),
        ("open the kitchen's roller", "kitchen_roller"),
        ("close the roller in the bedroom", "bedroom_roller"),
        ("set the roller in the bedroom to 30 percent", "bedroom_roller"),
        ("lock the deadbolt in the kitchen", "kitchen_deadbolt"),
        ("set the heater in the bedroom to 21 degrees", "bedroom_heater"),
        ("turn on the plug in the kitchen", "kitchen_plug"),
        ("turn on the plug", "hall_plug"),
    ],
)
def test_every_kind_of_device_takes_it(box: Box, text: str, meant: str) -> None:
    assert targets(box, text) == {meant}


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("is the overhead light in the bedroom off", "Yes, the Bedroom Overhead Light is off."),
        ("is the bedroom's plug off", "Yes, the Bedroom Plug is off."),
        ("is the plug on in the kitchen", "No, the Kitchen Plug is off."),
        ("is the deadbolt in the kitchen locked", "Yes, the Kitchen Deadbolt is locked."),
        ("is the roller of the kitchen closed", "Yes, the Kitchen Roller is closed."),
        ("is the hatch in the bedroom open", "Yes, the Bedroom Hatch is open."),
        ("what's the barometer in the kitchen", "The Kitchen Barometer is 990 hPa."),
        ("how is the heater in the bedroom", "The Bedroom Heater is set to 20 degrees."),
        (
            "turn on the overhead light",
            "Which one: the Bedroom Overhead Light or the Kitchen Overhead Light?",
        ),
    ],
)
def test_questions_take_it_too(box: Box, text: str, answer: str) -> None:
    assert planned(box, text).text == answer


def test_the_recogniser_may_hear_the_room_behind(box: Box) -> None:
    automaton = box.grammar.automaton
    text = "set the overhead light in the bedroom to forty percent"
    assert automaton.accepts(automaton.walk(text))
    assert not automaton.accepts(automaton.walk(text.replace("bedroom", "hall")))


def test_only_a_name_that_several_have_is_waited_for(box: Box) -> None:
    waits = {
        text: box.grammar.completeness(text)
        for text in ("turn on the bedroom plug", "turn on the plug in the bedroom", "turn on the plug")
    }
    assert waits == {
        "turn on the bedroom plug": Completeness.COMPLETE,
        "turn on the plug in the bedroom": Completeness.COMPLETE,
        "turn on the plug": Completeness.EXTENDABLE,
    }


def test_a_lock_and_a_sensor_of_one_name_answer_what_each_knows(tmp_path: Path) -> None:
    entries = [
        device("Front Door", "lock", "hall"),
        device("Front Door", "sensor", "hall", 'device_class = "door"\nstate = { value = "open" }'),
    ]
    box = box_of(tmp_path, "hall", rooms("Hall"), *entries)
    assert planned(box, "is the front door locked").text == "Yes, the Front Door is locked."
    assert planned(box, "is the front door open").text == "Yes, the Hall Front Door is open."


def test_a_reply_does_not_say_the_room_twice(tmp_path: Path) -> None:
    entries = [
        device("Hall Door", "lock", "hall"),
        device("Hall Door", "sensor", "hall", 'device_class = "door"\nstate = { value = "open" }'),
    ]
    box = box_of(tmp_path, "hall", rooms("Hall"), *entries)
    for question in ("is the hall door open", "are any doors open"):
        assert planned(box, question).text == "Yes, the Hall Door is open."


def test_a_hubs_devices_of_one_name_are_found_in_the_same_ways(tmp_path: Path) -> None:
    areas = (Area("a", "Attic"), Area("b", "Barn"))
    spots = tuple(
        Device(f"light.{area.id}", "spots", Domain.LIGHT, area=area.id, features=frozenset(Feature))
        for area in areas
    )
    box = box_in(tmp_path, tidy(Home(areas=areas, devices=spots)).home)
    for text in ("dim the spots in the attic", "dim the attic spots", "dim the attic's spots"):
        assert targets(box, text) == {"light.a"}
