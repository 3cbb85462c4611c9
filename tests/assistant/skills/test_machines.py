"""Vacuums, lawn mowers, valves, humidifiers, water heaters and sirens of the sample home."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.assistant.skills.conftest import Box
from tests.assistant.skills.homes import box_of, device, rooms

VACUUM = "robot_vacuum"


@pytest.mark.parametrize(
    ("sentence", "intent", "act"),
    [
        ("start the vacuum", "HassVacuumStart", ("vacuum.start", VACUUM, None)),
        ("turn on the roomba", "HassVacuumStart", ("vacuum.start", VACUUM, None)),
        ("clean the flat", "HassVacuumStart", ("vacuum.start", VACUUM, None)),
        ("start the robot vacuum", "HassVacuumStart", ("vacuum.start", VACUUM, None)),
        ("vacuum the kitchen", "HassVacuumCleanArea", ("vacuum.clean_area", VACUUM, "kitchen")),
        ("clean the lounge", "HassVacuumCleanArea", ("vacuum.clean_area", VACUUM, "living_room")),
        ("clean in here", "HassVacuumCleanArea", ("vacuum.clean_area", VACUUM, "living_room")),
        ("send the vacuum home", "HassVacuumReturnToBase", ("vacuum.dock", VACUUM, None)),
        ("return the robot vacuum to base", "HassVacuumReturnToBase", ("vacuum.dock", VACUUM, None)),
        ("pause the vacuum", "SottoVacuumPause", ("vacuum.pause", VACUUM, None)),
        ("stop vacuuming", "SottoVacuumStop", ("vacuum.stop", VACUUM, None)),
        ("find the robot vacuum", "SottoVacuumLocate", ("vacuum.locate", VACUUM, None)),
        ("mow the lawn", "HassLawnMowerStartMowing", ("lawn_mower.start", "lawn_mower", None)),
        ("stop mowing", "HassLawnMowerDock", ("lawn_mower.dock", "lawn_mower", None)),
        ("pause the lawn mower", "SottoLawnMowerPause", ("lawn_mower.pause", "lawn_mower", None)),
        ("turn off the water", "HassTurnOff", ("valve.close", "water_valve", None)),
        ("open the water valve", "HassTurnOn", ("valve.open", "water_valve", None)),
        (
            "set the humidity to 45 percent",
            "HassHumidifierSetpoint",
            ("humidifier.set_humidity", "bedroom_humidifier", 45),
        ),
        (
            "make it a bit drier",
            "HassHumidifierSetpoint",
            ("humidifier.set_humidity", "bedroom_humidifier", 47),
        ),
        (
            "set the bedroom humidifier to sleep mode",
            "HassHumidifierMode",
            ("humidifier.set_mode", "bedroom_humidifier", "sleep"),
        ),
        (
            "set the hot water to 60 degrees",
            "HassClimateSetTemperature",
            ("water_heater.set_temperature", "hot_water_tank", 60),
        ),
        (
            "make the water hotter",
            "HassClimateSetTemperature",
            ("water_heater.set_temperature", "hot_water_tank", 56),
        ),
        ("turn on the siren", "HassTurnOn", ("siren.turn_on", "garage_siren", None)),
        ("silence the siren", "HassTurnOff", ("siren.turn_off", "garage_siren", None)),
    ],
)
def test_a_sentence_is_a_command(box: Box, sentence: str, intent: str, act: tuple[str, str, object]) -> None:
    acts = box.ask(sentence).acts
    assert (box.intent, [(each.name, each.target, each.value) for each in acts]) == (intent, [act])


@pytest.mark.parametrize(
    ("before", "question", "answer"),
    [
        ("start the vacuum", "is the vacuum cleaning", "Yes, the robot vacuum is cleaning."),
        ("send the vacuum home", "is the vacuum cleaning", "No, the robot vacuum is at its station."),
        ("pause the vacuum", "how is the robot vacuum", "The robot vacuum is paused."),
        ("turn off the water", "is the water valve open", "No, the water valve is closed."),
        (
            "set the humidity to 45 percent",
            "how is the bedroom humidifier",
            "The bedroom humidifier is set to 45 percent and measures 44 percent.",
        ),
        (
            "set the hot water to 60 degrees",
            "how is the hot water tank",
            "The hot water tank is set to 60 degrees and measures 53.5.",
        ),
    ],
)
def test_a_machine_tells_what_it_does(box: Box, before: str, question: str, answer: str) -> None:
    box.ask(before)
    assert box.ask(question).text == answer


def test_what_a_machine_cannot_do_is_said(tmp_path: Path) -> None:
    box = box_of(
        tmp_path,
        "hall",
        rooms("Hall", "Kitchen"),
        device("Rosie", "vacuum", "hall", 'features = ["start"]'),
        device("hall blinds", "cover", "hall", 'device_class = "blind"'),
    )
    assert box.ask("vacuum the kitchen").text == "The Rosie cannot clean single rooms."
    assert box.ask("stop the blinds").text == "The hall blinds cannot be stopped half way."
    assert box.ask("mow the lawn").text == "There are no lawn mowers in your home."


def test_of_two_vacuums_the_box_asks_which(tmp_path: Path) -> None:
    features = 'features = ["start", "clean_area"]'
    box = box_of(
        tmp_path,
        "hall",
        rooms("Hall", "Kitchen"),
        device("Rosie", "vacuum", "hall", features),
        device("Eve", "vacuum", "kitchen", features),
    )
    assert box.ask("start the vacuum").text == "Which one: the Rosie or the Eve?"
    assert [act.target for act in box.ask("eve").acts] == ["eve"]
    # The one that stands there cleans it.
    assert [act.target for act in box.ask("clean the kitchen").acts] == ["eve"]


def test_a_temperature_that_a_water_heater_does_not_take_is_refused(box: Box) -> None:
    assert box.ask("set the hot water to 95 degrees").text == "I can set 5 to 85 degrees, not 95."


def test_a_siren_is_not_part_of_everything(box: Box) -> None:
    assert "garage_siren" not in {act.target for act in box.ask("turn off everything").acts}
