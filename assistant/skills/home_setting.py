"""Setting a device to a number: within its range, on one of its steps."""

from __future__ import annotations

import math
from collections.abc import Callable

from assistant.home.commands import EFFECTS
from assistant.home.executor import Command
from assistant.home.model import Device
from assistant.home.state import takes, value_range
from assistant.skills.contract import Reply
from assistant.skills.home_skill import HomeSkill
from assistant.skills.lines import line
from assistant.skills.selection import Selection

_SET_TO = line("home.set_to", "what", "value")
_PERCENT = line("home.percent", "percent")
_KELVIN = line("home.kelvin", "kelvin")
_DEGREES = line("home.degrees", "degrees")
_OUT_OF_RANGE = line("home.out_of_range", "low", "high", "value")


class HomeSettingSkill(HomeSkill):
    """What skills share that set a number."""

    def _set(
        self,
        chosen: Selection,
        command: Command,
        value: float,
        said: Callable[[float], str],
        near: bool = False,
    ) -> Reply:
        """Set a number, of each device the nearest that it takes.

        Args:
            chosen: whose; those that cannot do it are left alone.
            command: with the value.
            value: that was asked for.
            said: how a value is said.
            near: take the nearest value out of the range of a device, too, which is refused otherwise.
        """
        unit = self._executor.home.unit
        able = self._able(chosen, command)
        for device in able:
            if not near and not takes(device, command, value, unit):
                bounds = value_range(device, command, unit)
                high = said(bounds.maximum)
                return Reply(self._text(_OUT_OF_RANGE, low=bounds.minimum, high=high, value=value), ok=False)
        acts = tuple(self._act(device, command, self._near(device, command, value)) for device in able)
        return Reply(self._set_to(chosen, said(self._near(able[0], command, value))), acts)

    def _near(self, device: Device, command: Command, value: float) -> float:
        """The value nearest to `value` that a device takes; whole numbers, but of degrees."""
        unit = self._executor.home.unit
        if value == 0 and takes(device, command, value, unit):
            return 0
        bounds = value_range(device, command, unit)
        nearest = bounds.nearest(value)
        if not EFFECTS[command].whole:
            return nearest
        # A share above nothing never becomes nothing: "10 percent" does not turn a fan of three speeds off.
        return round(nearest) or math.ceil(bounds.step or 1) if value > 0 else round(nearest)

    def _percent(self, percent: float) -> str:
        return self._text(_PERCENT, percent=percent)

    def _kelvin(self, kelvin: float) -> str:
        return self._text(_KELVIN, kelvin=kelvin)

    def _degrees(self, degrees: float) -> str:
        return self._text(_DEGREES, degrees=degrees)

    def _set_to(self, chosen: Selection, value: str) -> str:
        return self._text(_SET_TO, what=chosen.phrase, value=value)
