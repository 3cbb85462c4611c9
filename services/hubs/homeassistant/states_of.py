"""From states of Home Assistant to ours, one function for each kind of entity. Pure; they raise nothing.

Each takes the state as Home Assistant writes it ("on", "closed", "21.5", ...), the attributes of that state
and the device class.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assistant.home import binary
from assistant.home.model import DeviceState
from services.hubs.colors import nearest
from services.hubs.values import degrees, flag, measured, number, percent_of, text, whole

Attributes = Mapping[str, Any]

COLOR_MODES = frozenset({"hs", "rgb", "rgbw", "rgbww", "xy"})
_FULL = 255
_ON = {"on": True, "off": False}
#: Characters of what plays.
_MAX_TITLE = 120


def nothing(_state: str, _attributes: Attributes, _device_class: str | None) -> DeviceState:
    """A scene or a button: when it was used last is no state of it."""
    return DeviceState()


def switch(state: str, _attributes: Attributes, _device_class: str | None) -> DeviceState:
    """On or off."""
    return DeviceState(on=_ON.get(state))


def light(state: str, attributes: Attributes, _device_class: str | None) -> DeviceState:
    """On or off, how bright, in which colour."""
    return DeviceState(
        on=_ON.get(state),
        brightness=percent_of(attributes.get("brightness"), _FULL),
        color=_color(attributes),
        color_temperature=whole(attributes.get("color_temp_kelvin"), 500, 20_000),
    )


def _color(attributes: Attributes) -> str | None:
    if text(attributes.get("color_mode")) not in COLOR_MODES:
        return None
    reported = attributes.get("hs_color")
    if not isinstance(reported, list) or len(reported) != 2:
        return None
    hue, saturation = number(reported[0], 0, 360), number(reported[1], 0, 100)
    return None if hue is None or saturation is None else nearest(hue, saturation)


def fan(state: str, attributes: Attributes, _device_class: str | None) -> DeviceState:
    """On or off, how fast."""
    return DeviceState(on=_ON.get(state), speed=whole(attributes.get("percentage"), 0, 100))


def cover(state: str, attributes: Attributes, _device_class: str | None) -> DeviceState:
    """How far it is open."""
    position = whole(attributes.get("current_position"), 0, 100)
    if position is None:
        position = {"open": 100, "closed": 0}.get(state)
    return DeviceState(position=position)


def lock(state: str, _attributes: Attributes, _device_class: str | None) -> DeviceState:
    """Locked or not."""
    return DeviceState(locked={"locked": True, "unlocked": False, "open": False}.get(state))


def _activity(state: str) -> str | None:
    return text(state) or None


def activity(state: str, _attributes: Attributes, _device_class: str | None) -> DeviceState:
    """What a vacuum, a lawn mower or an alarm panel does."""
    return DeviceState(activity=_activity(state))


def humidifier(state: str, attributes: Attributes, _device_class: str | None) -> DeviceState:
    """On or off, what it is set to and measures."""
    return DeviceState(
        on=_ON.get(state),
        target_humidity=whole(attributes.get("humidity"), 0, 100),
        current_humidity=whole(attributes.get("current_humidity"), 0, 100),
        mode=text(attributes.get("mode")) or None,
    )


def water_heater(state: str, attributes: Attributes, _device_class: str | None) -> DeviceState:
    """On or off, how it works, what it is set to and measures."""
    return DeviceState(
        on=state != "off",
        mode=text(attributes.get("operation_mode")) or None,
        target_temperature=degrees(attributes.get("temperature")),
        current_temperature=degrees(attributes.get("current_temperature")),
    )


def climate(state: str, attributes: Attributes, _device_class: str | None) -> DeviceState:
    """On or off, what it is set to and measures."""
    return DeviceState(
        on=state != "off",
        target_temperature=degrees(attributes.get("temperature")),
        current_temperature=degrees(attributes.get("current_temperature")),
    )


def sensor(state: str, _attributes: Attributes, _device_class: str | None) -> DeviceState:
    """What it measures."""
    return DeviceState(value=measured(state))


def binary_sensor(state: str, _attributes: Attributes, device_class: str | None) -> DeviceState:
    """One of two words."""
    on = _ON.get(state)
    return DeviceState(value=None if on is None else binary.state_word(device_class, on))


def person(state: str, _attributes: Attributes, _device_class: str | None) -> DeviceState:
    """At home, away, or in a zone by its name."""
    return DeviceState(activity="away" if state == "not_home" else _activity(state))


def media_player(state: str, attributes: Attributes, _device_class: str | None) -> DeviceState:
    """What it does, how loud, and what plays."""
    return DeviceState(
        on=state not in ("off", "standby"),
        activity=_activity(state),
        volume=percent_of(attributes.get("volume_level"), 1),
        muted=flag(attributes.get("is_volume_muted")),
        title=text(attributes.get("media_title"), _MAX_TITLE) or None,
        artist=text(attributes.get("media_artist"), _MAX_TITLE) or None,
    )
