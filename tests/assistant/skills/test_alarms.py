"""The alarm book and the alarm skill."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from assistant.skills.alarm_book import AlarmBook
from assistant.skills.alarm_time import Moment
from assistant.skills.alarms import AlarmSkill
from assistant.skills.common_lines import NOT_SAVED
from assistant.skills.contract import Request
from assistant.skills.registry import Skills
from assistant.skills.rings import RING_FOR
from common.errors import StorageError
from tests.assistant.skills.conftest import NOW, Box
from tests.assistant.skills.english import REPLIES, context

ZONE = ZoneInfo("America/New_York")


def at(day: int, hour: int, minute: int = 0, second: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, second, tzinfo=ZONE)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "alarms.json"


@pytest.fixture
def book(path: Path) -> AlarmBook:
    return AlarmBook(path, REPLIES, ZONE)


def test_an_alarm_rings_at_its_time_and_once(book: AlarmBook) -> None:
    book.set(Moment(date(2026, 11, 23), 7, 30))
    assert book.due(at(23, 7, 29, 59)) == []
    assert [ring.text for ring in book.due(at(23, 7, 30))] == ["It's 7:30 am. This is your alarm."]
    assert book.due(at(23, 7, 30, 1)) == []


def test_the_zone_of_the_asker_does_not_matter(book: AlarmBook) -> None:
    book.set(Moment(date(2026, 11, 23), 7, 30))
    assert len(book.due(datetime(2026, 11, 23, 12, 30, tzinfo=UTC))) == 1


def test_an_alarm_for_one_day_is_gone_when_silenced(book: AlarmBook, path: Path) -> None:
    book.set(Moment(date(2026, 11, 23), 7))
    book.due(at(23, 7))
    book.silence(at(23, 7, 1))
    assert (book.alarms, AlarmBook(path, REPLIES, ZONE).alarms) == ([], [])


def test_a_repeated_alarm_waits_for_its_next_day(book: AlarmBook) -> None:
    book.set(Moment(date(2026, 11, 27), 7, 0, (0, 1, 2, 3, 4)))
    book.due(at(27, 7))
    book.silence(at(27, 7, 1))
    assert book.next_due() == at(30, 7)


def test_a_repeated_alarm_nobody_heard_waits_too(book: AlarmBook) -> None:
    book.set(Moment(date(2026, 11, 23), 7, 0, tuple(range(7))))
    book.due(at(23, 7))
    book.due(at(23, 7, 1) + RING_FOR)
    assert book.next_due() == at(24, 7)


def test_days_missed_altogether_ring_once(book: AlarmBook, path: Path) -> None:
    book.set(Moment(date(2026, 11, 20), 7, 0, tuple(range(7))))
    later = AlarmBook(path, REPLIES, ZONE)
    rings = later.due(at(23, 9))
    text = "Your alarm for 7 am on Friday, November 20th was due while I was switched off."
    assert [(ring.late, ring.text) for ring in rings] == [(True, text)]
    later.silence(at(23, 9))
    assert later.next_due() == at(24, 7)


def test_an_alarm_survives_a_restart(book: AlarmBook, path: Path) -> None:
    book.set(Moment(date(2026, 11, 23), 7, 30, (0, 2)))
    book.set_exact(at(22, 17, 5, 30))
    assert AlarmBook(path, REPLIES, ZONE).alarms == book.alarms


def test_the_same_alarm_is_not_set_twice(book: AlarmBook) -> None:
    moment = Moment(date(2026, 11, 23), 7, 30)
    assert book.set(moment) == book.set(moment)


def test_snooze_rings_again_later(book: AlarmBook) -> None:
    book.set(Moment(date(2026, 11, 23), 7))
    book.due(at(23, 7))
    book.snooze(at(23, 7, 0, 20), timedelta(minutes=10))
    assert (book.ringing(at(23, 7, 1)), book.next_due()) == ([], at(23, 7, 10, 20))


def test_a_full_disk_does_not_cost_the_alarm(tmp_path: Path) -> None:
    blocked = tmp_path / "blocked"
    blocked.write_text("a file where the folder should be")
    book = AlarmBook(blocked / "alarms.json", REPLIES, ZONE)
    with pytest.raises(StorageError):
        book.set(Moment(date(2026, 11, 23), 7))
    assert len(book.due(at(23, 7))) == 1


@pytest.mark.parametrize(
    "content", ["{", '{"version": 1, "next_id": 1, "alarms": [{"id": 1, "moment": 3}]}', "null"]
)
def test_a_damaged_file_is_not_fatal(path: Path, content: str) -> None:
    path.write_text(content)
    assert AlarmBook(path, REPLIES, ZONE).alarms == []


def test_a_damaged_file_costs_no_alarm(path: Path) -> None:
    alarm = AlarmBook(path, REPLIES, ZONE).set(Moment(date(2026, 11, 23), 7))
    path.write_text("{")
    assert AlarmBook(path, REPLIES, ZONE).alarms == [alarm]


def test_an_alarm_is_cancelled_by_its_time(box: Box) -> None:
    box.ask("set an alarm for 7 30 am")
    box.ask("set an alarm for 8 am")
    assert box.ask("cancel my 7 30 alarm").text == "Cancelled the alarm for 7:30 am tomorrow."
    assert box.ask("what alarms do i have").text == "You have one alarm, for 8 am tomorrow."


def test_the_next_alarm_is_told(box: Box) -> None:
    box.ask("set an alarm for 8 am every day")
    box.ask("set an alarm for 9 pm")
    assert box.ask("when is my next alarm").text == "Your next alarm is for 9 pm today."


def test_cancelling_one_of_several_asks(box: Box) -> None:
    box.ask("set an alarm for 7 am")
    box.ask("set an alarm for 8 am")
    question = "You have two alarms, for 7 am tomorrow and 8 am tomorrow. Shall I cancel all of them?"
    assert box.ask("cancel the alarm").text == question
    assert box.ask("yes").text == "Cancelled two alarms."


def test_snoozing_in_talk(box: Box) -> None:
    box.ask("set an alarm for 5 pm")
    box.wait(minutes=25)
    box.skills.rings.due(box.now)
    assert box.ask("snooze").text == "Okay, ten minutes more."
    assert box.skills.rings.next_due() == box.now + timedelta(minutes=10)


@pytest.mark.parametrize("words", ["cancel all alarms", "cancel the 5 pm alarm"])
def test_a_ringing_alarm_is_silenced_by_its_name(box: Box, words: str) -> None:
    box.ask("set an alarm for 5 pm")
    box.wait(minutes=25)
    box.skills.rings.due(box.now)
    assert box.ask(words).stop_speaking
    assert box.skills.rings.ringing(box.now) == []


def test_another_alarm_is_cancelled_while_one_rings(box: Box) -> None:
    box.ask("set an alarm for 5 pm")
    box.ask("set an alarm for 7 am")
    box.wait(minutes=25)
    box.skills.rings.due(box.now)
    assert box.ask("cancel the 7 am alarm").text == "Cancelled the alarm for 7 am tomorrow."
    assert len(box.skills.rings.ringing(box.now)) == 1


def test_an_alarm_that_rings_for_long_was_not_missed(box: Box) -> None:
    box.ask("set an alarm for 5 pm")
    box.wait(minutes=25)
    (began,) = box.skills.rings.due(box.now)
    box.wait(seconds=90)
    assert [ring.text for ring in box.skills.rings.ringing(box.now)] == [began.text]


def test_what_is_put_off_without_being_saved_rings_again_all_the_same(box: Box) -> None:
    box.ask("set a pizza timer for 5 minutes")
    box.wait(minutes=5)
    box.skills.rings.due(box.now)
    shutil.rmtree(box.state_dir)
    box.state_dir.write_text("a file where the folder should be")
    assert box.ask("snooze").text == f"Okay, ten minutes more. {REPLIES.text(NOT_SAVED)}"
    box.wait(minutes=10)
    assert [ring.name for ring in box.skills.rings.due(box.now)] == ["pizza"]


def test_a_timer_of_a_hub_is_put_off(tmp_path: Path) -> None:
    alarms = AlarmBook(tmp_path / "alarms.json", REPLIES, ZONE)
    box = context(tmp_path)
    timers, hub_timers = box.timers, box.hub_timers
    hub_timers.started("t", 60, "pizza")
    hub_timers.finished("t", NOW)
    skills = Skills([AlarmSkill(alarms, box)], REPLIES)
    assert skills.handle(Request("SottoSnooze", {}, "snooze", NOW)).text == "Okay, ten minutes more."
    assert ([timer.name for timer in timers.timers], hub_timers.ringing(NOW)) == (["pizza"], [])


def test_a_missed_alarm_is_told_after_a_restart(new_box: Callable[[], Box]) -> None:
    new_box().ask("set an alarm for 5 pm")
    later = new_box()
    later.wait(hours=2)
    text = "Your alarm for 5 pm was due while I was switched off."
    assert [ring.text for ring in later.skills.rings.due(later.now)] == [text]


def _unset(book: AlarmBook, tmp_path: Path) -> AlarmSkill:
    return AlarmSkill(book, context(tmp_path), is_set=lambda: False)


def test_without_the_time_no_alarm_is_set_for_a_time_of_day(book: AlarmBook, tmp_path: Path) -> None:
    request = Request("SottoSetAlarm", {"hour": 7}, "set an alarm for seven", NOW)
    reply = _unset(book, tmp_path).handle(request)
    assert (reply.ok, reply.acts) == (False, ())
    assert "do not know the time" in reply.text


def test_without_the_time_an_alarm_is_set_for_so_long_from_now(book: AlarmBook, tmp_path: Path) -> None:
    request = Request("SottoSetAlarm", {"minutes": 20}, "wake me up in 20 minutes", NOW)
    reply = _unset(book, tmp_path).handle(request)
    assert reply.text == "Alarm set twenty minutes from now."
    for act in reply.acts:
        assert act.run is not None
        act.run()
    assert book.next_due() == NOW + timedelta(minutes=20)
