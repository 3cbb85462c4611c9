"""Puts the skills of a box together."""

from __future__ import annotations

from collections.abc import Callable
from datetime import tzinfo
from pathlib import Path

from assistant.home.executor import HomeExecutor
from assistant.skills.alarm_book import AlarmBook
from assistant.skills.alarms import AlarmSkill
from assistant.skills.base import Skills
from assistant.skills.clock import ClockSkill
from assistant.skills.home_control import HomeControlSkill
from assistant.skills.home_questions import HomeQuestionSkill
from assistant.skills.hub_timers import HubTimers
from assistant.skills.localtime import local_zone
from assistant.skills.pairing import PairingSkill
from assistant.skills.talk import TalkSkill
from assistant.skills.timekeeping import TimerBook
from assistant.skills.timers import TimerSkill
from assistant.skills.volume import VolumeControl, VolumeSkill

#: Our own sentences: `en/*.yaml`, one folder a language.
SENTENCES = Path(__file__).with_name("sentences")


def build_skills(
    executor: HomeExecutor,
    state_dir: Path,
    volume: VolumeControl,
    zone: tzinfo | None = None,
    understands: Callable[[str], bool] = lambda _text: True,
    timers: TimerBook | None = None,
    hub_timers: HubTimers | None = None,
    say_pairing_code: Callable[[], None] | None = None,
) -> Skills:
    """All skills, with the timers and alarms that were left from last time.

    Args:
        executor: the devices, and what carries out commands to them.
        state_dir: where `timers.json` and `alarms.json` lie; made when first needed.
        volume: the loudness of the box.
        zone: the zone alarms are meant in; the machine's own by default.
        understands: whether a sentence parses, for "turn off the light in ten minutes".
        timers: the book, where others use it too.
        hub_timers: those that a hub keeps, where there may be one.
        say_pairing_code: begins to say it in the room; None where nothing can be paired.
    """
    timers = timers or TimerBook(state_dir / "timers.json")
    alarms = AlarmBook(state_dir / "alarms.json", zone or local_zone())
    hub_timers = hub_timers or HubTimers()
    rings = (alarms, timers, hub_timers)
    return Skills(
        (
            HomeControlSkill(executor),
            HomeQuestionSkill(executor),
            TimerSkill(timers, rings, understands),
            AlarmSkill(alarms, timers, hub_timers),
            ClockSkill(),
            VolumeSkill(volume),
            TalkSkill(rings),
            PairingSkill(say_pairing_code),
        ),
        rings,
    )
