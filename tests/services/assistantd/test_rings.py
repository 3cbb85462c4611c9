"""What rings is announced in turn, and no more once it was silenced."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

from assistant.events import EventBus
from assistant.skills.registry import Skills
from assistant.skills.rings import Rings
from assistant.skills.timekeeping import TimerBook
from services.assistantd.rings import RingLoop
from tests.assistant.skills.english import REPLIES

NOW = datetime(2026, 11, 22, 16, 35, tzinfo=UTC)
LATER = NOW + timedelta(seconds=2)


class _BusyRoom:
    """Somebody is being heard until `free` is set."""

    def __init__(self) -> None:
        self.asked = threading.Event()
        self.free = threading.Event()
        self.said: list[str] = []

    def announce(self, text: str) -> bool:
        if self.free.is_set():
            self.said.append(text)
        self.asked.set()
        return self.free.is_set()


def _loop(tmp_path: Path, room: _BusyRoom) -> tuple[TimerBook, RingLoop]:
    timers = TimerBook(tmp_path / "timers.json", REPLIES)
    timers.start(1, NOW, "pizza")
    skills = Skills([], REPLIES, Rings([timers]))
    # No timer here has a command, so the dialogue is not asked for anything.
    loop = RingLoop(skills, None, room.announce, EventBus(), lambda: LATER)  # type: ignore[arg-type]
    return timers, loop


def test_a_ring_waits_until_nobody_is_heard(tmp_path: Path) -> None:
    room = _BusyRoom()
    _, loop = _loop(tmp_path, room)
    loop.start()
    assert room.asked.wait(10)
    room.free.set()
    room.asked.clear()
    assert room.asked.wait(10)
    loop.stop()
    assert room.said == ["Your pizza timer is done."]


def test_what_was_silenced_while_it_waited_is_not_said(tmp_path: Path) -> None:
    room = _BusyRoom()
    timers, loop = _loop(tmp_path, room)
    loop.start()
    assert room.asked.wait(10)
    timers.silence(LATER)
    room.free.set()
    room.asked.clear()
    asked = room.asked.wait(1)
    loop.stop()
    assert (asked, room.said) == (False, [])
