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
    target(config, parts)
    modes_of(config, parts, _MODES, ("heat",))
    power(config, parts)
    measured_and_set(config, parts)


def power(config: Config, parts: Parts) -> None:
    """A switch of its own."""
    with parts.part("power"):
        if topic := config.topic("power_command_topic"):
            words(config, parts, topic, config.text("power_command_template"), ON_OFF)


def measured_and_set(config: Config, parts: Parts) -> None:
    """What it is set to, and what it measures."""
    for key, name, what in (
        ("temperature_state", "target_temperature", "what it is set to"),
        ("current_temperature", "current_temperature", "what it measures"),
    ):
        with parts.part(what):
            if topic := config.topic(f"{key}_topic"):
                take = reported(_unit(config, parts), parts.unit)
                parts.readings.append(field(topic, _template(config, f"{key}_template"), name, take))


def target(config: Config, parts: Parts) -> None:
    """The temperature that it is to have."""
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


def modes_of(config: Config, parts: Parts, usual: tuple[str, ...], running: tuple[str, ...]) -> None:
    """On and off by its modes.

    Args:
        config: its payload.
        parts: are added to.
        usual: the modes of one that names none.
        running: the modes that mean on, the best first; then any other but "off".
    """
    with parts.part("on and off"):
        modes = config.texts("modes") or usual
        if topic := config.topic("mode_command_topic"):
            template = config.text("mode_command_template")
            on = next((mode for mode in (*running, *modes) if mode in modes and mode != "off"), "")
            if on:
                parts.writes[Command.TURN_ON] = one(topic, fill(template, on))
            if "off" in modes:
                parts.writes[Command.TURN_OFF] = one(topic, fill(template, "off"))
    with parts.part("whether it is on"):
        if topic := config.topic("mode_state_topic"):
            modes = config.texts("modes") or usual
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
