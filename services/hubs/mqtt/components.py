"""Every kind of device but lights, out of discovery payloads. Pure.

All functions raise `config.BadConfigError` for what lacks something, and `template.UnsupportedTemplateError`.
"""

from __future__ import annotations

from collections.abc import Callable

from assistant.home.executor import Command
from assistant.home.model import Domain, Feature
from services.hubs import binary
from services.hubs.mqtt.config import BadConfigError, Config
from services.hubs.mqtt.entity import Reading, Write
from services.hubs.mqtt.lights import Parts, light
from services.hubs.mqtt.pieces import either, field, one, scaled
from services.hubs.mqtt.template import fill
from services.hubs.values import degrees, measured, number

_NONE: frozenset[Feature] = frozenset()


def switch(config: Config) -> Parts:
    """On and off."""
    topic = config.needed("command_topic")
    on, off = config.text("payload_on", "ON"), config.text("payload_off", "OFF")
    template = config.text("command_template")
    writes: dict[Command, Write] = {
        Command.TURN_ON: one(topic, fill(template, on)),
        Command.TURN_OFF: one(topic, fill(template, off)),
    }
    readings: tuple[Reading, ...] = ()
    if state := config.topic("state_topic"):
        on_or_off = either(config.text("state_on", on), config.text("state_off", off))
        readings = (field(state, config.template("value_template"), "on", on_or_off),)
    return _NONE, readings, writes


def cover(config: Config) -> Parts:
    """Open, closed, and perhaps something in between."""
    topic = config.topic("command_topic")
    position = config.topic("set_position_topic")
    closed, opened = config.number("position_closed", 0), config.number("position_open", 100)
    span = (opened - closed) or 100.0
    writes: dict[Command, Write] = {}
    if topic:
        writes[Command.OPEN] = one(topic, config.text("payload_open", "OPEN"))
        writes[Command.CLOSE] = one(topic, config.text("payload_close", "CLOSE"))
    if position:
        move = scaled(
            position, config.text("set_position_template"), lambda v: round(closed + v / 100 * span)
        )
        writes[Command.SET_POSITION] = move
        if not topic:
            writes[Command.OPEN], writes[Command.CLOSE] = (lambda _: move(100)), (lambda _: move(0))
    if not writes:
        raise BadConfigError("it has no topic for commands")
    readings = []
    if state := config.topic("position_topic"):
        template = config.template("position_template")
        readings.append(field(state, template, "position", lambda v: _share(v, closed, span)))
    elif state := config.topic("state_topic"):
        words = {config.text("state_open", "open"): 100, config.text("state_closed", "closed"): 0}
        readings.append(field(state, config.template("value_template"), "position", words.get))
    features = frozenset({Feature.POSITION}) if position else _NONE
    return features, tuple(readings), writes


def _share(value: str, low: float, span: float) -> int | None:
    found = number(value, -1e6, 1e6)
    return None if found is None else max(0, min(100, round((found - low) / span * 100)))


def lock(config: Config) -> Parts:
    """Locked and unlocked."""
    topic = config.needed("command_topic")
    template = config.text("command_template")
    writes: dict[Command, Write] = {
        Command.LOCK: one(topic, fill(template, config.text("payload_lock", "LOCK"))),
        Command.UNLOCK: one(topic, fill(template, config.text("payload_unlock", "UNLOCK"))),
    }
    readings: tuple[Reading, ...] = ()
    if state := config.topic("state_topic"):
        on_or_off = either(config.text("state_locked", "LOCKED"), config.text("state_unlocked", "UNLOCKED"))
        readings = (field(state, config.template("value_template"), "locked", on_or_off),)
    return _NONE, readings, writes


def fan(config: Config) -> Parts:
    """On, off, and perhaps a speed."""
    _, readings, writes = switch(_renamed(config))
    features = _NONE
    if topic := config.topic("percentage_command_topic"):
        features = frozenset({Feature.SPEED})
        low, high = config.number("speed_range_min", 1), config.number("speed_range_max", 100)
        steps = max(1.0, high - low + 1)
        writes[Command.SET_SPEED] = scaled(
            topic,
            config.text("percentage_command_template"),
            lambda v: round(low - 1 + v / 100 * steps),
        )
        if state := config.topic("percentage_state_topic"):
            template = config.template("percentage_value_template")
            readings = (*readings, field(state, template, "speed", lambda v: _share(v, low - 1, steps)))
    return features, readings, writes


def _renamed(config: Config) -> Config:
    """A fan's state has a template of another name than a switch's."""
    return Config({**config.values, "value_template": config.text("state_value_template")})


def climate(config: Config) -> Parts:
    """A heating: on or off, what it is set to, what it measures."""
    writes: dict[Command, Write] = {}
    readings: list[Reading] = []
    modes = config.texts("modes") or ("auto", "off", "cool", "heat", "dry", "fan_only")
    if topic := config.topic("temperature_command_topic"):
        writes[Command.SET_TEMPERATURE] = scaled(
            topic, config.text("temperature_command_template"), lambda v: v
        )
    if topic := config.topic("mode_command_topic"):
        template = config.text("mode_command_template")
        running = "heat" if "heat" in modes else next((mode for mode in modes if mode != "off"), "")
        if running:
            writes[Command.TURN_ON] = one(topic, fill(template, running))
        if "off" in modes:
            writes[Command.TURN_OFF] = one(topic, fill(template, "off"))
    if topic := config.topic("power_command_topic"):
        template = config.text("power_command_template")
        writes[Command.TURN_ON] = one(topic, fill(template, config.text("payload_on", "ON")))
        writes[Command.TURN_OFF] = one(topic, fill(template, config.text("payload_off", "OFF")))
    if not writes:
        raise BadConfigError("it has no topic for commands")
    for key, name in (
        ("temperature_state", "target_temperature"),
        ("current_temperature", "current_temperature"),
    ):
        if topic := config.topic(f"{key}_topic"):
            readings.append(field(topic, config.template(f"{key}_template"), name, degrees))
    if topic := config.topic("mode_state_topic"):
        readings.append(field(topic, config.template("mode_state_template"), "on", _runs(modes)))
    return _NONE, tuple(readings), writes


def _runs(modes: tuple[str, ...]) -> Callable[[str], bool | None]:
    return lambda value: value != "off" if value == "off" or value in modes else None


def sensor(config: Config) -> Parts:
    """What it measures."""
    topic = config.needed("state_topic")
    return _NONE, (field(topic, config.template("value_template"), "value", measured),), {}


def binary_sensor(config: Config) -> Parts:
    """One of two words."""
    topic = config.needed("state_topic")
    on_or_off = either(config.text("payload_on", "ON"), config.text("payload_off", "OFF"))
    device_class = config.text("device_class")

    def take(value: str) -> str | None:
        on = on_or_off(value)
        return None if on is None else binary.state_word(device_class, on)

    return _NONE, (field(topic, config.template("value_template"), "value", take),), {}


#: Component of Home Assistant's discovery -> our domain, and what reads it.
COMPONENTS: dict[str, tuple[Domain, Callable[[Config], Parts]]] = {
    "light": (Domain.LIGHT, light),
    "switch": (Domain.SWITCH, switch),
    "cover": (Domain.COVER, cover),
    "lock": (Domain.LOCK, lock),
    "fan": (Domain.FAN, fan),
    "climate": (Domain.CLIMATE, climate),
    "sensor": (Domain.SENSOR, sensor),
    "binary_sensor": (Domain.SENSOR, binary_sensor),
}
