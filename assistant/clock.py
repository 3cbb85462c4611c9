"""The time of day of the box, with a report if the clock is set."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta

log = logging.getLogger(__name__)

#: Smallest change that counts as a step. A clock that is slewed changes by at most 500 ppm (adjtimex(2)): 1 s
#: between two readings takes 33 minutes, and the box reads the clock twice a second.
STEP = timedelta(seconds=1)


def _local_now() -> datetime:
    return datetime.now().astimezone()


def _steady_s() -> float:
    # CLOCK_BOOTTIME also counts while the machine is suspended.
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class BoxClock:
    """Gives the local time. If the clock was set, `on_step` is called before the new time is returned.

    A small computer has no battery-backed clock. After a start its clock continues from the time at which it
    was switched off, and steps by hours when the network gives the time. Calls may come from any thread.

    Args:
        on_step: called with how far the clock was set, positive for forwards. It must not call the clock.
        now: gives the time of day, time-zone aware.
        steady_s: gives the seconds of a clock that cannot be set.
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
        """The local time, time-zone aware."""
        with self._lock:
            then, then_s = self._last
            now, now_s = self._last = self._now(), self._steady_s()
            step = now - then - timedelta(seconds=now_s - then_s)
            if abs(step) > STEP:
                log.info("the clock was set by %+.0f s", step.total_seconds())
                self._on_step(step)
            return now
