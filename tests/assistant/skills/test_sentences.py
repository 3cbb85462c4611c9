"""Real sentences through the real grammar: intent, slots and reply agree."""

from __future__ import annotations

import pytest

from tests.assistant.skills.conftest import Box

SPOKEN = [
    ("turn on the kitchen light", "HassTurnOn", "Turned on the kitchen light."),
    (
        "turn off all the lights in the living room",
        "HassTurnOff",
        "Turned off the lights in the living room.",
    ),
    ("turn on the lights", "HassTurnOn", "Turned on the lights in the living room."),
    ("turn off all the lights", "HassTurnOff", "Turned off all lights."),
    ("turn on the lights upstairs", "HassTurnOn", "Turned on the lights on the first floor."),
    ("turn on the hallway lights", "HassTurnOn", "Turned on the hallway light."),
    ("turn on the lights in the garage", "HassTurnOn", "There are no lights in the garage."),
    ("set the bedroom light to 30 percent", "HassLightSet", "Set the bedroom light to 30 percent."),
    ("make the desk lamp red", "HassLightSet", "Made the desk lamp red."),
    ("make the hallway light blue", "HassLightSet", "The hallway light cannot change color."),
    ("dim the floor lamp", "HassLightSet", "Dimmed the floor lamp."),
    ("open the garage door", "HassTurnOn", "Opened the garage door."),
    ("close the blinds", "HassTurnOff", "Closed the living room blinds."),
    (
        "set the living room blinds to 50 percent",
        "HassSetPosition",
        "Set the living room blinds to 50 percent.",
    ),
    ("lock the front door", "HassTurnOn", "Locked the front door."),
    ("unlock the back door", "HassTurnOff", "Unlocked the back door."),
    ("lock up", "HassTurnOn", "Locked all doors."),
    (
        "set the temperature to 21 degrees",
        "HassClimateSetTemperature",
        "Set the living room thermostat to 21 degrees.",
    ),
    (
        "set the bedroom heating to 50 degrees",
        "HassClimateSetTemperature",
        "I can set 5 to 35 degrees, not 50.",
    ),
    ("make it warmer", "HassClimateSetTemperature", "Set the living room thermostat to 21 degrees."),
    ("set the bedroom fan to 60 percent", "HassFanSetSpeed", "Set the bedroom fan to 60 percent."),
    (
        "what is the temperature in the kitchen",
        "HassClimateGetTemperature",
        "It's 21.5 degrees in the kitchen.",
    ),
    (
        "what is the temperature",
        "HassClimateGetTemperature",
        "It's 20.5 degrees in the living room.",
    ),
    ("what is the outdoor temperature", "HassGetState", "The outdoor temperature is 9 °C."),
    ("is the front door locked", "HassGetState", "Yes, the front door is locked."),
    ("is the garage door open", "HassGetState", "No, the garage door is closed."),
    ("which lights are on", "HassGetState", "No lights are on."),
    ("how many lights are on", "HassGetState", "No lights are on."),
    ("are the doors locked", "HassGetState", "Yes, all doors are locked."),
    ("set a timer for ten minutes", "HassStartTimer", "Ten minutes, starting now."),
    (
        "set a pizza timer for 5 minutes",
        "HassStartTimer",
        "Pizza timer, five minutes, starting now.",
    ),
    (
        "set a dragon timer for 3 minutes",
        "HassStartTimer",
        "Dragon timer, three minutes, starting now.",
    ),
    (
        "set a timer for an hour and a half",
        "HassStartTimer",
        "One hour and thirty minutes, starting now.",
    ),
    ("how much time is left", "HassTimerStatus", "You have no timers."),
    ("cancel the pizza timer", "HassCancelTimer", "There is no pizza timer."),
    ("add two minutes to the timer", "HassIncreaseTimer", "You have no timers."),
    ("pause the timer", "HassPauseTimer", "You have no timers."),
    ("set an alarm for 7 30 am", "SottoSetAlarm", "Alarm set for 7:30 am tomorrow."),
    ("wake me up at half past six tomorrow", "SottoSetAlarm", "Alarm set for 6:30 am tomorrow."),
    (
        "wake me up at quarter to seven every weekday",
        "SottoSetAlarm",
        "Alarm set for 6:45 am on weekdays.",
    ),
    ("set an alarm for seven", "SottoSetAlarm", "Alarm set for 7 pm today."),
    ("set an alarm for noon", "SottoSetAlarm", "Alarm set for 12 pm tomorrow."),
    ("wake me up in an hour", "SottoSetAlarm", "Alarm set for 5:35 pm today."),
    ("cancel all alarms", "SottoCancelAlarm", "You have no alarms."),
    ("what alarms do i have", "SottoListAlarms", "You have no alarms."),
    ("snooze", "SottoSnooze", "Nothing is ringing."),
    ("what time is it", "HassGetCurrentTime", "It's 4:35 pm."),
    ("what day is it", "HassGetCurrentDate", "It's Sunday, November 22nd."),
    ("what year is it", "HassGetCurrentDate", "It's the year 2026."),
    ("turn the volume up", "SottoChangeVolume", "Volume 80 percent."),
    ("set the volume to 40 percent", "SottoSetVolume", "Volume 40 percent."),
    ("volume five", "SottoSetVolume", "Volume 50 percent."),
    ("set the volume to minimum", "SottoSetVolume", "Volume 10 percent."),
    ("stop", "SottoStop", ""),
    ("never mind", "HassNevermind", ""),
    ("repeat that", "SottoRepeat", "I have not said anything yet."),
    ("yes", "SottoYes", "I did not ask anything."),
]


@pytest.mark.parametrize(("text", "intent", "reply"), SPOKEN, ids=[case[0] for case in SPOKEN])
def test_a_spoken_sentence_reaches_its_skill(box: Box, text: str, intent: str, reply: str) -> None:
    answer = box.ask(text)
    assert (box.intent, answer.text) == (intent, reply)


def test_help_gives_examples_that_the_grammar_takes(box: Box) -> None:
    examples = box.ask("what can i say").text.removeprefix("You can say: ")
    sentences = [part.strip(" .?") for part in examples.replace("?", ".").split(".")]
    refused = [part for part in sentences[:-2] if part and not box.grammar.parses(part)]
    assert refused == []


@pytest.mark.parametrize(
    "text", ["the weather on mars", "i want a large latte", "turn on the", "hello there"]
)
def test_other_talk_is_outside_the_grammar(box: Box, text: str) -> None:
    assert box.grammar.parse(text) is None
