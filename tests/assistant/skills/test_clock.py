"""The time is told where it can be right."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from assistant.skills.clock import ClockSkill
from assistant.skills.contract import Request
from assistant.skills.localtime import clock_is_set
from tests.assistant.skills.english import REPLIES

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
KEEPER = "run/systemd/timesync"


@pytest.mark.parametrize(
    ("folders", "is_set"),
    [
        ((), True),  # somebody else keeps the time
        ((KEEPER,), False),
        ((KEEPER, "sys/class/rtc"), False),
        ((KEEPER, "sys/class/rtc/rtc0"), True),
        ((f"{KEEPER}/synchronized",), True),
    ],
)
def test_a_clock_without_a_battery_is_set_by_the_network(
    tmp_path: Path, folders: tuple[str, ...], is_set: bool
) -> None:
    for folder in folders:
        (tmp_path / folder).mkdir(parents=True)
    assert clock_is_set(tmp_path) is is_set


@pytest.mark.parametrize("intent", ["HassGetCurrentTime", "HassGetCurrentDate"])
def test_a_time_that_is_not_known_is_not_told(intent: str) -> None:
    request = Request(intent=intent, slots={}, text="", now=NOON)
    told = ClockSkill(REPLIES, lambda: False).handle(request).text
    assert told.startswith("I do not know the time yet.")
