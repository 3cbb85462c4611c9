"""Heatings out of discovery payloads. Pure. Adds to `Parts` what it understands; raises nothing."""

from __future__ import annotations

from collections.abc import Callable

from assistant.home.executor import Command
from assistant.home.model import Range
from services.hubs.mqtt.config import BadConfigError, Config
from services.hubs.mqtt.degrees import UNITS, between, in_home, reported, same
from services.hubs.mqtt.parts import Parts
from services.hubs.mqtt.pieces import ON_OFF, field, one, range_of, scaled, words
from services.hubs.mqtt.template import Template, fill

#: Home Assistant's modes of a heating that names none.
_MODES = ("auto", "off", "cool", "heat", "dry", "fan_only")
#: Home Assistant's bounds of a heating that names one of them only, by the unit of the heating.
_USUAL = {"celsius": (7.0, 35.0), "fahrenheit": (44.6, 95.0)}


def climate(config: Config, parts: Parts) -> None:
    """A heating: on or off, what it is set to, what it measures."""
    _target(config, parts)
    _mode(config, parts)
    with parts.part("power"):
        if topic := config.topic("power_command_topic"):
            words(config, parts, topic, config.text("power_command_template"), ON_OFF)
    for key, name, what in (
        ("temperature_state", "target_temperature", "what it is set to"),
        ("current_temperature", "current_temperature", "what it measures"),
    ):
        with parts.part(what):
            if topic := config.topic(f"{key}_topic"):
                take = reported(_unit(config, parts), parts.unit)
                parts.readings.append(field(topic, _template(config, f"{key}_template"), name, take))


def _target(config: Config, parts: Parts) -> None:
    limit: Range | None = None
    with parts.part("range of temperature"):
        unit = _unit(config, parts)
        usual = _USUAL[unit]
        limit = range_of(config, ("min_temp", usual[0]), ("max_temp", usual[1]), "temp_step")
        if limit is not None:
            parts.ranges["temperature"] = in_home(limit, unit, parts.unit)
    with parts.part("setting the temperature"):
        if topic := config.topic("temperature_command_topic"):
            to_device = between(parts.unit, _unit(config, parts))
            nearest = limit.nearest if limit is not None else same
            template = config.text("temperature_command_template")
            write = scaled(topic, template, lambda v: nearest(to_device(v)))
            parts.writes[Command.SET_TEMPERATURE] = write


def _mode(config: Config, parts: Parts) -> None:
    with parts.part("on and off"):
        modes = config.texts("modes") or _MODES
        if topic := config.topic("mode_command_topic"):
            template = config.text("mode_command_template")
            running = "heat" if "heat" in modes else next((mode for mode in modes if mode != "off"), "")
            if running:
                parts.writes[Command.TURN_ON] = one(topic, fill(template, running))
            if "off" in modes:
                parts.writes[Command.TURN_OFF] = one(topic, fill(template, "off"))
    with parts.part("whether it is on"):
        if topic := config.topic("mode_state_topic"):
            modes = config.texts("modes") or _MODES
            parts.readings.append(field(topic, _template(config, "mode_state_template"), "on", _runs(modes)))


def _runs(modes: tuple[str, ...]) -> Callable[[str], bool | None]:
    return lambda value: value != "off" if value == "off" or value in modes else None


def _template(config: Config, key: str) -> Template:
    """A heating's own template, or the one for all its topics."""
    return config.template(key if key in config else "value_template")


def _unit(config: Config, parts: Parts) -> str:
    word = config.text("temperature_unit").upper().strip("°")
    if word and word not in UNITS:
        raise BadConfigError(f"temperature_unit {word[:20]!r} is neither C nor F")
    return UNITS.get(word, parts.unit)
