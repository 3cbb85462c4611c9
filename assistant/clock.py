"""The box's time of day, which notices when it is set."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta

log = logging.getLogger(__name__)

#: A clock that is only slewed moves by at most 500 ppm (adjtimex(2)), 1 s in 33 minutes without a look at it;
#: the box looks twice a second.
STEP = timedelta(seconds=1)


def _local_now() -> datetime:
    return datetime.now().astimezone()


def _steady_s() -> float:
    # Goes on while the machine is suspended, as time does.
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class BoxClock:
    """Gives the local time; before it gives one behind a step, those who wait by it have been told.

    A small computer has no clock of its own: until the network tells it the time it goes on from when it was
    switched off, and then steps by hours. Calls may come from any thread.

    Args:
        on_step: told by how far the clock was set, forwards positive. It must not ask the clock.
        now: the time of day (aware).
        steady_s: seconds that nobody sets.
    """

    def __init__(
        self,
        on_step: Callable[[timedelta], None],
        now: Callable[[], datetime] = _local_now,
        steady_s: Callable[[], float] = _steady_s,
    ) -> None:
        self._on_step = on_step
        self._now = now
        self._steady_s = steady_s
        self._lock = threading.Lock()
        self._last = (now(), steady_s())

    def __call__(self) -> datetime:
        """The local time."""
        with self._lock:
            then, then_s = self._last
            now, now_s = self._last = self._now(), self._steady_s()
            step = now - then - timedelta(seconds=now_s - then_s)
            if abs(step) > STEP:
                log.info("the clock was set by %+.0f s", step.total_seconds())
                self._on_step(step)
            return now
