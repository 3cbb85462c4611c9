"""The box asks, and people answer as they do."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.home.model import Area, Device, Domain, Home
from assistant.home.names import home_names
from assistant.home.state import LocalHome
from assistant.skills.discovery import build_skills
from assistant.skills.volume_control import SavedVolume
from assistant.understanding.grammar import Grammar
from assistant.understanding.sentences import build_grammar
from tests.assistant.skills.conftest import Box
from tests.assistant.skills.english import ENGLISH, MODULES, context

OLDER, NEWER = "fifty eight minutes", "fifty nine minutes"


@pytest.fixture
def two_alike(box: Box) -> Box:
    """Two timers of one hour, a minute apart; asked which of them is to be paused."""
    for _ in range(2):
        box.ask("set a timer for one hour")
        box.wait(minutes=1)
    assert box.ask("pause the 1 hour timer").expects_answer
    return box


@pytest.mark.parametrize(
    ("answer", "left"),
    [
        ("the first one", OLDER),
        ("the first", OLDER),
        ("number one", OLDER),
        ("the older one", OLDER),
        ("the oldest", OLDER),
        ("the shorter one", OLDER),
        ("the one that ends first", OLDER),
        ("the one with fifty eight minutes left", OLDER),
        ("fifty eight minutes left", OLDER),
        ("I mean the first one please", OLDER),
        ("either", OLDER),
        ("the second", NEWER),
        ("the second one", NEWER),
        ("2nd", NEWER),
        ("the last one", NEWER),
        ("the newest", NEWER),
        ("the newer timer", NEWER),
        ("the longer one", NEWER),
        ("just the one with 59 minutes left", NEWER),
        ("the timer that I set last", NEWER),
    ],
)
def test_one_of_two_timers_of_the_same_length_is_chosen(two_alike: Box, answer: str, left: str) -> None:
    assert two_alike.ask(answer).text == f"Paused the one hour timer with {left} left."


@pytest.mark.parametrize(
    "answer", ["both", "both of them", "all", "all of them", "both timers", "the lot", "them both"]
)
def test_all_are_chosen(two_alike: Box, answer: str) -> None:
    assert [act.name for act in two_alike.ask(answer).acts] == ["timer.pause", "timer.pause"]


@pytest.mark.parametrize(
    "answer",
    [
        "neither",
        "none",
        "none of them",
        "neither one",
        "never mind",
        "cancel",
        "no thanks",
        "don't",
        "forget it",
        "I changed my mind",
    ],
)
def test_none_is_chosen(two_alike: Box, answer: str) -> None:
    reply = two_alike.ask(answer)
    assert (reply.text, reply.acts) == ("Okay, I won't.", ())
    assert two_alike.dialogue.grammar_for("").parse("the first one") is None


@pytest.mark.parametrize(
    "answer", ["the third one", "the one hour timer", "yes", "the one with five minutes left"]
)
def test_an_answer_that_chooses_none_of_them_is_asked_again(two_alike: Box, answer: str) -> None:
    assert two_alike.ask(answer).text.endswith("Say which one.")
    assert two_alike.ask("the first one").acts


def test_a_command_after_the_question_is_done_and_ends_it(two_alike: Box) -> None:
    assert two_alike.ask("turn on the kitchen light").text == "Turned on the kitchen light."
    assert two_alike.dialogue.grammar_for("").parse("the first one") is None


def test_a_question_that_is_repeated_is_still_open(two_alike: Box) -> None:
    reply = two_alike.ask("what did you say")
    assert (reply.text.endswith("Say which one."), reply.expects_answer) == (True, True)
    assert two_alike.ask("the first one").acts


def test_an_answer_comes_in_time_or_not_at_all(two_alike: Box) -> None:
    two_alike.wait(seconds=31)
    assert two_alike.dialogue.grammar_for("").parse("the first one") is None


def test_only_the_one_who_was_asked_answers(two_alike: Box) -> None:
    assert two_alike.dialogue.grammar_for("garage").parse("the first one") is None


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        ("the kitchen one", "kitchen"),
        ("the one in the kitchen", "kitchen"),
        ("kitchen", "kitchen"),
        ("the longer one", "kitchen"),
        ("the ten minute one", "kitchen"),
        ("the second one", "kitchen"),
        ("the pizza timer", "pizza"),
        ("pizza", "pizza"),
        ("the one for pizza", "pizza"),
        ("just the pizza one", "pizza"),
        ("the one called pizza", "pizza"),
        ("the shortest", "pizza"),
        ("five minutes", "pizza"),
        ("the one for 5 minutes", "pizza"),
    ],
)
def test_a_timer_is_chosen_by_name_place_and_length(box: Box, answer: str, name: str) -> None:
    box.ask("set a kitchen timer for ten minutes")
    box.ask("set a pizza timer for 5 minutes")
    box.ask("pause the timer")
    assert [act.target for act in box.ask(answer).acts] == [f"{name} timer"]


@pytest.mark.parametrize(
    ("command", "does"),
    [
        ("pause the timer", "timer.pause"),
        ("resume the timer", "timer.resume"),
        ("cancel the timer", "timer.cancel"),
        ("add two minutes to the timer", "timer.add"),
        ("shorten the timer by one minute", "timer.shorten"),
        ("change the timer to 8 minutes", "timer.set"),
        ("restart the timer", "timer.restart"),
    ],
)
def test_whatever_is_done_to_one_of_several_timers(box: Box, command: str, does: str) -> None:
    box.ask("set a kitchen timer for ten minutes")
    box.ask("set a pizza timer for 5 minutes")
    if "resume" in command:
        box.ask("pause all timers")
    assert box.ask(command).expects_answer
    assert [(act.name, act.target) for act in box.ask("the pizza one").acts] == [(does, "pizza timer")]


@pytest.mark.parametrize(
    ("answer", "cancelled"),
    [
        ("yes please", "two alarms"),
        ("sure", "two alarms"),
        ("okay", "two alarms"),
        ("of course", "two alarms"),
        ("both", "two alarms"),
        ("all of them", "two alarms"),
        ("the first one", "the alarm for 7 am tomorrow"),
        ("the seven o'clock one", "the alarm for 7 am tomorrow"),
        ("just the one at seven", "the alarm for 7 am tomorrow"),
        ("the earlier one", "the alarm for 7 am tomorrow"),
        ("tomorrow's", "the alarm for 7 am tomorrow"),
        ("8:30", "the alarm for 8:30 am on Tuesday"),
        ("the one at half past eight", "the alarm for 8:30 am on Tuesday"),
        ("the one on tuesday", "the alarm for 8:30 am on Tuesday"),
        ("the last one", "the alarm for 8:30 am on Tuesday"),
    ],
)
def test_one_of_several_alarms_is_cancelled(box: Box, answer: str, cancelled: str) -> None:
    box.ask("set an alarm for 7 am tomorrow")
    box.ask("set an alarm for 8:30 am on tuesday")
    assert box.ask("cancel my alarm").expects_answer
    assert box.ask(answer).text == f"Cancelled {cancelled}."


BLINDS = Home(
    box_area="hall",
    areas=(Area("hall", "hall"), Area("kitchen", "kitchen"), Area("attic", "attic", ("loft",))),
    devices=tuple(
        Device(f"{name}_blinds", f"{name} blinds", Domain.COVER, area=area, device_class="blind")
        for name, area in (("left", "kitchen"), ("right", "kitchen"), ("roof", "attic"))
    ),
)


@pytest.fixture(scope="module")
def blinds_grammar(tmp_path_factory: pytest.TempPathFactory) -> Grammar:
    skills = build_skills(context(tmp_path_factory.mktemp("grammar")), MODULES)
    return build_grammar("en", True, [], home_names(BLINDS), skills.intents, files=ENGLISH.files)


@pytest.fixture
def asked_which_blinds(blinds_grammar: Grammar, tmp_path: Path) -> Box:
    """In a room without blinds somebody wants some to be opened."""
    executor = LocalHome(BLINDS, tmp_path / "home.json")
    skills = build_skills(context(tmp_path, executor), MODULES)
    return Box(skills, executor, SavedVolume(tmp_path / "volume.json"), blinds_grammar, tmp_path)


@pytest.mark.parametrize(
    ("answer", "opened"),
    [
        ("the left ones", ["left_blinds"]),
        ("left", ["left_blinds"]),
        ("the right blinds", ["right_blinds"]),
        ("the second", ["right_blinds"]),
        ("the ones in the attic", ["roof_blinds"]),
        ("in the loft", ["roof_blinds"]),
        ("the attic one", ["roof_blinds"]),
        ("the last one", ["roof_blinds"]),
        ("any", ["left_blinds"]),
        ("all of them", ["left_blinds", "right_blinds", "roof_blinds"]),
        ("none of them", []),
        ("never mind", []),
    ],
)
def test_a_device_is_chosen(asked_which_blinds: Box, answer: str, opened: list[str]) -> None:
    assert asked_which_blinds.ask("open the blinds").expects_answer
    assert [act.target for act in asked_which_blinds.ask(answer).acts] == opened


def test_a_place_with_several_is_asked_again(asked_which_blinds: Box) -> None:
    asked_which_blinds.ask("open the blinds")
    assert asked_which_blinds.ask("in the kitchen").expects_answer
    assert [act.target for act in asked_which_blinds.ask("the left ones").acts] == ["left_blinds"]


@pytest.mark.parametrize(
    ("answer", "length"),
    [
        ("ten minutes", 600),
        ("for ten minutes", 600),
        ("ten", 600),
        ("make it ten", 600),
        ("let's say 12 minutes", 720),
        ("an hour and a half", 5400),
        ("three quarters of an hour", 2700),
        ("a couple of minutes", 120),
        ("90 seconds", 90),
        ("2 mins", 120),
        ("about half an hour", 1800),
    ],
)
def test_for_how_long_is_answered(box: Box, answer: str, length: float) -> None:
    assert box.ask("set a timer called dragon").text == "For how long?"
    assert [(act.target, act.value) for act in box.ask(answer).acts] == [("dragon", length)]


@pytest.mark.parametrize(
    ("answer", "when"),
    [
        ("seven thirty", "7:30 pm today"),
        ("at half past six", "6:30 pm today"),
        ("7 am", "7 am tomorrow"),
        ("tomorrow at 8", "8 am tomorrow"),
        ("for quarter past seven tomorrow morning", "7:15 am tomorrow"),
        ("noon", "12 pm tomorrow"),
        ("in ten minutes", "4:45 pm today"),
        ("ten minutes from now", "4:45 pm today"),
        ("on friday at nine", "9 am on Friday"),
        ("every weekday at 6 am", "6 am on weekdays"),
        ("make it 5:45 am", "5:45 am tomorrow"),
    ],
)
def test_for_when_is_answered(box: Box, answer: str, when: str) -> None:
    assert box.ask("set an alarm").text == "For when?"
    assert box.ask(answer).text == f"Alarm set for {when}."


def test_who_wants_to_be_woken_is_woken_in_the_morning(box: Box) -> None:
    assert box.ask("wake me up").text == "For when?"
    assert box.ask("tomorrow").text == "For what time?"
    assert box.ask("at six").text == "Alarm set for 6 am tomorrow."


@pytest.mark.parametrize(
    ("command", "question", "answer", "act"),
    [
        ("set a timer", "For how long?", "ten minutes", ("timer.start", 600)),
        ("set a timer called pizza", "For how long?", "five minutes", ("timer.start", 300)),
        ("set an alarm for tomorrow", "For what time?", "7 am", ("alarm.set", "2026-11-23T07:00:00+00:00")),
        ("add time to the timer", "By how much?", "five", ("timer.add", 300)),
        ("extend the timer", "By how much?", "by two minutes", ("timer.add", 120)),
        ("take time off the timer", "By how much?", "a minute", ("timer.shorten", 60)),
        ("change the timer", "To how long?", "to half an hour", ("timer.set", 1800)),
        ("set the volume", "How loud?", "half", ("volume.set", 50)),
        ("set the bedroom light", "How should it be?", "to 30 percent", ("light.set_brightness", 30)),
        ("set the desk lamp", "How should it be?", "red", ("light.set_color", "red")),
        ("set the floor lamp", "How should it be?", "2700 kelvin", ("light.set_color_temperature", 2700)),
        ("change the brightness", "How should it be?", "fifty", ("light.set_brightness", 50)),
        ("set the living room blinds", "How far?", "halfway", ("cover.set_position", 50)),
        ("set the bedroom fan", "How fast?", "low", ("fan.set_speed", 33)),
        ("change the speed of the bedroom fan", "How fast?", "60", ("fan.set_speed", 60)),
        ("set the thermostat", "To what temperature?", "21 degrees", ("climate.set_temperature", 21)),
        ("set the bedroom heating", "To what temperature?", "19", ("climate.set_temperature", 19)),
    ],
)
def test_a_command_that_lacks_its_amount_asks_for_it(
    box: Box, command: str, question: str, answer: str, act: tuple[str, object]
) -> None:
    if "timer" in command and "set a" not in command:
        box.ask("set a timer for ten minutes")
    asked = box.ask(command)
    assert (asked.text, asked.expects_answer, asked.acts) == (question, True, ())
    done = box.ask(answer).acts[0]
    assert (done.name, done.value) == act


def test_one_question_may_follow_another(box: Box) -> None:
    box.ask("set a kitchen timer for ten minutes")
    box.ask("set a pizza timer for 5 minutes")
    assert box.ask("add time to the timer").text.endswith("Say which one.")
    assert box.ask("the pizza one").text == "By how much?"
    assert box.ask("three minutes").text == "Added three minutes to the pizza timer."
