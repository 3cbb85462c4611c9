"""What a recording shows about a microphone."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

#: The lowest level that is reported; digital silence has no finite one.
SILENCE_DBFS = -100.0


class Health(IntEnum):
    """How usable an input is, worst first."""

    #: No sound comes at all: broken, busy, or nothing is known of it.
    NOTHING = 0
    #: Its samples never change: muted by a switch, not connected, dead.
    STUCK = 1
    #: It gives sound, with a fault that makes understanding unlikely.
    FLAWED = 2
    ALIVE = 3


@dataclass(frozen=True)
class MicReading:
    """A recording, judged.

    Attributes:
        health: what it is worth.
        words: why, in words: "alive, noise floor -62 dBFS".
        noise_dbfs: its quiet parts (10th percentile of 10 ms frames), without the offset; the best channel's.
        peak: largest sample as a part of full scale, 0 to 1.
        clipped: the part of samples at the end of the scale, 0 to 1.
        offset: largest constant offset of a channel as a part of full scale.
        rate_hz: samples a second that arrived; 0 where it could not be told.
        channels: how many were recorded.
        distinct: how many of them differ from all others and are not stuck.
    """

    health: Health
    words: str
    noise_dbfs: float = SILENCE_DBFS
    peak: float = 0.0
    clipped: float = 0.0
    offset: float = 0.0
    rate_hz: float = 0.0
    channels: int = 0
    distinct: int = 0


def nothing_heard(why: str) -> MicReading:
    """The reading of an input that gave no sound, for the reason `why`."""
    return MicReading(Health.NOTHING, why)
