"""Lights out of discovery payloads: Home Assistant's default schema and its JSON schema. Pure."""

from __future__ import annotations

import colorsys
import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from assistant.home.executor import Command
from assistant.home.model import DeviceState, Feature
from services.hubs.colors import RGB, hue_saturation, nearest
from services.hubs.mqtt.config import BadConfigError, Config
from services.hubs.mqtt.entity import Message, Reading, Write
from services.hubs.mqtt.pieces import as_number, either, field, one, plain, scaled
from services.hubs.mqtt.template import Payload
from services.hubs.values import number, percent_of

Parts = tuple[frozenset[Feature], tuple[Reading, ...], dict[Command, Write]]

#: Mireds and kelvin turn into each other by this.
_MILLION = 1_000_000
_FULL = 255.0
_COLOR_MODES = ("hs", "rgb", "rgbw", "rgbww", "xy")


def light(config: Config) -> Parts:
    """Features, readings and commands of a light.

    Raises:
        BadConfigError: it has another schema, or lacks its command topic.
        template.UnsupportedTemplateError: see there.
    """
    schema = config.text("schema", "basic")
    if schema == "json":
        return _json_light(config)
    if schema not in ("basic", "default"):
        raise BadConfigError(f"the schema {schema[:20]!r} of lights is not known here")
    return _basic_light(config)


def _basic_light(config: Config) -> Parts:
    topic = config.needed("command_topic")
    on, off = config.text("payload_on", "ON"), config.text("payload_off", "OFF")
    writes: dict[Command, Write] = {Command.TURN_ON: one(topic, on), Command.TURN_OFF: one(topic, off)}
    readings, features = [], set()
    if state := config.topic("state_topic"):
        key = "state_value_template" if "state_value_template" in config else "value_template"
        readings.append(field(state, config.template(key), "on", either(on, off)))
    if topic := config.topic("brightness_command_topic"):
        features.add(Feature.BRIGHTNESS)
        full = max(1.0, config.number("brightness_scale", _FULL))
        dim = scaled(topic, config.text("brightness_command_template"), lambda v: round(v / 100 * full))
        writes[Command.SET_BRIGHTNESS] = _with_switch(dim, writes, config)
        if state := config.topic("brightness_state_topic"):
            template = config.template("brightness_value_template")
            readings.append(field(state, template, "brightness", lambda v: percent_of(v, full)))
    for kind, color in (("hs", _hs_text), ("rgb", _rgb_text)):
        if topic := config.topic(f"{kind}_command_topic"):
            if config.text(f"{kind}_command_template"):
                continue  # it takes a color apart, by names of its own
            features.add(Feature.COLOR)
            writes[Command.SET_COLOR] = _after_switch(_named(topic, color), writes)
            if state := config.topic(f"{kind}_state_topic"):
                readings.append(_color_text(state, config, kind))
            break
    if topic := config.topic("color_temp_command_topic"):
        features.add(Feature.COLOR_TEMPERATURE)
        kelvin = config.flag("color_temp_kelvin")
        warm = scaled(topic, config.text("color_temp_command_template"), lambda v: _temperature(v, kelvin))
        writes[Command.SET_COLOR_TEMPERATURE] = _after_switch(warm, writes)
        if state := config.topic("color_temp_state_topic"):
            template = config.template("color_temp_value_template")
            readings.append(field(state, template, "color_temperature", lambda v: _kelvin(v, kelvin)))
    return frozenset(features), tuple(readings), writes


def _with_switch(dim: Write, writes: dict[Command, Write], config: Config) -> Write:
    """What a brightness needs besides; nothing where it switches the light on by itself."""
    if config.text("on_command_type", "last") == "brightness":
        return dim
    off, on = writes[Command.TURN_OFF], writes[Command.TURN_ON]
    return lambda value: off(None) if as_number(value) == 0 else (*dim(value), *on(None))


