"""What the assistant needs the machine for: the phase of the conversation, and whether onsets can be
believed.

A boost begins at speech onset, before anybody knows whether the box is meant. A television speaks all
evening, so onsets that no wake word confirmed cost credit; without credit the boost waits for the wake word.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Phase(StrEnum):
    """The phase of the conversation; the value is the name on D-Bus."""

    IDLE = "idle"
    SPEECH = "speech"
    THINKING = "thinking"
    SPEAKING = "speaking"


#: Unconfirmed onsets that are believed in a row.
CREDIT = 8.0
#: Seconds after which one more is believed: at two seconds a boost, some 7 % of the time at most.
CREDIT_S = 30.0


@dataclass(frozen=True)
class Demand:
    """The phase and since when, in seconds of a clock that never goes back.

    Attributes:
        believed: this onset may raise the clocks before a wake word confirms it.
        credit: unconfirmed onsets that are still believed, as of `since`.
        quiet_since: when the last phase that was believed ended; has no meaning during one.
    """

    phase: Phase = Phase.IDLE
    since: float = 0.0
    believed: bool = True
    credit: float = CREDIT
    quiet_since: float = 0.0

    @property
    def is_quiet(self) -> bool:
        """Whether there is no phase that the box believes to be meant for it."""
        return self.phase is Phase.IDLE or not self.believed

    def report(self, phase: Phase, now: float) -> Demand:
        """The demand after the assistant reported `phase` at `now`; saying the same again renews it."""
        credit = min(CREDIT, self.credit + max(0.0, now - self.since) / CREDIT_S)
        quiet = self.quiet_since if self.is_quiet else now
        if phase is not Phase.SPEECH:
            if phase is Phase.THINKING and self.phase is Phase.SPEECH and self.believed:
                credit = min(CREDIT, credit + 1.0)  # it was meant
            return Demand(phase, now, True, credit, quiet)
        if self.phase is Phase.SPEECH and now - self.since < 1.0:
            return self  # not renewed: a boost cannot be had for longer by asking more often
        believed = credit >= 1.0
        return Demand(phase, now, believed, credit - 1.0 if believed else credit, quiet)
