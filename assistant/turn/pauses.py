"""The pauses that one speaker makes inside sentences, compared with the usual ones."""

from __future__ import annotations

from collections import deque

#: 90th percentile of the longest pause inside 150 recorded commands of many speakers, in ms; see
#: `endpointing.EndpointingSettings`. A speaker with such pauses needs no longer waits.
USUAL_MS = 150
#: Shorter silences, in ms, are no pauses: closures of consonants, soft syllables.
SHORTEST_PAUSE_MS = 64
#: Number of pauses that is needed before the stretch may differ from 1.
_ENOUGH = 8
_KEPT = 32
_MOST = 2.0


class Pauses:
    """Learns from each sentence; its only state is the last 32 pauses."""

    def __init__(self) -> None:
        self._heard: deque[int] = deque(maxlen=_KEPT)

    def add(self, pause_ms: int) -> None:
        """A sentence continued after a pause of `pause_ms`."""
        self._heard.append(pause_ms)

    @property
    def stretch(self) -> float:
        """Factor on the waits for this speaker, 1 to 2: the 90th percentile of the pauses / the usual one."""
        if len(self._heard) < _ENOUGH:
            return 1.0
        long = sorted(self._heard)[int(0.9 * (len(self._heard) - 1))]
        return min(_MOST, max(1.0, long / USUAL_MS))
