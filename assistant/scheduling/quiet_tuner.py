"""The tuner of the daemon: has the machine measured in the quiet, and ends that when somebody speaks."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from assistant.events import Event, EventKind
from assistant.scheduling.quiet import Standing, Supply, when_to_tune
from assistant.scheduling.tuning import Tuning

_SOUNDS = (EventKind.ONSET, EventKind.STATE, EventKind.TRANSCRIPT, EventKind.REPLY, EventKind.RING)
#: Seconds that a measurement gets to end when it is given up.
_END_S = 2.0


class QuietTuner:
    """Has the machine measured while nobody speaks, and takes the figures over.

    A model whose measurement is given up because somebody is heard is measured anew in the next quiet; what
    was measured before is kept.

    Args:
        tuning: the figures.
        measure: measures what has no figures, until it is done or its argument is set; called in a thread.
        supply: what the machine runs on now.
        enabled: False never measures; figures of other processes are taken over all the same.
        clock: seconds, of a clock that never steps.
    """

    def __init__(
        self,
        tuning: Tuning,
        measure: Callable[[threading.Event], Standing],
        supply: Callable[[], Supply] = Supply,
        *,
        enabled: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._tuning = tuning
        self._measure = measure
        self._supply = supply
        self._enabled = enabled
        self._clock = clock
        self._heard_at = clock()
        self._looked_at = 0.0
        self._standing = Standing.UNKNOWN
        self._given_up = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def standing(self) -> Standing:
        """How the last measurement ended."""
        return self._standing

    def follow(self, event: Event) -> None:
        """An event of the assistant: with every sound the measurement is given up."""
        if event.kind in _SOUNDS:
            self._heard_at = self._clock()
            self._given_up.set()

    def poll(self) -> None:
        """Take new figures over, and begin to measure if it is time; call it every second or so."""
        self._tuning.poll()
        if not self._enabled or (self._thread is not None and self._thread.is_alive()):
            return
        situation = (self._clock(), self._heard_at, self._standing, self._looked_at)
        # The supply is asked last, because it is read from the kernel.
        if not when_to_tune(*situation, Supply()) or not when_to_tune(*situation, self._supply()):
            return
        self._given_up.clear()
        self._thread = threading.Thread(target=self._measured, name="tuning", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Give up what is being measured."""
        self._enabled = False
        self._given_up.set()
        if self._thread is not None:
            self._thread.join(_END_S)

    def _measured(self) -> None:
        self._standing = self._measure(self._given_up)
        self._looked_at = self._clock()
