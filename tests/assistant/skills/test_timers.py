"""The timer skill in talk."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import timedelta

from assistant.skills.common_lines import NOT_SAVED
from tests.assistant.skills.conftest import Box
from tests.assistant.skills.english import REPLIES


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
    box.skills.rings.due(box.now)
    reply = box.ask("stop")
    assert reply.stop_speaking
    assert box.skills.rings.ringing(box.now) == []


def test_cancel_the_timer_silences_the_ringing_one_first(box: Box) -> None:
    box.ask("set a timer for 5 minutes")
    box.ask("set a timer for ten minutes")
    box.wait(minutes=5)
    box.skills.rings.due(box.now)
    box.ask("cancel the timer")
    assert box.ask("how much time is left").text == "Five minutes left on the ten minute timer."


def test_cancel_all_timers_silences_the_ringing_one_too(box: Box) -> None:
    box.ask("set a timer for 5 minutes")
    box.ask("set a timer for ten minutes")
    box.wait(minutes=5)
    box.skills.rings.due(box.now)
    reply = box.ask("cancel all timers")
    assert (reply.text, reply.stop_speaking) == ("Cancelled the ten minute timer.", True)
    assert (box.skills.rings.ringing(box.now), box.skills.rings.next_due()) == ([], None)


def test_cancel_all_timers_silences_the_last_one(box: Box) -> None:
    box.ask("set a timer for 5 minutes")
    box.wait(minutes=5)
    box.skills.rings.due(box.now)
    assert box.ask("cancel all timers").stop_speaking
    assert box.skills.rings.ringing(box.now) == []


def test_a_timer_that_ends_while_it_is_asked_about_is_cancelled_with_the_others(box: Box) -> None:
    box.ask("set a timer for 5 minutes")
    box.ask("set a timer for ten minutes")
    box.wait(minutes=4, seconds=50)
    assert box.ask("cancel the timer").expects_answer
    box.wait(seconds=15)
    box.skills.rings.due(box.now)
    assert box.ask("yes").text == "Cancelled two timers."
    assert (box.skills.rings.ringing(box.now), box.skills.rings.next_due()) == ([], None)


def test_a_ringing_timer_gets_more_time(box: Box) -> None:
    box.ask("set a pizza timer for 5 minutes")
    box.wait(minutes=5)
    box.skills.rings.due(box.now)
    reply = box.ask("add two minutes to the timer")
    assert (reply.text, reply.stop_speaking) == ("Added two minutes to the pizza timer.", True)
    assert (box.skills.rings.ringing(box.now), box.skills.rings.next_due()) == (
        [],
        box.now + timedelta(minutes=2),
    )


def test_a_command_for_later_is_checked_now(box: Box) -> None:
    assert box.ask("turn off the kitchen light in ten minutes").text == "Okay, in ten minutes."
    box.wait(minutes=10)
    assert [ring.command for ring in box.skills.rings.due(box.now)] == ["turn off the kitchen light"]


def test_a_timer_rings_after_a_restart(new_box: Callable[[], Box]) -> None:
    new_box().ask("set a pizza timer for 5 minutes")
    later = new_box()
    later.wait(minutes=5)
    assert [ring.text for ring in later.skills.rings.due(later.now)] == ["Your pizza timer is done."]


def test_a_timer_that_cannot_be_saved_runs_and_says_so(box: Box) -> None:
    shutil.rmtree(box.state_dir)
    box.state_dir.write_text("a file where the folder should be")
    assert box.ask("set a timer for ten minutes").text.endswith(REPLIES.text(NOT_SAVED))
    box.wait(minutes=10)
    assert len(box.skills.rings.due(box.now)) == 1


def test_a_timer_without_a_length_is_asked_about(box: Box) -> None:
    assert box.ask("set a timer").expects_answer
    assert box.ask("ten minutes").text == "Ten minutes, starting now."
    assert box.ask("how much time is left").text == "Ten minutes left on the ten minute timer."


def test_the_name_is_kept_while_the_length_is_asked_for(box: Box) -> None:
    box.ask("set a pizza timer")
    assert box.ask("for 12 minutes").text == "Pizza timer, twelve minutes, starting now."


def test_a_yes_does_not_answer_for_how_long(box: Box) -> None:
    box.ask("set a timer")
    assert box.ask("yes").text == "For how long?"
    assert box.ask("ten minutes").text == "Ten minutes, starting now."


def test_a_no_gives_the_timer_up(box: Box) -> None:
    box.ask("set a timer")
    assert box.ask("no").text == "Okay, I won't."
    assert not box.ask("ten minutes").ok


def test_an_impossible_length_is_refused_as_an_answer_too(box: Box) -> None:
    box.ask("set a timer")
    assert not box.ask("one hundred hours and five minutes").ok


def test_a_length_does_not_answer_a_yes_or_no(box: Box) -> None:
    box.ask("set an alarm for 7 am")
    box.ask("set an alarm for 8 am")
    box.ask("cancel my alarm")
    assert box.ask("ten minutes").text == "I did not ask for a time."


def test_all_timers_are_paused_and_resumed(box: Box) -> None:
    box.ask("set a timer for ten minutes")
    box.ask("set a pizza timer for 5 minutes")
    assert box.ask("pause all timers").text == "Paused two timers."
    box.wait(minutes=30)
    assert box.ask("pause all timers").text == "None of your timers is running."
    assert box.ask("resume all timers").text == "Resumed two timers."
    assert box.ask("how much time is left on the pizza timer").text == "Five minutes left on the pizza timer."


def test_timers_are_counted(box: Box) -> None:
    box.ask("set a pizza timer for 5 minutes")
    told = "You have one timer: five minutes left on the pizza timer."
    assert box.ask("how many timers are running").text == told


def test_a_timer_gets_another_length(box: Box) -> None:
    box.ask("set a pasta timer for ten minutes")
    box.wait(minutes=3)
    assert box.ask("change the pasta timer to 5 minutes").text == "The pasta timer now runs for five minutes."
    assert box.ask("how much longer on the pasta timer").text == "Five minutes left on the pasta timer."


def test_setting_a_named_timer_that_is_not_there_starts_it(box: Box) -> None:
    assert box.ask("set the pasta timer to 5 minutes").text == "Pasta timer, five minutes, starting now."
    assert box.ask("set the pasta timer to 8 minutes").text == "The pasta timer now runs for eight minutes."


def test_a_timer_is_restarted(box: Box) -> None:
    box.ask("set a pasta timer for ten minutes")
    box.wait(minutes=3)
    assert box.ask("restart the pasta timer").text == "Pasta timer, ten minutes, starting again."
    assert box.ask("how much time is left").text == "Ten minutes left on the pasta timer."


def test_a_ringing_timer_is_restarted(box: Box) -> None:
    box.ask("set a timer for ten minutes")
    box.wait(minutes=10)
    box.skills.rings.due(box.now)
    assert box.ask("restart the timer").text == "Ten minutes, starting again."
    assert box.skills.rings.ringing(box.now) == []
    assert box.ask("how much time is left").text == "Ten minutes left on the ten minute timer."


def test_one_more_is_no_name(box: Box) -> None:
    box.ask("start a second timer for 3 minutes")
    assert box.ask("how much time is left").text == "Three minutes left on the three minute timer."
