"""Who is where, and what sensors of every class tell."""

from __future__ import annotations

import pytest

from assistant.home.binary import CLASSES, state_word
from tests.assistant.skills.conftest import Box
from tests.assistant.skills.homes import box_of, device, planned, rooms

#: What every class is asked by its name, once with the word for on.
_SAID = {
    "battery": "low",
    "battery_charging": "charging",
    "carbon_monoxide": "triggered",
    "cold": "cold",
    "connectivity": "connected",
    "door": "open",
    "garage_door": "open",
    "gas": "triggered",
    "heat": "hot",
    "light": "on",
    "lock": "unlocked",
    "moisture": "wet",
    "motion": "triggered",
    "moving": "moving",
    "occupancy": "occupied",
    "opening": "open",
    "plug": "plugged in",
    "power": "on",
    "presence": "home",
    "problem": "in trouble",
    "running": "running",
    "safety": "unsafe",
    "smoke": "triggered",
    "sound": "triggered",
    "tamper": "triggered",
    "update": "outdated",
    "vibration": "triggered",
    "window": "open",
}


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Box:
    people = [
        device(name, "person", "hall", f'state = {{ activity = "{where}" }}')
        for name, where in (("Anna", "home"), ("Ben", "Work"), ("Carl", "away"))
    ]
    watched = [
        device(
            f"Thing {number}", "binary_sensor", "hall", f'device_class = "{kind}"\nstate = {{ on = true }}'
        )
        for number, kind in enumerate(sorted(CLASSES), 11)
    ]
    measured = [
        device("Meter", "sensor", "hall", 'device_class = "power"\nunit = "W"\nstate = { value = 120 }'),
        device(
            "Air", "sensor", "hall", 'device_class = "carbon_dioxide"\nunit = "ppm"\nstate = { value = 640 }'
        ),
        device("Bin Collection", "sensor", "hall", 'device_class = "date"\nstate = { value = "2026-11-24" }'),
        device(
            "Bus",
            "sensor",
            "hall",
            'device_class = "timestamp"\nstate = { value = "2026-11-23T07:15:00+00:00" }',
        ),
    ]
    folder = tmp_path_factory.mktemp("people")
    return box_of(folder, "hall", rooms("Hall"), *people, *watched, *measured)


def test_every_class_has_a_question() -> None:
    assert _SAID.keys() == CLASSES


@pytest.mark.parametrize("kind", sorted(CLASSES))
def test_a_sensor_of_every_class_is_asked_by_its_name(box: Box, kind: str) -> None:
    number = sorted(CLASSES).index(kind) + 11
    reply = planned(box, f"is thing {number} {_SAID[kind]}")
    assert (reply.text[:4], reply.ok) == ("Yes,", True), (reply.text, state_word(kind, True))


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("who is home", "Anna and Thing 29 are at home."),
        ("who is at work", "Ben is at work."),
        ("who is away", "Carl is away."),
        ("is anybody home", "Yes, Anna and Thing 29 are at home."),
        ("is everybody home", "No, Ben and Carl are not at home."),
        ("how many people are away", "One person is away."),
        ("is anybody at school", "No, nobody is at school."),
        ("where is ben", "Ben is at Work."),
        ("is carl home", "No, Carl is away."),
        ("where is everybody", "Anna is at home, Ben is at Work, Carl is away and Thing 29 is at home."),
        ("how much power is being used", "The Meter is 120 W."),
        ("what is the co2 level in the hall", "The Air is 640 ppm."),
        ("how good is the air in the hall", "The Air is 640 ppm."),
        ("when is the next bin collection", "The Bin Collection is on Tuesday."),
        ("when is the bus", "The Bus is tomorrow at 7:15 am."),
        ("what is the humidity", "There are no humidity sensors in your home."),
        ("what is the voltage", "There are no such sensors in your home."),
        ("are any leak sensors wet", "Yes, Thing 22 is wet."),
        ("which motion sensors are triggered", "Thing 23 and Thing 25 have detected something."),
        ("is anything offline", "No, no such sensors are disconnected."),
        ("are there any updates", "Yes, Thing 36 is outdated."),
        ("is there a problem", "Yes, Thing 30 is in trouble."),
    ],
)
def test_questions(box: Box, question: str, answer: str) -> None:
    assert planned(box, question).text.replace("the Thing", "Thing").replace("The Thing", "Thing") == answer


@pytest.mark.parametrize("text", ["who is barack obama", "who is the president", "where is paris"])
def test_the_world_is_no_zone(box: Box, text: str) -> None:
    assert not box.grammar.parses(text)
