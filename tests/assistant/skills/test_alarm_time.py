from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.skills.alarm_time import WEEKDAYS, Moment, SpokenTime, instant, resolve
from common.errors import InvalidInput

NEW_YORK = ZoneInfo("America/New_York")
#: A Sunday.
NOW = datetime(2026, 11, 22, 16, 35, tzinfo=NEW_YORK)


def wall(spoken: SpokenTime, now: datetime = NOW) -> str:
    moment = resolve(spoken, now)
    return f"{moment.day:%a %d} {moment.hour:02}:{moment.minute:02}"


@pytest.mark.parametrize(
    ("spoken", "expected"),
    [
        (SpokenTime(7, 30, "am"), "Mon 23 07:30"),
        (SpokenTime(7, 30, "pm"), "Sun 22 19:30"),
        (SpokenTime(7), "Sun 22 19:00"),
        (SpokenTime(4), "Mon 23 04:00"),
        (SpokenTime(5), "Sun 22 17:00"),
        (SpokenTime(7, wake=True), "Mon 23 07:00"),
        (SpokenTime(6, 30, day="tomorrow", wake=True), "Mon 23 06:30"),
        (SpokenTime(7, day="tomorrow"), "Mon 23 07:00"),
        (SpokenTime(3, day="tomorrow"), "Mon 23 15:00"),
        (SpokenTime(12, day="tomorrow"), "Mon 23 12:00"),
        (SpokenTime(7, -15, "am"), "Mon 23 06:45"),
        (SpokenTime(1, -10, "pm"), "Mon 23 12:50"),
        (SpokenTime(12, -15, "am"), "Sun 22 23:45"),
        (SpokenTime(24), "Mon 23 00:00"),
        (SpokenTime(19, 5), "Sun 22 19:05"),
        (SpokenTime(10, day="tonight"), "Sun 22 22:00"),
        (SpokenTime(1, day="tonight"), "Mon 23 01:00"),
        (SpokenTime(9, day="friday"), "Fri 27 09:00"),
        (SpokenTime(9, day="sunday"), "Sun 29 09:00"),
        (SpokenTime(8, half="pm", day="sunday"), "Sun 22 20:00"),
        (SpokenTime(7, repeat="weekdays"), "Mon 23 07:00"),
        (SpokenTime(9, repeat="weekends"), "Sat 28 09:00"),
        (SpokenTime(7, repeat="daily"), "Mon 23 07:00"),
        (SpokenTime(7, repeat="tuesday"), "Tue 24 07:00"),
    ],
)
def test_what_was_said_is_understood(spoken: SpokenTime, expected: str) -> None:
    assert wall(spoken) == expected


def test_a_time_that_passed_today_is_refused() -> None:
    with pytest.raises(InvalidInput, match="already passed"):
        resolve(SpokenTime(9, half="am", day="today"), NOW)


def test_the_hour_that_summer_time_leaves_out_means_the_next() -> None:
    moment = Moment(date(2026, 3, 8), 2, 30)
    assert instant(moment, NEW_YORK).astimezone(NEW_YORK).hour == 3


def test_the_hour_that_comes_twice_means_the_first() -> None:
    moment = Moment(date(2026, 11, 1), 1, 30)
    assert instant(moment, NEW_YORK) == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)


def test_seven_is_seven_after_the_clocks_change() -> None:
    now = datetime(2026, 3, 7, 22, 0, tzinfo=NEW_YORK)
    moment = resolve(SpokenTime(7, half="am"), now)
    assert instant(moment, NEW_YORK) - now.astimezone(UTC) == timedelta(hours=8)


SPOKEN = st.builds(
    SpokenTime,
    st.integers(0, 24),
    st.integers(-59, 59),
    st.sampled_from(["", "am", "pm"]),
    st.sampled_from(["", "tomorrow", *WEEKDAYS]),
    st.sampled_from(["", "", "daily", "weekdays", "weekends", *WEEKDAYS]),
    st.booleans(),
)
ZONES = st.sampled_from(["America/New_York", "Europe/London", "Australia/Lord_Howe", "UTC"])


@given(SPOKEN, st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1)), ZONES)
def test_an_alarm_is_in_the_future_and_within_eight_days(
    spoken: SpokenTime, naive: datetime, zone: str
) -> None:
    now = naive.replace(tzinfo=UTC).astimezone(ZoneInfo(zone))
    moment = resolve(spoken, now)
    ahead = instant(moment, ZoneInfo(zone)) - now
    assert timedelta(0) < ahead < timedelta(days=8, hours=2)
    assert not moment.weekdays or moment.day.weekday() in moment.weekdays
