"""Lights that take and tell JSON: Home Assistant's JSON schema, and zigbee2mqtt's lights. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from assistant.home.executor import Command
from assistant.home.model import DeviceState, Feature
from services.hubs.colors import RGB, hue_saturation
from services.hubs.mqtt.config import BadConfigError, Config
from services.hubs.mqtt.entity import Message, Reading, Write
from services.hubs.mqtt.light_values import (
    COLOR_MODES,
    FULL,
    color_called,
    color_temperatures,
    full_brightness,
    kelvin_from,
    known_color,
)
from services.hubs.mqtt.parts import Parts
from services.hubs.mqtt.pieces import as_number, either, level, one
from services.hubs.mqtt.template import Payload
from services.hubs.values import number, percent_of

_BRIGHT_MODES = frozenset({*COLOR_MODES, "brightness", "color_temp", "white"})
#: Modes that a light without a brightness has.
_PLAIN_MODES = frozenset({"onoff", "unknown"})


def json_light(config: Config, parts: Parts) -> None:
    """A light of the JSON schema."""
    modes, full = _modes(config, parts), FULL
    features: set[Feature] = set()
    with parts.part("brightness"):
        full = full_brightness(config, parts)
        if config.flag("brightness") or modes & _BRIGHT_MODES:
            features.add(Feature.BRIGHTNESS)
    mode = next((mode for mode in COLOR_MODES if mode in modes), "")
    if mode:
        features.add(Feature.COLOR)
    in_kelvin = False
    temperature: Callable[[float], int] = round
    with parts.part("colour temperature"):
        if "color_temp" in modes:
            temperature = color_temperatures(config, parts)
            in_kelvin = config.flag("color_temp_kelvin")
            features.add(Feature.COLOR_TEMPERATURE)
    with parts.part("on and off"):
        topic = config.needed("command_topic")
        parts.writes.update(json_light_writes(topic, frozenset(features), full, mode, temperature))
        parts.features |= features
    with parts.part("whether it is on"):
        if state := config.topic("state_topic"):
            parts.readings.append(Reading(state, json_light_read(full, in_kelvin)))


def _modes(config: Config, parts: Parts) -> set[str]:
    """The colour modes that are known here, also those of the form that Home Assistant had before 2025."""
    found: set[str] = set()
    with parts.part("colour modes"):
        found = set(config.texts("supported_color_modes"))
        found |= {mode for mode in (*COLOR_MODES, "color_temp") if config.flag(mode)}
    for mode in sorted(found - _BRIGHT_MODES - _PLAIN_MODES):
        with parts.part("colour mode"):
            raise BadConfigError(f"{mode[:20]!r} is not known here")
    return found


def json_light_writes(
    topic: str,
    features: frozenset[Feature],
    full: float,
    color_mode: str,
    temperature: Callable[[float], int],
    key: str = "state",
    on: str = "ON",
    off: str = "OFF",
) -> dict[Command, Write]:
    """Commands of a light that takes JSON.

    Args:
        topic: where to.
        features: what it can do.
        full: its greatest brightness.
        color_mode: "hs", "rgb", "rgbw", "rgbww" or "xy": how a colour is written.
        temperature: from kelvin to the light's own unit.
        key, on, off: its switch.
    """

    def message(**values: Any) -> tuple[Message, ...]:
        return (Message(topic, json.dumps({key: on, **values})),)

    writes: dict[Command, Write] = {
        Command.TURN_ON: one(topic, json.dumps({key: on})),
        Command.TURN_OFF: one(topic, json.dumps({key: off})),
    }
    if Feature.BRIGHTNESS in features:

        def dim(value: float | str | None) -> tuple[Message, ...]:
            step = level(as_number(value), full)
            return message(brightness=step) if step else writes[Command.TURN_OFF](None)

        writes[Command.SET_BRIGHTNESS] = dim
    if Feature.COLOR in features:
        writes[Command.SET_COLOR] = lambda value: message(color=_color_table(known_color(value), color_mode))
    if Feature.COLOR_TEMPERATURE in features:
        writes[Command.SET_COLOR_TEMPERATURE] = lambda value: message(
            color_temp=temperature(as_number(value))
        )
    return writes


def _color_table(name: str, mode: str) -> dict[str, float]:
    if mode == "hs":
        hue, saturation = hue_saturation(name) or (0.0, 0.0)
        return {"h": hue, "s": saturation}
    red, green, blue = RGB[name]
    if mode == "xy":
        x, y = _xy(red, green, blue)
        return {"x": x, "y": y}
    return {"r": red, "g": green, "b": blue}


def _xy(red: int, green: int, blue: int) -> tuple[float, float]:
    """CIE 1931 chromaticity of an sRGB colour (IEC 61966-2-1)."""
    r, g, b = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (red / FULL, green / FULL, blue / FULL)
    )
    x = 0.4124 * r + 0.3576 * g + 0.1805 * b
    y = 0.2126 * r + 0.7152 * g + 0.0722 * b
    z = 0.0193 * r + 0.1192 * g + 0.9505 * b
    total = x + y + z
    return (round(x / total, 4), round(y / total, 4)) if total else (0.3127, 0.3290)


def json_light_read(full: float, kelvin: bool, key: str = "state", on: str = "ON", off: str = "OFF") -> Any:
    """The reading of a light that tells JSON; arguments as in `json_light_writes`."""

    def read(state: DeviceState, payload: Payload) -> DeviceState:
        values = payload.json
        if not isinstance(values, dict):
            return state
        switched = either(on, off)(str(values.get(key)))
        if switched is not None:
            state = replace(state, on=switched)
        brightness = percent_of(values.get("brightness"), full)
        if brightness is not None:
            state = replace(state, brightness=brightness)
        temperature = kelvin_from(values.get("color_temp"), kelvin)
        color = _color_of(values.get("color"))
        if values.get("color_mode") == "color_temp":
            color = None
        elif values.get("color_mode") is not None:
            temperature = None
        if temperature is not None or color is not None:
            state = replace(state, color=color, color_temperature=temperature)
        return state

    return read


def _color_of(values: object) -> str | None:
    if not isinstance(values, dict):
        return None
    for keys, kind in ((("h", "s"), "hs"), (("hue", "saturation"), "hs"), (("r", "g", "b"), "rgb")):
        parts = [number(values.get(key), 0, 360) for key in keys]
        if None not in parts:
            return color_called(parts, kind)
    return None
