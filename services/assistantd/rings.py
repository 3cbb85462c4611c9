"""Rings timers and alarms: waits for the next one, and announces it until it is silenced."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import datetime
from functools import partial

from assistant.events import EventBus, EventKind
from assistant.skills.registry import Skills
from assistant.skills.rings import Ring
from assistant.turn.dialogue import Dialogue

log = logging.getLogger(__name__)

#: Seconds between two announcements of what still rings.
INTERVAL_S = 6.0
#: Longest sleep: a changed system clock or a new timer is noticed within this many seconds.
NAP_S = 0.5


class RingLoop:
    """A thread that announces timers and alarms when they are due.

    Args:
        skills: know what is due and what still rings.
        dialogue: executes a delayed command ("turn off the light in ten minutes").
        announce: speaks a text with a chime; False while the box is busy listening or speaking.
        bus: where `ring` events go.
        now: the current local time.
    """

    def __init__(
        self,
        skills: Skills,
        dialogue: Dialogue,
        announce: Callable[[str], bool],
        bus: EventBus,
        now: Callable[[], datetime],
    ) -> None:
        self._skills = skills
        self._dialogue = dialogue
        self._announce = announce
        self._bus = bus
        self._now = now
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="rings", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread; timers and alarms that are due later stay on disk."""
        self._stop.set()
        self._thread.join(5)

    def _run(self) -> None:
        while not self._stop.wait(self._pause()):
            try:
                for ring in self._skills.rings.due(self._now()):
                    self._begin(ring)
                if self._skills.rings.ringing(self._now()):
                    self._sound()
            except Exception:
                # A fault in one ring must not silence all later ones.
                log.exception("ringing failed")
                self._stop.wait(NAP_S)

    def _pause(self) -> float:
        following = self._skills.rings.next_due()
        if following is None:
            return NAP_S
        return min(NAP_S, max(0.01, (following - self._now()).total_seconds()))

    def _begin(self, ring: Ring) -> None:
        self._bus.publish(
            EventKind.RING, what=ring.kind.value, name=ring.name, text=ring.text, late=ring.late
        )
        if ring.command is not None and not ring.late:
            self._say(self._dialogue.respond(ring.command).reply.text)
        elif ring.command is not None:
            self._say(ring.text)

    def _sound(self) -> None:
        """Announce everything that rings, then wait."""
        texts = dict.fromkeys(ring.text for ring in self._skills.rings.ringing(self._now()) if ring.text)
        for text in texts:
            self._say(text, partial(self._still_rings, text))
        self._stop.wait(INTERVAL_S)

    def _still_rings(self, text: str) -> bool:
        return any(ring.text == text for ring in self._skills.rings.ringing(self._now()))

    def _say(self, text: str, wanted: Callable[[], bool] = lambda: True) -> None:
        """Announce it when the box neither listens nor answers: what it hears may silence the ring."""
        while text and not self._stop.is_set() and wanted():
            if self._announce(text):
                self._skills.said(text)
                return
            self._stop.wait(0.25)
