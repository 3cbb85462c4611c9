"""How often a turn is recognised while it is heard: bounded by a setting and by the speed of the machine."""

from __future__ import annotations

#: Recognitions during speech take at most this part of the time.
_SHARE = 0.25
#: Recognitions in short silences take at most this part: the silence may be the end, where latency counts.
_SHARE_IN_SILENCE = 0.5


class PartialPace:
    """Decides from the cost of the recognitions so far; its only state is their running mean.

    Args:
        every_ms: shortest time between two recognitions during speech; 0 for none.
    """

    def __init__(self, every_ms: int) -> None:
        self._every_ms = every_ms
        self._cost_ms: float | None = None

    def took(self, ms: float) -> None:
        """A recognition took `ms` milliseconds."""
        self._cost_ms = ms if self._cost_ms is None else 0.7 * self._cost_ms + 0.3 * ms

    def affords(self, since_ms: int) -> bool:
        """Whether there is time for a recognition in a short silence, `since_ms` after the last one.

        Most silences of 30 ms are the closure of a consonant: there are nine a second in quick speech.
        """
        return self._cost_ms is None or since_ms >= self._cost_ms / _SHARE_IN_SILENCE

    def is_due(self, since_ms: int) -> bool:
        """Whether a recognition during speech is due, `since_ms` of speech after the last one or the onset.

        Before the first cost is known none is due: on a slow machine it would delay the utterance.
        """
        if self._every_ms <= 0 or self._cost_ms is None:
            return False
        return since_ms >= max(self._every_ms, self._cost_ms / _SHARE)
