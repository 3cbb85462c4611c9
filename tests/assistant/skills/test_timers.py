"""The timer skill in talk."""

from __future__ import annotations

import shutil
from collections.abc import Callable

from assistant.skills.base import NOT_SAVED
from tests.assistant.skills.conftest import Box


def test_time_left_is_told(box: Box) -> None:
    box.ask("set a timer for ten minutes")
    box.wait(seconds=150)
    told = "Seven minutes and thirty seconds left on the ten minute timer."
    assert box.ask("how much time is left").text == told


def test_several_timers_are_told_apart(box: Box) -> None:
    box.ask("set a timer for ten minutes")
    box.ask("set a pizza timer for 5 minutes")
    told = "Five minutes left on the pizza timer."
    assert box.ask("how much time is left on the pizza timer").text == told


def test_cancelling_without_a_name_asks_when_there_are_several(box: Box) -> None:
    box.ask("set a timer for ten minutes")
    box.ask("set a pizza timer for 5 minutes")
    reply = box.ask("cancel the timer")
    assert reply.expects_answer
    assert box.ask("yes").text == "Cancelled two timers."


def test_a_timer_is_cancelled_by_its_length(box: Box) -> None:
    box.ask("set a timer for ten minutes")
    box.ask("set a timer for 5 minutes")
    assert box.ask("cancel the 5 minute timer").text == "Cancelled the five minute timer."


def test_a_timer_named_like_a_room_is_found(box: Box) -> None:
    box.ask("set a kitchen timer for 5 minutes")
    assert box.ask("cancel the kitchen timer").text == "Cancelled the kitchen timer."


def test_time_is_added(box: Box) -> None:
    box.ask("set a timer for ten minutes")
    assert box.ask("add two minutes to the timer").text == "Added two minutes to the ten minute timer."
    assert box.ask("how much time is left").text == "Twelve minutes left on the ten minute timer."


def test_pause_and_resume(box: Box) -> None:
    box.ask("set a timer for ten minutes")
    box.wait(minutes=4)
    assert box.ask("pause the timer").text == "Paused the ten minute timer with six minutes left."
    box.wait(minutes=30)
    assert box.ask("resume the timer").text == "The ten minute timer runs again, six minutes left."


def test_a_pause_is_not_taken_twice(box: Box) -> None:
    box.ask("set a timer for ten minutes")
    box.ask("pause the timer")
    assert box.ask("pause the timer").text == "The ten minute timer is paused already."


def test_stop_silences_what_rings(box: Box) -> None:
    box.ask("set a timer for ten minutes")
    box.wait(minutes=10)
    box.skills.due(box.now)
    reply = box.ask("stop")
    assert reply.stop_speaking
    assert box.skills.ringing(box.now) == []


def test_cancel_the_timer_silences_the_ringing_one_first(box: Box) -> None:
    box.ask("set a timer for 5 minutes")
    box.ask("set a timer for ten minutes")
    box.wait(minutes=5)
    box.skills.due(box.now)
    box.ask("cancel the timer")
    assert box.ask("how much time is left").text == "Five minutes left on the ten minute timer."


def test_a_command_for_later_is_checked_now(box: Box) -> None:
    assert box.ask("turn off the kitchen light in ten minutes").text == "Okay, in ten minutes."
    box.wait(minutes=10)
    assert [ring.command for ring in box.skills.due(box.now)] == ["turn off the kitchen light"]


def test_a_timer_rings_after_a_restart(new_box: Callable[[], Box]) -> None:
    new_box().ask("set a pizza timer for 5 minutes")
    later = new_box()
    later.wait(minutes=5)
    assert [ring.text for ring in later.skills.due(later.now)] == ["Your pizza timer is done."]


def test_a_timer_that_cannot_be_saved_runs_and_says_so(box: Box) -> None:
    shutil.rmtree(box.state_dir)
    box.state_dir.write_text("a file where the folder should be")
    assert box.ask("set a timer for ten minutes").text.endswith(NOT_SAVED)
    box.wait(minutes=10)
    assert len(box.skills.due(box.now)) == 1
