"""Real sentences through the real grammar: intent, slots and reply agree."""

from __future__ import annotations

import pytest

from assistant.understanding.completeness import Completeness
from tests.assistant.skills.conftest import Box

_WARM = "Set the lights in the living room to warm white."
_THERMOSTAT = "The living room thermostat is set to 20 degrees and measures 20.5."

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
    ("turn the volume up", "HassSetVolumeRelative", "Volume 80 percent."),
    ("set the volume to 40 percent", "HassSetVolume", "Volume 40 percent."),
    ("volume five", "HassSetVolume", "Volume 50 percent."),
    ("set the volume to minimum", "HassSetVolume", "Volume 10 percent."),
    ("turn the volume down a bit", "HassSetVolumeRelative", "Volume 60 percent."),
    ("all lights on", "HassTurnOn", "Turned on all lights."),
    ("all lights off", "HassTurnOff", "Turned off all lights."),
    ("all the kitchen lights on", "HassTurnOn", "Turned on the kitchen light."),
    ("all lights on in the kitchen", "HassTurnOn", "Turned on the kitchen light."),
    ("are all lights on", "HassGetState", "No, nine lights are not on."),
    ("turn off everything", "HassTurnOff", "Turned off all lights, switches, fans and media players."),
    ("turn everything off", "HassTurnOff", "Turned off all lights, switches, fans and media players."),
    (
        "turn off everything in the bedroom",
        "HassTurnOff",
        "Turned off all lights and fans in the bedroom.",
    ),
    ("turn everything off upstairs", "HassTurnOff", "Turned off all lights and fans on the first floor."),
    ("turn everything off in the garage", "HassTurnOff", "There is nothing to switch in the garage."),
    ("kitchen lights to 20 percent", "HassLightSet", "Set the kitchen light to 20 percent."),
    ("set the kitchen lights to 20", "HassLightSet", "Set the kitchen light to 20 percent."),
    ("living room light to warm white", "HassLightSet", "Set the living room light to warm white."),
    ("make the living room lights warm white", "HassLightSet", _WARM),
    ("set the lights to warm white", "HassLightSet", _WARM),
    ("set the fan speed to high", "HassFanSetSpeed", "Set the bedroom fan to high."),
    ("set the fan to low", "HassFanSetSpeed", "Set the bedroom fan to low."),
    ("turn the bedroom fan to medium", "HassFanSetSpeed", "Set the bedroom fan to medium."),
    ("raise the blinds", "HassTurnOn", "Opened the living room blinds."),
    ("lower the blinds", "HassTurnOff", "Closed the living room blinds."),
    ("raise the living room blinds", "HassTurnOn", "Opened the living room blinds."),
    ("lower the living room blinds", "HassTurnOff", "Closed the living room blinds."),
    (
        "close the living room blinds halfway",
        "HassSetPosition",
        "Set the living room blinds to 50 percent.",
    ),
    ("open the blinds half way", "HassSetPosition", "Set the living room blinds to 50 percent."),
    (
        "open the bedroom curtains 30 percent",
        "HassSetPosition",
        "Set the bedroom curtains to 30 percent.",
    ),
    ("did i leave the garage door open", "HassGetState", "No, the garage door is closed."),
    ("did i leave the front door unlocked", "HassGetState", "No, the front door is locked."),
    ("did i leave the kitchen light on", "HassGetState", "No, the kitchen light is off."),
    ("did i close the garage door", "HassGetState", "Yes, the garage door is closed."),
    ("did i lock the back door", "HassGetState", "Yes, the back door is locked."),
    ("did i turn off the desk lamp", "HassGetState", "Yes, the desk lamp is off."),
    ("what's the temperature outside", "HassClimateGetTemperature", "It's 9 degrees outside."),
    ("how cold is it outside", "HassClimateGetTemperature", "It's 9 degrees outside."),
    ("what's the humidity in the bathroom", "HassGetState", "The bathroom humidity is 58 %."),
    ("how humid is it in the bathroom", "HassGetState", "The bathroom humidity is 58 %."),
    ("what's the humidity", "HassGetState", "The bathroom humidity is 58 %."),
    (
        "how humid is it in the kitchen",
        "HassGetState",
        "There are no humidity sensors in the kitchen.",
    ),
    ("what's the thermostat set to", "HassGetState", _THERMOSTAT),
    ("what is the heating set to", "HassGetState", _THERMOSTAT),
    ("what's tomorrow's date", "HassGetCurrentDate", "Tomorrow is Monday, November 23rd."),
    ("what day is it tomorrow", "HassGetCurrentDate", "Tomorrow is Monday, November 23rd."),
    ("set timer 10 minutes", "HassStartTimer", "Ten minutes, starting now."),
    ("timer 10 minutes", "HassStartTimer", "Ten minutes, starting now."),
    ("set the timer to ten minutes", "HassStartTimer", "Ten minutes, starting now."),
    ("start a second timer for 3 minutes", "HassStartTimer", "Three minutes, starting now."),
    ("set another timer for 5 minutes", "HassStartTimer", "Five minutes, starting now."),
    ("set a new timer for 5 minutes", "HassStartTimer", "Five minutes, starting now."),
    (
        "start a second dragon timer for 3 minutes",
        "HassStartTimer",
        "Dragon timer, three minutes, starting now.",
    ),
    ("how many timers are running", "HassTimerStatus", "You have no timers."),
    ("how many timers do i have", "HassTimerStatus", "You have no timers."),
    ("how much longer on the laundry timer", "HassTimerStatus", "There is no laundry timer."),
    ("pause all timers", "HassPauseTimer", "You have no timers."),
    ("resume all timers", "HassUnpauseTimer", "You have no timers."),
    ("change the pasta timer to 5 minutes", "SottoChangeTimer", "There is no pasta timer."),
    ("restart the pasta timer", "SottoRestartTimer", "There is no pasta timer."),
    ("set a timer", "HassStartTimer", "For how long?"),
    ("ten minutes", "SottoLength", "I did not ask anything."),
    ("stop", "SottoStop", ""),
    ("never mind", "HassNevermind", ""),
    ("repeat that", "SottoRepeat", "I have not said anything yet."),
    ("yes", "SottoYes", "I did not ask anything."),
    ("what is your pairing code", "SottoPairingCode", "Nothing can be paired with me."),
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
    "text",
    [
        "the weather on mars",
        "i want a large latte",
        "turn on the",
        "hello there",
        "please do not turn on the kitchen light",
        "I would like a large latte with milk",
        "the cat sat on the mat",
        "unlock everything",
        "unlock all the doors",
        "turn on everything",
        "five minutes left",
    ],
)
def test_other_talk_is_outside_the_grammar(box: Box, text: str) -> None:
    assert box.grammar.parse(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "kitchen light",
        "the kitchen light",
        "the bedroom light",
        "i want the kitchen light",
        "can you please the television",
        "the bedroom fan",
        "thermostat",
        "coffee machine",
    ],
)
def test_a_name_alone_is_no_command(box: Box, text: str) -> None:
    assert box.grammar.parse(text) is None
    assert box.grammar.completeness(text) is Completeness.UNFINISHED


@pytest.mark.parametrize("text", ["set a timer", "start another timer", "set a pizza timer"])
def test_a_timer_without_a_length_is_unfinished(box: Box, text: str) -> None:
    assert box.grammar.completeness(text) is Completeness.UNFINISHED


def test_everything_off_leaves_locks_covers_and_heating_alone(box: Box) -> None:
    acts = box.ask("turn off everything").acts
    assert {act.name for act in acts} == {
        "light.turn_off",
        "switch.turn_off",
        "fan.turn_off",
        "media_player.turn_off",
    }