def _after_switch(write: Write, writes: dict[Command, Write]) -> Write:
    on = writes[Command.TURN_ON]
    return lambda value: (*write(value), *on(None))


def _named(topic: str, color: Any) -> Write:
    def write(value: float | str | None) -> tuple[Message, ...]:
        return (Message(topic, color(_known(value))),)

    return write


def _known(value: float | str | None) -> str:
    if not isinstance(value, str) or value.lower() not in RGB:
        raise ValueError(f"{value!r} is no colour that is known here")
    return value.lower()


def _hs_text(name: str) -> str:
    hue, saturation = hue_saturation(name) or (0.0, 0.0)
    return f"{plain(hue)},{plain(saturation)}"


def _rgb_text(name: str) -> str:
    return ",".join(map(str, RGB[name]))


def _color_text(topic: str, config: Config, kind: str) -> Reading:
    def take(value: str) -> str | None:
        parts = [number(part, 0, 360) for part in value.split(",")[:3]]
        return _color_called(parts, kind)

    return field(topic, config.template(f"{kind}_value_template"), "color", take)


def _color_called(parts: Iterable[float | None], kind: str) -> str | None:
    found = [part for part in parts if part is not None]
    if kind == "hs" and len(found) == 2 and found[1] <= 100:
        return nearest(found[0], found[1])
    if kind == "rgb" and len(found) == 3 and max(found) <= _FULL:
        return _nearest_rgb(found[0], found[1], found[2])
    return None


def _nearest_rgb(red: float, green: float, blue: float) -> str:
    hue, saturation, _ = colorsys.rgb_to_hsv(red / _FULL, green / _FULL, blue / _FULL)
    return nearest(hue * 360, saturation * 100)


def _temperature(kelvin: float, in_kelvin: bool) -> int:
    return round(kelvin) if in_kelvin else round(_MILLION / max(1.0, kelvin))


def _kelvin(value: object, in_kelvin: bool) -> int | None:
    found = number(value, 1, 100_000)
    if found is None:
        return None
    kelvin = found if in_kelvin else _MILLION / found
    return round(kelvin) if 500 <= kelvin <= 20_000 else None


def _json_light(config: Config) -> Parts:
    topic = config.needed("command_topic")
    full = max(1.0, config.number("brightness_scale", _FULL))
    modes = set(config.texts("supported_color_modes"))
    features = set()
    if config.flag("brightness") or modes - {"onoff"}:
        features.add(Feature.BRIGHTNESS)
    if modes & set(_COLOR_MODES):
        features.add(Feature.COLOR)
    if "color_temp" in modes:
        features.add(Feature.COLOR_TEMPERATURE)
    mode = next((mode for mode in _COLOR_MODES if mode in modes), "")
    kelvin = config.flag("color_temp_kelvin")
    writes = json_light_writes(topic, frozenset(features), full, mode, kelvin)
    readings: tuple[Reading, ...] = ()
    if state := config.topic("state_topic"):
        readings = (Reading(state, json_light_read(full, kelvin)),)
    return frozenset(features), readings, writes


def json_light_writes(
    topic: str,
    features: frozenset[Feature],
    full: float,
    color_mode: str,
    kelvin: bool,
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
        kelvin: the temperature of its colour is in kelvin, not in mireds.
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
            level = round(as_number(value) / 100 * full)
            return message(brightness=level) if level else writes[Command.TURN_OFF](None)

        writes[Command.SET_BRIGHTNESS] = dim
    if Feature.COLOR in features:
        writes[Command.SET_COLOR] = lambda value: message(color=_color_table(_known(value), color_mode))
    if Feature.COLOR_TEMPERATURE in features:
        writes[Command.SET_COLOR_TEMPERATURE] = lambda value: message(
            color_temp=_temperature(as_number(value), kelvin)
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
        for part in (red / _FULL, green / _FULL, blue / _FULL)
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
        temperature = _kelvin(values.get("color_temp"), kelvin)
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
            return _color_called(parts, kind)
    return None
