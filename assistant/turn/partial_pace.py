"""How often to recognise while somebody speaks: as often as is useful, and as this machine can afford."""

from __future__ import annotations

#: One recognition costs at most this part of the time from one to the next.
_SHARE = 0.25
#: And one that a silence asks for: it may be the end, where every millisecond is waited for.
_SHARE_IN_SILENCE = 0.5


class PartialPace:
    """Decides by what recognitions have cost so far; pure but for that memory.

    Args:
        every_ms: the shortest time between two; 0 for none at all.
    """

    def __init__(self, every_ms: int) -> None:
        self._every_ms = every_ms
        self._cost_ms: float | None = None

    def took(self, ms: float) -> None:
        """A recognition took so long."""
        self._cost_ms = ms if self._cost_ms is None else 0.7 * self._cost_ms + 0.3 * ms

    def affords(self, since_ms: int) -> bool:
        """Whether one may be made that a short silence asks for, `since_ms` after the last one.

        Most silences of 30 ms are the closure of a consonant: nine a second were seen in quick speech.
        """
        return self._cost_ms is None or since_ms >= self._cost_ms / _SHARE_IN_SILENCE

    def is_due(self, since_ms: int) -> bool:
        """Whether the next is due, `since_ms` of speech after the last one or the beginning.

        None is made before the first cost is known: on a slow machine it would come in the sentence's way.
        """
        if self._every_ms <= 0 or self._cost_ms is None:
            return False
        return since_ms >= max(self._every_ms, self._cost_ms / _SHARE)
