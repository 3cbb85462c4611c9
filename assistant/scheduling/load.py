"""The load of a device: its busy share within the last seconds. Time is passed in."""

from __future__ import annotations

#: Long enough that one utterance (some 200 ms on two cores) does not fill it, short enough that a burst
#: shows within a breath.
WINDOW_S = 5.0
#: The window is kept in so many parts. Only of the oldest part it is unknown when it was busy, so the share
#: is off by at most 1 / `PARTS`.
PARTS = 20


class BusyShare:
    """The busy share of a device with `slots` slots, from when its jobs began and ended.

    It needs the same memory however long it runs. A time before the last one counts as the last one.

    Args:
        slots: jobs that the device runs at once.
        now: when it begins; before that the device was idle.
        window_s: length of the window, in seconds.
    """

    def __init__(self, slots: int, now: float, window_s: float = WINDOW_S) -> None:
        self._capacity = slots * window_s
        self._part_s = window_s / PARTS
        #: Busy seconds of all slots, by parts: the newest is the last one, and still grows.
        self._parts = [0.0] * (PARTS + 1)
        self._sum = 0.0
        self._part_began = now
        self._now = now
        self._running = 0

    @property
    def running(self) -> int:
        """Jobs that are running."""
        return self._running

    def began(self, now: float) -> None:
        """A job has begun."""
        self._advance(now)
        self._running += 1

    def ended(self, now: float) -> None:
        """A job has ended."""
        self._advance(now)
        self._running -= 1

    def share(self, now: float) -> float:
        """The busy share, 0 to 1."""
        self._advance(now)
        # The newest part is not over, so the window still reaches into the oldest.
        gone = (self._now - self._part_began) / self._part_s
        return min(1.0, max(0.0, (self._sum - gone * self._parts[0]) / self._capacity))

    def _advance(self, now: float) -> None:
        if now <= self._now:
            return
        part = self._part_s
        missed = int((now - self._part_began) / part)
        if missed:
            self._parts[-1] += self._running * (self._part_began + part - self._now)
            whole = min(missed - 1, PARTS + 1)
            self._parts = [*self._parts, *[self._running * part] * whole, 0.0][-PARTS - 1 :]
            self._part_began += missed * part
            # The sum could end beyond `now` by a rounding error.
            self._part_began = min(self._part_began, now)
            self._now = self._part_began
        self._parts[-1] += self._running * (now - self._now)
        self._sum = sum(self._parts)
        self._now = now
