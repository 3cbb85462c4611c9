"""The values that a device takes, and what of a command lies outside of them. Pure."""

from __future__ import annotations

import math
from dataclasses import replace

from assistant.home.commands import EFFECTS, PERCENT
from assistant.home.executor import Action
from assistant.home.model import Device, Range
from services.hubs.driver import HubRefused

_MILLION = 1_000_000


def within(device: Device, action: Action) -> Action:
    """`action` as `device` takes it: its temperature on a step of the device.

    The steps of percentages stay to the hub, because no share of one may become nothing.

    Raises:
        HubRefused: the value lies outside of the device's range.
    """
    effect = EFFECTS[action.command]
    # Of degrees and kelvins that a hub has not said anything else about it knows better.
    usual = PERCENT if effect.takes == "number" and effect.usual is PERCENT else None
    limit = device.ranges.get(effect.ranged, usual)
    value = action.value
    off = value == 0 and effect.off_at_zero
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
