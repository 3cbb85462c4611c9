"""The pauses that one speaker makes inside sentences, and how much longer than usual they are."""

from __future__ import annotations

from collections import deque

#: The 90th percentile of the longest pause inside 150 recorded commands of many speakers, ms; see
#: `endpointing.EndpointingSettings`. Somebody whose pauses are like that needs no longer waits.
USUAL_MS = 150
#: Shorter silences are the grain of the voice activity: closures of consonants, a soft syllable.
SHORTEST_PAUSE_MS = 64
#: So many pauses must have been heard before they say anything about the speaker.
_ENOUGH = 8
_KEPT = 32
_MOST = 2.0


class Pauses:
    """Learns from each sentence; pure but for its memory of the last 32 pauses."""

    def __init__(self) -> None:
        self._heard: deque[int] = deque(maxlen=_KEPT)

    def add(self, pause_ms: int) -> None:
        """A sentence went on after so much silence."""
        self._heard.append(pause_ms)

    @property
    def stretch(self) -> float:
        """By what to multiply the waits for this speaker, from 1 to 2: the 90th percentile over the usual."""
        if len(self._heard) < _ENOUGH:
            return 1.0
        long = sorted(self._heard)[int(0.9 * (len(self._heard) - 1))]
        return min(_MOST, max(1.0, long / USUAL_MS))
