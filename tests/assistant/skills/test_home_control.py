from __future__ import annotations

import pytest

from assistant.home.executor import Action, Command
from assistant.home.model import DeviceState
from assistant.skills.contract import Reply, Request
from tests.assistant.skills.conftest import NOW, Box


def handle(box: Box, intent: str, text: str = "", **slots: object) -> Reply:
    return box.skills.handle(Request(intent, slots, text, NOW))


def test_a_command_reaches_the_device(box: Box) -> None:
    box.ask("turn on the kitchen light")
    assert box.executor.state("kitchen_light").on is True


def test_the_act_says_what_was_done(box: Box) -> None:
    act = box.ask("set the bedroom light to thirty percent").acts[0]
    assert (act.name, act.target, act.value) == ("light.set_brightness", "bedroom_light", 30)


def test_planning_changes_nothing(box: Box) -> None:
    request = Request("HassTurnOn", {"name": "kitchen light"}, "", NOW)
    reply = box.skills.plan(request)
    assert (len(reply.acts), box.executor.state("kitchen_light").on) == (1, False)


def test_an_alias_is_answered_with_the_name(box: Box) -> None:
    assert box.ask("turn on the tv").text == "Turned on the television."


def test_the_lights_here_are_those_of_the_boxs_room(box: Box) -> None:
    targets = [act.target for act in box.ask("turn on the lights").acts]
    assert targets == ["living_room_light", "floor_lamp"]


def test_only_lights_that_can_are_dimmed(box: Box) -> None:
    reply = handle(box, "HassLightSet", area="living room", color="red")
    assert [act.target for act in reply.acts] == ["floor_lamp"]


def test_an_unknown_device_is_said_clearly(box: Box) -> None:
    reply = handle(box, "HassTurnOn", name="time machine")
    assert (reply.ok, reply.text) == (False, "I do not know of any time machine.")


def test_an_unknown_room_is_said_clearly(box: Box) -> None:
    reply = handle(box, "HassTurnOn", area="dungeon", domain="light")
    assert (reply.ok, reply.text) == (False, "I do not know of any dungeon.")


def test_a_device_of_another_room_is_not_switched(box: Box) -> None:
    reply = handle(box, "HassTurnOn", name="desk lamp", area="kitchen")
    assert (reply.acts, reply.text) == ((), "There is no desk lamp in the kitchen.")


def test_opening_more_than_one_is_asked_about(box: Box) -> None:
    reply = handle(box, "HassTurnOn", domain="cover", device_class="garage", scope="here")
    assert reply.text == "Opened the garage door."
    reply = handle(box, "HassTurnOff", domain="lock", scope="here")
    assert reply.text == "Which one: the front door or the back door?"


def test_a_sensor_cannot_be_switched(box: Box) -> None:
    reply = handle(box, "HassTurnOn", name="bathroom humidity")
    assert (reply.ok, reply.acts) == (False, ())


def test_dimming_never_turns_off(box: Box) -> None:
    for _ in range(6):
        box.ask("dim the floor lamp")
    assert box.executor.state("floor_lamp").on is True


def test_digits_and_words_mean_the_same_number(box: Box) -> None:
    words, digits = "set the thermostat to twenty two", "set the thermostat to 22"
    assert box.ask(words).acts == box.ask(digits).acts


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("which lights are on", "The kitchen light and the garden lights are on."),
        ("how many lights are on", "Two lights are on."),
        ("are any lights on", "Yes, the kitchen light and the garden lights are on."),
        ("are any lights on in the office", "No, no lights are on in the office."),
        ("are all the lights off", "No, the kitchen light and the garden lights are not off."),
        ("is the kitchen light on", "Yes, the kitchen light is on."),
        ("is the kitchen light off", "No, the kitchen light is on."),
        ("which doors are unlocked", "No doors are unlocked."),
    ],
)
def test_questions_about_the_home(box: Box, question: str, answer: str) -> None:
    box.executor.act(Action("kitchen_light", Command.TURN_ON))
    box.executor.act(Action("garden_lights", Command.TURN_ON))
    assert box.ask(question).text == answer


def test_a_thermostat_tells_target_and_measure(box: Box) -> None:
    told = "The living room thermostat is set to 20 degrees and measures 20.5."
    assert box.ask("how is the thermostat").text == told


def test_a_room_without_thermometer_says_so(box: Box) -> None:
    reply = handle(box, "HassClimateGetTemperature", area="office")
    assert (reply.ok, reply.text) == (False, "There is no thermometer in the office.")


def test_an_unknown_state_is_admitted(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(box.executor, "state", lambda _device: DeviceState())
    text = "I do not know whether the front door is locked."
    assert box.ask("is the front door locked").text == text
