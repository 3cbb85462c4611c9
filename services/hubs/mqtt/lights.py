"""Lights out of discovery payloads: Home Assistant's default and template schema. Pure.

Each function adds to `Parts` what it understands, and what it does not to `Parts.missing`. None raises.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from assistant.home.executor import Command
from assistant.home.model import Feature
from services.hubs.mqtt.config import BadConfigError, Config
from services.hubs.mqtt.entity import Message, Reading, Write
from services.hubs.mqtt.json_lights import json_light
from services.hubs.mqtt.light_values import (
    color_called,
    color_temperatures,
    full_brightness,
    hs_text,
    kelvin_from,
    known_color,
    rgb_text,
)
from services.hubs.mqtt.parts import Parts
from services.hubs.mqtt.pieces import as_number, either, field, level, on_and_off, one, scaled
from services.hubs.values import number, percent_of

#: How colours are written: kind -> the text of a colour; None for what is not known here.
_COLORS: dict[str, Callable[[str], str] | None] = {
    "hs": hs_text,
    "rgb": rgb_text,
    "xy": None,
    "rgbw": None,
    "rgbww": None,
}
#: A piece of a template for a value that may not be there.
_MAYBE = re.compile(
    r"(?:\s*\{%-|\{%)\s*if \w+ is defined\s*-?%\}(?:(?!\{%).)*\{%-?\s*endif\s*(?:-%\}\s*|%\})", re.S
)


def light(config: Config, parts: Parts) -> None:
    """A light."""
    with parts.part("light"):
        schema = config.text("schema", "basic")
        readers = {
            "basic": _basic_light,
            "default": _basic_light,
            "json": json_light,
            "template": _template_light,
        }
        if schema not in readers:
            raise BadConfigError(f"the schema {schema[:20]!r} of lights is not known here")
        readers[schema](config, parts)


def _basic_light(config: Config, parts: Parts) -> None:
    on_and_off(config, parts)
    with parts.part("brightness"):
        if topic := config.topic("brightness_command_topic"):
            full = full_brightness(config, parts)
            template = config.text("brightness_command_template")
            dim = scaled(topic, template, lambda v: level(v, full))
            parts.features.add(Feature.BRIGHTNESS)
            parts.writes[Command.SET_BRIGHTNESS] = _with_switch(dim, parts.writes, config)
            if state := config.topic("brightness_state_topic"):
                picked = config.template("brightness_value_template")
                parts.readings.append(field(state, picked, "brightness", lambda v: percent_of(v, full)))
    before = len(parts.missing)
    for kind, color in _COLORS.items():
        with parts.part("colour"):
            _basic_color(config, parts, kind, color)
        if Feature.COLOR in parts.features:
            del parts.missing[before:]
            break
    with parts.part("colour temperature"):
        if topic := config.topic("color_temp_command_topic"):
            template = config.text("color_temp_command_template")
            warm = scaled(topic, template, color_temperatures(config, parts))
            in_kelvin = config.flag("color_temp_kelvin")
            parts.features.add(Feature.COLOR_TEMPERATURE)
            parts.writes[Command.SET_COLOR_TEMPERATURE] = _after_switch(warm, parts.writes)
            if state := config.topic("color_temp_state_topic"):
                picked = config.template("color_temp_value_template")
                read = field(state, picked, "color_temperature", lambda v: kelvin_from(v, in_kelvin))
                parts.readings.append(read)


def _basic_color(config: Config, parts: Parts, kind: str, color: Callable[[str], str] | None) -> None:
    topic = config.topic(f"{kind}_command_topic")
    if not topic:
        return
    if color is None:
        raise BadConfigError(f"{kind}_command_topic: colours of this kind are not known here")
    if config.text(f"{kind}_command_template"):
        raise BadConfigError(f"{kind}_command_template takes a colour apart")
    parts.features.add(Feature.COLOR)
    parts.writes[Command.SET_COLOR] = _after_switch(_named(topic, color), parts.writes)
    if state := config.topic(f"{kind}_state_topic"):
        parts.readings.append(_color_text(state, config, kind))


def _with_switch(dim: Write, writes: dict[Command, Write], config: Config) -> Write:
    """What a brightness needs besides; nothing where it switches the light on by itself."""
    kind = config.text("on_command_type", "last")
    if kind not in ("first", "last", "brightness"):
        raise BadConfigError(f"on_command_type {kind[:20]!r} is not known here")
    on, off = writes.get(Command.TURN_ON), writes.get(Command.TURN_OFF)

    def write(value: float | str | None) -> tuple[Message, ...]:
        if as_number(value) == 0 and off is not None and kind != "brightness":
            return off(None)
        switched = on(None) if on is not None and kind != "brightness" else ()
        return (*switched, *dim(value)) if kind == "first" else (*dim(value), *switched)

    return write


def _after_switch(write: Write, writes: dict[Command, Write]) -> Write:
    on = writes.get(Command.TURN_ON)
    return write if on is None else lambda value: (*write(value), *on(None))


def _named(topic: str, color: Callable[[str], str]) -> Write:
    def write(value: float | str | None) -> tuple[Message, ...]:
        return (Message(topic, color(known_color(value))),)

    return write


def _color_text(topic: str, config: Config, kind: str) -> Reading:
    def take(value: str) -> str | None:
        numbers = [number(part, 0, 360) for part in value.split(",")[:3]]
        return color_called(numbers, kind)

    return field(topic, config.template(f"{kind}_value_template"), "color", take)


def _template_light(config: Config, parts: Parts) -> None:
    """A light whose commands are templates: on and off, as far as those name no value that they need."""
    for command, key, what in (
        (Command.TURN_ON, "command_on_template", "turning on"),
        (Command.TURN_OFF, "command_off_template", "turning off"),
    ):
        with parts.part(what):
            payload = _MAYBE.sub("", config.text(key)).strip()
            if not payload or "{{" in payload or "{%" in payload:
                raise BadConfigError(f"{key} of the template schema is no payload that is always the same")
            parts.writes[command] = one(config.needed("command_topic"), payload)
    with parts.part("whether it is on"):
        if state := config.topic("state_topic"):
            parts.readings.append(field(state, config.template("state_template"), "on", either("on", "off")))
    for key in ("brightness_template", "color_temp_template", "red_template"):
        with parts.part(key.removesuffix("_template").replace("_", " ").replace("color", "colour")):
            if key in config:
                raise BadConfigError("a light of the template schema is turned on and off only")
