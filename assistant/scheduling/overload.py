"""Errors of jobs that are not run, and when to come back."""

from __future__ import annotations

import math

from common.errors import Unavailable

#: Bounds of what a caller is told, in seconds.
_SOONEST_S, _LATEST_S = 1, 60


class Overloaded(Unavailable):
    """There is more to do than the devices can; the caller may come back later.

    Attributes:
        retry_after_s: seconds after which there is space again, by the work that waits now.
    """

    default_code = "serving.overloaded"

    def __init__(self, why: str, work_s: float) -> None:
        self.retry_after_s = min(_LATEST_S, max(_SOONEST_S, math.ceil(work_s)))
        unit = "second" if self.retry_after_s == 1 else "seconds"
        super().__init__(why, hint=f"try again in {self.retry_after_s} {unit}")


def no_device(kind: str) -> Unavailable:
    """The error of a job that no device can run."""
    return Unavailable(
        f"no device can run this {kind} job any more",
        hint="see `sotto hardware` for what is there; the processor takes every model that is installed",
        code="serving.no-device",
    )
