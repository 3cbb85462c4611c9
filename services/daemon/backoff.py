"""When to try again: soon at first, then less and less often. Pure."""

from __future__ import annotations

#: Seconds before the first further try, and at most between two.
FIRST_S, LONGEST_S = 1.0, 60.0
#: A hub that refused the box will refuse it again until its settings change; some hubs lock out a client that
#: insists.
REFUSED_S = 300.0
#: A connection that lasted so many seconds was good: the count of failures begins again.
GOOD_S = 30.0


def delay_s(failures: int, refused: bool, jitter: float) -> float:
    """Seconds until the next try.

    Args:
        failures: tries in a row that failed, from 1.
        refused: the hub was there and did not take us.
        jitter: between 0 and 1; spreads the tries of many boxes over half the time.
    """
    longest = REFUSED_S if refused else min(LONGEST_S, FIRST_S * 2.0 ** min(failures - 1, 16))
    return longest * (0.5 + 0.5 * jitter)


def failures_after(failures: int, held_s: float) -> int:
    """Failures in a row, when a connection that held for `held_s` seconds ends."""
    return 1 if held_s >= GOOD_S else failures + 1
