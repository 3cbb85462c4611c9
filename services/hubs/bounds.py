"""The values that a device takes, and what of a command lies outside of them. Pure."""

from __future__ import annotations

import math
from dataclasses import replace

from assistant.home.executor import Action, Command
from assistant.home.model import Device, Range
from assistant.home.state import OFF_AT_ZERO, PERCENT, RANGE_OF
from services.hubs.driver import HubRefused

_MILLION = 1_000_000
#: What a command takes that a hub has not said anything else about; of degrees and kelvins it knows better.
_USUAL = dict.fromkeys((Command.SET_BRIGHTNESS, Command.SET_POSITION, Command.SET_SPEED), PERCENT)


def within(device: Device, action: Action) -> Action:
    """`action` as `device` takes it: its temperature on a step of the device.

    The steps of percentages stay to the hub, because no share of one may become nothing.

    Raises:
        HubRefused: the value lies outside of the device's range.
    """
    usual = _USUAL.get(action.command)
    limit = device.ranges.get(RANGE_OF.get(action.command, ""), usual)
    value = action.value
    off = value == 0 and action.command in OFF_AT_ZERO
    if limit is None or value is None or isinstance(value, str) or off:
        return action
    if value not in limit:
        raise HubRefused(f"the {device.name} takes values from {limit.minimum:g} to {limit.maximum:g}")
    return action if usual is not None else replace(action, value=limit.nearest(value))


def kelvins(low: float, high: float) -> Range:
    """A range of colour temperatures.

    A bound that is less than a mired inside of a round hundred is that hundred: a lamp of 370 mireds, which
    is 2703 K, takes 2700 K.

    Raises:
        ValueError: no value fits.
    """
    below, above = math.floor(low / 100) * 100, math.ceil(high / 100) * 100
    return Range(
        below if below > 0 and _MILLION / below - _MILLION / low < 1 else round(low),
        above if high > 0 and _MILLION / high - _MILLION / above < 1 else round(high),
    )
