"""Limits what a WebSocket may carry beside its messages; time is passed in.

RFC 6455 bounds the size of a control frame, but neither their number nor that of the frames of a message.
"""

from __future__ import annotations

#: Control frames a second, and at once. Clients ping every few seconds.
PER_S = 10.0
BURST = 40.0
#: Frames of one message; clients send one.
MAX_FRAGMENTS = 1024


class FrameLimit:
    """Counts the frames of one connection.

    Args:
        now: seconds of a clock that never goes back.
    """

    def __init__(self, now: float) -> None:
        self._left = BURST
        self._at = now
        self._fragments = 0

    def control(self, now: float) -> bool:
        """Whether one more ping or pong is within the limit."""
        self._left = min(BURST, self._left + (now - self._at) * PER_S) - 1.0
        self._at = now
        if self._left < 0.0:
            self._left = 0.0
            return False
        return True

    def fragment(self, *, last: bool) -> bool:
        """Whether one more frame of the current message is within the limit."""
        self._fragments += 1
        within = self._fragments <= MAX_FRAGMENTS
        if last:
            self._fragments = 0
        return within
