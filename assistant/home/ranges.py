"""The values that a device takes."""

from __future__ import annotations

import math
from dataclasses import dataclass

#: What a range may be of, named as Home Assistant names it: "color_temp" in kelvin, "temperature" of a
#: heating in the home's unit, "percentage" the speed of a fan, "humidity" in percent, "value" of a number.
RANGED = ("brightness", "color_temp", "humidity", "percentage", "position", "temperature", "value")


@dataclass(frozen=True)
class Range:
    """The values that a device takes.

    Attributes:
        minimum, maximum: the lowest and the highest; both are taken.
        step: between two values, counted from the minimum; None if it takes any.

    Raises:
        ValueError: no value fits.
    """

    minimum: float
    maximum: float
    step: float | None = None

    def __post_init__(self) -> None:
        if not (math.isfinite(self.minimum) and math.isfinite(self.maximum)):
            raise ValueError("a range needs two finite bounds")
        if self.minimum > self.maximum:
            raise ValueError(f"{self.minimum:g} is more than {self.maximum:g}")
        if self.step is not None and not (math.isfinite(self.step) and self.step > 0):
            raise ValueError(f"{self.step:g} is no step")

    def __contains__(self, value: float) -> bool:
        return self.minimum <= value <= self.maximum

    def nearest(self, value: float) -> float:
        """The value that the device takes that is nearest to `value`; of two the higher one."""
        bounded = min(self.maximum, max(self.minimum, value))
        if self.step is None:
            return bounded
        last = math.floor((self.maximum - self.minimum) / self.step + 1e-6)
        steps = min(last, math.floor((bounded - self.minimum) / self.step + 0.5 + 1e-9))
        return round(self.minimum + steps * self.step, 6)
