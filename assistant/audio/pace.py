"""Estimates the capture time of a sample from the arrival times of frames."""

from __future__ import annotations

#: Largest relative drift between the sound card's clock and the machine's: 200 ppm; crystals stay well below
#: it.
MAX_DRIFT = 2e-4


class Pace:
    """Maps stream positions to the machine's clock.

    A frame cannot arrive before it was captured, but it may wait in a queue while the conversation is busy.
    The arrival that is earliest relative to its position is therefore the best estimate of when the stream
    began. Without it, a busy box would count its own queueing as time of the speaker.

    Args:
        rate: sample rate in Hz.
    """

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._origin: float | None = None
        self._last = 0

    def captured_at(self, position: int, arrived: float) -> float:
        """The time at which the sample before `position` was captured, in seconds on the clock of `arrived`.

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
