"""Questions that sensors with two states answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.assistant.skills.conftest import Box
from tests.assistant.skills.homes import box_of, device, planned, rooms

_SENSORS = [
    ("Roof Hatch Contact", "study", "door", "open"),
    ("Back Entrance", "hall", "door", "closed"),
    ("Bay Pane", "study", "window", "open"),
    ("Loft Pane", "cellar", "window", "closed"),
    ("Car Port", "cellar", "garage_door", "closed"),
    ("Skylight", "study", "opening", "closed"),
    ("Bolt", "hall", "lock", "unlocked"),
    ("Hall Eye", "hall", "motion", "detected"),
    ("Study Eye", "study", "occupancy", "clear"),
    ("Drain", "cellar", "moisture", "wet"),
    ("Sniffer", "hall", "smoke", "clear"),
    ("Remote Battery", "hall", "battery", "low"),
    ("Anna", "hall", "presence", "home"),
    ("Washer", "cellar", "running", "running"),
]


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Box:
    entries = [
        device(name, "sensor", area, f'device_class = "{kind}"\nstate = {{ value = "{value}" }}')
        for name, area, kind, value in _SENSORS
    ]
    entries += [
        device("Phone", "sensor", "study", 'device_class = "battery"\nunit = "%"\nstate = { value = 80 }'),
        device("Bell", "sensor", "hall", 'state = { value = "off" }'),
    ]
    areas = rooms("Hall", "Study", "Cellar", floors={"Study": "upstairs"})
    return box_of(tmp_path_factory.mktemp("sensors"), "hall", areas, *entries)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("are any doors open", "Yes, the Roof Hatch Contact is open."),
        ("is a door open", "Yes, the Roof Hatch Contact is open."),
        ("is the roof hatch contact open", "Yes, the Roof Hatch Contact is open."),
        ("is the roof hatch contact closed", "No, the Roof Hatch Contact is open."),
        ("did i leave the roof hatch contact open", "Yes, the Roof Hatch Contact is open."),
        ("which windows are open", "The Bay Pane is open."),
        ("how many windows are open", "One window is open."),
        ("are all windows closed", "No, the Bay Pane is not closed."),
        ("are any windows open in the cellar", "No, no windows are open in the Cellar."),
        ("are any windows open upstairs", "Yes, the Bay Pane is open."),
        ("are any garage doors open", "No, no garage doors are open."),
        ("is everything closed", "No, the Roof Hatch Contact and the Bay Pane are not closed."),
        ("is everything closed in the cellar", "Yes, everything is closed in the Cellar."),
        ("is anything open upstairs", "Yes, the Roof Hatch Contact and the Bay Pane are open."),
        ("is anything open in the cellar", "No, nothing is open in the Cellar."),
        ("what's open in the cellar", "Nothing is open in the Cellar."),
        ("are any doors unlocked", "Yes, the Bolt is unlocked."),
        ("is the bolt locked", "No, the Bolt is unlocked."),
        ("is there any motion in the hall", "Yes, the Hall Eye has detected something."),
        ("is anyone in the study", "No, nothing is detected in the Study."),
        ("is the study occupied", "No, nothing is detected in the Study."),
        ("which motion sensors are triggered", "The Hall Eye has detected something."),
        ("is the hall eye triggered", "Yes, the Hall Eye is triggered."),
        ("is there a leak", "Yes, the Drain is wet."),
        ("is the drain dry", "No, the Drain is wet."),
        ("is there smoke", "No, nothing is detected."),
        ("are any batteries low", "Yes, the Remote Battery is low."),
        ("are all batteries okay", "No, the Remote Battery is not normal."),
        ("is the phone low", "No, the Phone is normal."),
        ("is anna home", "Yes, Anna is at home."),
        ("is the washer running", "Yes, the Washer is running."),
        ("is the bell on", "No, the Bell is off."),
        ("what's the drain", "The Drain is wet."),
        ("open the windows", "There are no windows in your home."),
    ],
)
def test_a_sensor_answers(box: Box, question: str, answer: str) -> None:
    assert planned(box, question).text == answer


def test_a_sensor_that_has_not_reported_is_not_taken_for_closed_or_open(tmp_path: Path) -> None:
    entries = [
        device("Entrance", "sensor", "hall", 'device_class = "door"\nstate = { value = "closed" }'),
        device("Terrace", "sensor", "hall", 'device_class = "door"'),
    ]
    box = box_of(tmp_path, "hall", rooms("Hall"), *entries)
    unknown = "I do not know whether the Terrace is closed."
    asked = ("is everything closed", "are all doors closed", "is the terrace closed")
    assert [planned(box, text).text for text in asked] == [unknown] * 3


def test_covers_and_sensors_are_asked_together(tmp_path: Path) -> None:
    entries = [
        device("Patio", "cover", "hall", 'device_class = "door"\nstate = { position = 100 }'),
        device("Entrance", "sensor", "hall", 'device_class = "door"\nstate = { value = "open" }'),
        device("Gauge", "sensor", "hall", 'device_class = "temperature"\nstate = { value = 20 }'),
    ]
    box = box_of(tmp_path, "hall", rooms("Hall"), *entries)
    both = "Yes, the Patio and the Entrance are open."
    assert [planned(box, text).text for text in ("are any doors open", "is anything open")] == [both, both]
    assert [act.target for act in planned(box, "close the doors").acts] == ["patio"]
