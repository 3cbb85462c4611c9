"""What the box understands and says in English, and a box's context for its skills."""

from __future__ import annotations

from datetime import tzinfo
from pathlib import Path

from assistant.home.config import SAMPLE_HOME, load_home
from assistant.home.executor import HomeExecutor
from assistant.home.state import LocalHome
from assistant.skills.context import SkillContext
from assistant.skills.discovery import skill_modules
from assistant.skills.hub_timers import HubTimers
from assistant.skills.language import load_language
from assistant.skills.localtime import local_zone
from assistant.skills.replies import Replies
from assistant.skills.rings import Rings
from assistant.skills.timekeeping import TimerBook
from assistant.skills.volume_control import SavedVolume, VolumeControl

MODULES = skill_modules()
ENGLISH = load_language("en", MODULES)
REPLIES = ENGLISH.replies


def context(
    state: Path,
    executor: HomeExecutor | None = None,
    volume: VolumeControl | None = None,
    zone: tzinfo | None = None,
    replies: Replies = REPLIES,
) -> SkillContext:
    """What a box with its state in a folder gives its skills; the sample home by default."""
    timers, hub_timers = TimerBook(state / "timers.json", replies), HubTimers(replies)
    return SkillContext(
        replies,
        executor or LocalHome(load_home(SAMPLE_HOME), state / "home.json"),
        state,
        volume or SavedVolume(state / "volume.json"),
        timers,
        hub_timers,
        Rings((timers, hub_timers)),
        zone or local_zone(),
    )
