"""When a sample was captured, told from when frames arrive."""

from __future__ import annotations

#: How much a sound card's clock may run against the machine's; crystals stay well within this.
MAX_DRIFT = 2e-4


class Pace:
    """Maps stream positions to the machine's clock.

    Frames never arrive before they are captured, but they may wait in a queue while the conductor is
    busy; the earliest arrival seen, relative to its position, is therefore the best estimate of when
    the stream began. Without this, a busy box would report its own queueing as the user's.

    Args:
        rate: samples a second.
    """

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._origin: float | None = None
        self._last = 0

    def captured_at(self, position: int, arrived: float) -> float:
        """Time at which the sample before `position` was captured.

        Args:
            position: samples of the stream up to the end of the frame that has arrived.
            arrived: seconds, on any clock that only goes forward.
        """
        origin = arrived - position / self._rate
        if self._origin is None:
            self._origin = origin
        else:
            slack = (position - self._last) / self._rate * MAX_DRIFT
            self._origin = min(self._origin + slack, origin)
        self._last = position
        return self._origin + position / self._rate
