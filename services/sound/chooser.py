"""Reads the devices of the sound server, measures new ones, chooses, and makes the choice the default."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from services.sound.choose import Choice, Device, Observations, Wish, choose
from services.sound.graph import devices
from services.sound.measure import listen_to_all
from services.sound.programs import dump, set_default
from services.sound.reading import Health, MicReading
from services.sound.report import as_table, write
from services.sound.wish import read_wish

log = logging.getLogger(__name__)

#: Seconds until a dead or faulty microphone is measured again: somebody may have unmuted it, and a good one
#: may seem faulty on a busy machine.
AGAIN_S = (15.0, 30.0, 60.0, 120.0, 300.0, 600.0)


@dataclass(frozen=True)
class _Scene:
    """What the choice depends on; while it is unchanged, the choice is too."""

    microphones: tuple[Device, ...]
    speakers: tuple[Device, ...]
    wish: Wish
    problems: tuple[str, ...]


class Chooser:
    """Keeps the box on its best microphone and loudspeaker.

    Args:
        folder: where `choice.json` goes.
        settings: the folder of the owner's settings.
        listen: measures microphones; see `measure.listen_to_all`.
    """

    def __init__(
        self,
        folder: Path,
        settings: Path,
        listen: Callable[[Sequence[Device]], Mapping[Device, MicReading]] = listen_to_all,
    ) -> None:
        self._file = folder / "choice.json"
        self._settings = settings
        self._listen = listen
        self._scene: _Scene | None = None
        self._choice: Choice | None = None
        self._heard: dict[Device, MicReading] = {}
        self._looked_again = 0
        self._next_look: float | None = None

    def look(self, now: float, *, changed: bool) -> None:
        """Read the devices and the settings, and choose anew if they have changed.

        Args:
            now: seconds of a monotonic clock.
            changed: whether the sound server told of anything since the last look; when not, it is asked
                only where the owner's settings are new, or a microphone is to be listened to again.

        Raises:
            Unavailable: the sound server does not answer.
            OSError: the report cannot be written.
        """
        wish, problems = read_wish(self._settings)
        again = self._next_look is not None and now >= self._next_look
        old = self._scene
        if old is not None and (wish, problems) == (old.wish, old.problems) and not (changed or again):
            return
        microphones, speakers = devices(dump())
        scene = _Scene(microphones, speakers, wish, problems)
        if scene != self._scene:
            self._looked_again = 0
        elif again:
            self._looked_again += 1
        else:
            return
        self._measure(microphones, again)
        seen = Observations(tuple((m, self._heard[m]) for m in microphones), speakers)
        choice = choose(seen, wish, self._choice)
        self._next_look = None
        if not choice.settled:
            self._next_look = now + AGAIN_S[min(self._looked_again, len(AGAIN_S) - 1)]
        if self._choice is None or choice.reason != self._choice.reason:
            log.info("%s", choice.reason)
        if choice.microphone:
            set_default("source", choice.microphone.name)
        if choice.speaker:
            set_default("sink", choice.speaker.name)
        if scene != self._scene:
            for problem in problems:
                log.warning("%s", problem)
        write(self._file, as_table(choice, seen, problems, time.time()))
        self._scene, self._choice = scene, choice

    @property
    def has_card(self) -> bool:
        """Whether there is a microphone or a loudspeaker."""
        return self._choice is not None and bool(self._choice.microphone or self._choice.speaker)

    def wait_s(self, now: float, most: float) -> float:
        """Seconds until `look` is due without any change, at most `most`."""
        return most if self._next_look is None else min(most, max(0.0, self._next_look - now))

    def _measure(self, microphones: Sequence[Device], again: bool) -> None:
        known = {
            device: heard
            for device, heard in self._heard.items()
            if device in microphones and not (again and heard.health < Health.ALIVE)
        }
        fresh = [device for device in microphones if device not in known]
        self._heard = {**known, **(self._listen(fresh) if fresh else {})}
