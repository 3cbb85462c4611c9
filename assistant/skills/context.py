"""What a box gives its skills."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import tzinfo
from pathlib import Path

from assistant.home.executor import HomeExecutor
from assistant.skills.hub_timers import HubTimers
from assistant.skills.localtime import local_zone
from assistant.skills.replies import Replies
from assistant.skills.rings import Rings
from assistant.skills.timekeeping import TimerBook
from assistant.skills.volume_control import VolumeControl
from common.faults import Faults


@dataclass(frozen=True)
class SkillContext:
    """What a box gives its skills.

    Attributes:
        replies: what the box says, in its language.
        executor: the devices, and what carries out commands to them.
        state: folder of what survives a restart; made when first needed.
        volume: the loudness of the box.
        timers: the timers of the box.
        hub_timers: those that a hub keeps, where there may be one.
        rings: what rings by itself; a skill adds what it keeps.
        zone: the zone alarms are meant in; the machine's own by default.
        understands: whether a sentence parses, for "turn off the light in ten minutes".
        faults: is told of what cannot be used or was lost.
        say_pairing_code: begins to say it in the room; None where nothing can be paired.
    """

    replies: Replies
    executor: HomeExecutor
    state: Path
    volume: VolumeControl
    timers: TimerBook
    hub_timers: HubTimers
    rings: Rings
    zone: tzinfo = field(default_factory=local_zone)
    understands: Callable[[str], bool] = lambda _text: True
    faults: Faults = field(default_factory=Faults)
    say_pairing_code: Callable[[], None] | None = None
