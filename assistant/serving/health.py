"""Whether an engine may answer for a model: trusted, left, or proving itself. Pure; time is passed in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

#: Seconds after which an engine that was left may prove itself, and the longest that it grows to by doubling.
FIRST_WAIT_S = 60.0
LONGEST_WAIT_S = 86_400.0
#: An engine that was trusted for so long (seconds) begins anew with the first wait.
FORGIVEN_S = 6 * 3600.0
#: Threads that hang in an engine. Each holds its memory until the process ends; then none is risked any more.
MOST_HUNG = 4
#: The shortest deadline of a call, in seconds. The longest call on the default engine, the encoder with 30 s
#: of sound, takes 0.17 s on a core of an x86-64 server (median of 7), ten times that on a small computer.
LEAST_DEADLINE_S = 2.0
#: A deadline is so many times what the sample takes on the default engine; 30 s of sound take 22 times that.
_PATIENCE = 50.0


class Standing(StrEnum):
    """What an engine may do for a model."""

    #: It answers.
    TRUSTED = "trusted"
    #: The default engine answers.
    LEFT = "left"
    #: The default engine answers; the other one is being tried.
    PROVING = "proving"


class Why(StrEnum):
    """Why an engine was left."""

    FAILED = "failed"
    HANGS = "hangs"
    WRONG = "wrong"
    UNOPENED = "cannot-be-opened"


@dataclass(frozen=True)
class Health:
    """One engine for one model.

    Attributes:
        standing: what it may do.
        since_s: when that began.
        why: why it was left the last time; None if it never was.
        reason: in words.
        leaves: how often in a row it was left.
    """

    standing: Standing = Standing.PROVING
    since_s: float = 0.0
    why: Why | None = None
    reason: str = ""
    leaves: int = 0

    def trusted(self, now_s: float) -> Health:
        """It has shown that it is right."""
        return replace(self, standing=Standing.TRUSTED, since_s=now_s)

    def left(self, why: Why, reason: str, now_s: float) -> Health:
        """It has failed."""
        forgiven = self.standing is Standing.TRUSTED and now_s - self.since_s >= FORGIVEN_S
        leaves = 1 if forgiven else self.leaves + 1
        return Health(Standing.LEFT, now_s, why, reason, leaves)

    def proving(self, now_s: float) -> Health:
        """It is being tried."""
        return replace(self, standing=Standing.PROVING, since_s=now_s)

    @property
    def wait_s(self) -> float:
        """Seconds from when it was left until it may prove itself."""
        # Bounded before it is raised: a float ends at two to the power of 1024.
        return min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** min(self.leaves - 1, 32))

    def may_prove(self, now_s: float, hung: int) -> bool:
        """Whether it may be tried now.

        Args:
            hung: threads of this process that hang in an engine.
        """
        if hung >= MOST_HUNG:
            return False
        return self.standing is not Standing.LEFT or now_s - self.since_s >= self.wait_s


def deadline_s(sample_s: float) -> float:
    """How long one call may take.

    Args:
        sample_s: what the model's sample takes on the default engine.
    """
    return max(LEAST_DEADLINE_S, _PATIENCE * sample_s)
