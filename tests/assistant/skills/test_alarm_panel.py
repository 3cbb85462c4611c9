from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.home.code_guard import GuardedHome
from assistant.skills.contract import Reply
from assistant.skills.discovery import build_skills
from assistant.turn.secret import HIDDEN, open_slots, open_text
from assistant.understanding.completeness import Completeness
from tests.assistant.skills.conftest import ZONE, Box
from tests.assistant.skills.english import MODULES, context
from tests.assistant.skills.homes import box_of, device, rooms

PANEL = "house_alarm"


@pytest.mark.parametrize(
    ("sentence", "command"),
    [
        ("arm the alarm system in away mode", "arm_away"),
        ("arm the house alarm for the night", "arm_night"),
        ("arm home", "arm_home"),
        ("set the alarm system to away", "arm_away"),
    ],
)
def test_arming(box: Box, sentence: str, command: str) -> None:
    acts = box.ask(sentence).acts
    assert [(act.name, act.target) for act in acts] == [(f"alarm_control_panel.{command}", PANEL)]


def test_a_mode_that_was_not_said_is_asked_for(box: Box) -> None:
    assert box.ask("arm the alarm").text == "For home, away or night?"
    assert box.ask("away").text == "Armed the house alarm for away."
    assert box.executor.state(PANEL).activity == "armed_away"


@pytest.mark.parametrize("code", ["4711", "4 7 1 1", "four seven one one", "forty seven eleven"])
def test_a_code_is_said_as_people_say_it(box: Box, code: str) -> None:
    box.ask("arm away")
    assert box.ask(f"disarm the alarm with code {code}").text == "Disarmed the house alarm."
    assert box.executor.state(PANEL).activity == "disarmed"


def test_the_code_is_asked_for(box: Box) -> None:
    box.ask("arm away")
    assert box.ask("disarm the alarm system").text == "What is the code?"
    assert box.ask("the code is four seven one one").text == "Disarmed the house alarm."


@pytest.mark.parametrize("sentence", ["yes", "never mind"])
def test_nothing_but_a_code_disarms(box: Box, sentence: str) -> None:
    box.ask("arm away")
    box.ask("disarm the alarm")
    box.ask(sentence)
    assert box.executor.state(PANEL).activity == "armed_away"


def test_a_wrong_code_is_refused(box: Box) -> None:
    box.ask("arm away")
    reply = box.ask("disarm the alarm with code 1 2 3 4")
    assert (reply.text, reply.ok) == ("Sorry, the code is wrong.", False)
    assert box.executor.state(PANEL).activity == "armed_away"


def test_wrong_codes_make_everybody_wait(new_box: Callable[[], Box], tmp_path: Path) -> None:
    box = new_box()
    guarded = GuardedHome(box.executor, tmp_path / "codes.json")
    given = replace(context(tmp_path, guarded, box.volume, ZONE), understands=box.grammar.parses)
    box.skills = build_skills(given, MODULES)
    box.ask("arm away")
    for _ in range(3):
        box.ask("disarm the alarm with code 1234")
    reply = box.ask("disarm the alarm with code 4711")
    assert reply.text == "Sorry, too many codes were tried; try again in 1 minute."


def test_a_panel_without_a_code_is_not_disarmed_by_voice(tmp_path: Path) -> None:
    alarm = device("Alarm", "alarm_control_panel", "hall", 'features = ["arm_away"]')
    box = box_of(tmp_path, "hall", rooms("Hall"), alarm)
    box.ask("arm away")
    reply = box.ask("disarm the alarm with code 0000")
    assert reply == Reply("The Alarm has no code, so it is not disarmed by voice.", ok=False)


def test_a_panel_that_wants_its_code_to_be_armed_asks_for_it(tmp_path: Path) -> None:
    alarm = device("Alarm", "alarm_control_panel", "hall", 'features = ["arm_away", "code"]\ncode = "12345"')
    box = box_of(tmp_path, "hall", rooms("Hall"), alarm)
    assert box.ask("arm away").text == "What is the code?"
    assert box.ask("one two three four five").text == "Armed the Alarm for away."


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("is the alarm system armed", "Yes, the house alarm is armed for away."),
        ("is the house alarm on", "Yes, the house alarm is armed for away."),
        ("what is the status of the alarm system", "The house alarm is armed for away."),
    ],
)
def test_the_panel_tells_its_state(box: Box, question: str, answer: str) -> None:
    box.ask("arm away")
    assert box.ask(question).text == answer


def test_disarming_is_never_put_off(box: Box) -> None:
    assert not box.grammar.parses("disarm the alarm with code 4711 in ten minutes")


def test_a_code_is_no_part_of_an_act_or_a_record(box: Box) -> None:
    box.ask("arm away")
    acts = box.ask("disarm the alarm with code 4711").acts
    assert "4711" not in repr(acts)
    assert open_slots(box.slots) == {}
    assert open_text("disarm the alarm with code 4711", box.slots) == HIDDEN


def test_the_box_waits_for_the_rest_of_a_code(box: Box) -> None:
    assert box.grammar.completeness("disarm the alarm with code 4 7 1") is Completeness.UNFINISHED
    assert box.grammar.completeness("disarm the alarm") is Completeness.UNFINISHED


def test_the_alarm_clock_is_another_thing(box: Box) -> None:
    box.ask("set an alarm for seven")
    assert box.intent == "SottoSetAlarm"
