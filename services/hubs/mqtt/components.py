"""Every kind of device but lights, heatings and machines, out of discovery payloads. Pure.

Each function adds to `Parts` what it understands, and what it does not to `Parts.missing`. None raises.
"""

from __future__ import annotations

from collections.abc import Callable

from assistant.home import binary
from assistant.home.executor import Command
from assistant.home.model import Domain, Feature
from services.hubs.mqtt.climate import climate
from services.hubs.mqtt.config import BadConfigError, Config
from services.hubs.mqtt.entity import Lifetime, Message, Write
from services.hubs.mqtt.lights import light
from services.hubs.mqtt.machines import (
    alarm_panel,
    humidifier,
    lawn_mower,
    siren,
    vacuum,
    water_heater,
)
from services.hubs.mqtt.parts import Parts
from services.hubs.mqtt.pieces import (
    NOTHING,
    UNKNOWN,
    Payloads,
    either,
    field,
    level,
    measurement,
    on_and_off,
    percents,
    scaled,
    share,
    words,
)

_COVER: Payloads = ((Command.OPEN, "payload_open", "OPEN"), (Command.CLOSE, "payload_close", "CLOSE"))
_LOCK: Payloads = ((Command.LOCK, "payload_lock", "LOCK"), (Command.UNLOCK, "payload_unlock", "UNLOCK"))


def cover(config: Config, parts: Parts) -> None:
    """Open, closed, and perhaps something in between."""
    move: Write | None = None
    with parts.part("position"):
        closed, opened = config.number("position_closed", 0), config.number("position_open", 100)
        span = opened - closed
        if not span:
            raise BadConfigError("position_open and position_closed are the same")
        if topic := config.topic("set_position_topic"):
            template = config.text("set_position_template")
            move = scaled(topic, template, lambda v: round(closed + v / 100 * span))
            parts.features.add(Feature.POSITION)
            parts.writes[Command.SET_POSITION] = move
            if abs(span) < 100:
                parts.ranges["position"] = percents(abs(span))
        if state := config.topic("position_topic"):
            picked = config.template("position_template")
            parts.readings.append(field(state, picked, "position", lambda v: share(v, closed, span)))
    if move is not None:
        parts.writes[Command.OPEN], parts.writes[Command.CLOSE] = _moved(move, 100), _moved(move, 0)
    with parts.part("opening and closing"):
        if topic := config.topic("command_topic"):
            parts.writes.pop(Command.OPEN, None)
            parts.writes.pop(Command.CLOSE, None)
            words(config, parts, topic, "", tuple(row for row in _COVER if not config.refuses(row[1])))
    if not parts.readings:
        with parts.part("whether it is open"):
            if state := config.topic("state_topic"):
                ends = {config.text("state_open", "open"): 100, config.text("state_closed", "closed"): 0}
                parts.readings.append(field(state, config.template("value_template"), "position", ends.get))


def valve(config: Config, parts: Parts) -> None:
    """Open, closed, and, of one that reports where it is, something in between."""
    with parts.part("position"):
        closed, opened = config.number("position_closed", 0), config.number("position_open", 100)
        if not opened - closed:
            raise BadConfigError("position_open and position_closed are the same")
        if config.flag("reports_position"):
            _placed(config, parts, closed, opened - closed)
            return
    with parts.part("opening and closing"):
        topic, template = config.needed("command_topic"), config.text("command_template")
        words(config, parts, topic, template, tuple(row for row in _COVER if not config.refuses(row[1])))
    with parts.part("whether it is open"):
        if state := config.topic("state_topic"):
            ends = {config.text("state_open", "open"): 100, config.text("state_closed", "closed"): 0}
            parts.readings.append(field(state, config.template("value_template"), "position", ends.get))


def _placed(config: Config, parts: Parts, closed: float, span: float) -> None:
    topic, template = config.needed("command_topic"), config.text("command_template")
    move = scaled(topic, template, lambda v: round(closed + v / 100 * span))
    parts.features.add(Feature.POSITION)
    parts.writes |= {
        Command.SET_POSITION: move,
        Command.OPEN: _moved(move, 100),
        Command.CLOSE: _moved(move, 0),
    }
    if state := config.topic("state_topic"):
        picked = config.template("value_template")
        parts.readings.append(field(state, picked, "position", lambda v: share(v, closed, span)))


def _moved(move: Write, percent: float) -> Write:
    return lambda _: move(percent)


def lock(config: Config, parts: Parts) -> None:
    """Locked and unlocked."""
    with parts.part("locking"):
        topic, template = config.needed("command_topic"), config.text("command_template")
        words(config, parts, topic, template, _LOCK)
    with parts.part("whether it is locked"):
        if state := config.topic("state_topic"):
            locked = either(config.text("state_locked", "LOCKED"), config.text("state_unlocked", "UNLOCKED"))
            parts.readings.append(field(state, config.template("value_template"), "locked", locked))


def fan(config: Config, parts: Parts) -> None:
    """On, off, and perhaps a speed."""
    on_and_off(config, parts)
    with parts.part("speed"):
        low, high = config.number("speed_range_min", 1, 0), config.number("speed_range_max", 100)
        steps = high - low + 1
        if steps < 1:
            raise BadConfigError("speed_range_min is more than speed_range_max")
        if topic := config.topic("percentage_command_topic"):
            template = config.text("percentage_command_template")
            run = scaled(topic, template, lambda v: low - 1 + level(v, steps))
            parts.features.add(Feature.SPEED)
            parts.writes[Command.SET_SPEED] = _or_off(run, parts.writes.get(Command.TURN_OFF))
            if steps < 100:
                parts.ranges["percentage"] = percents(steps)
            if state := config.topic("percentage_state_topic"):
                picked = config.template("percentage_value_template")
                parts.readings.append(field(state, picked, "speed", lambda v: share(v, low - 1, steps)))


def _or_off(run: Write, off: Write | None) -> Write:
    """No speed at all is no speed of the fan's range: it is turned off."""

    def write(value: float | str | None) -> tuple[Message, ...]:
        if value != 0:
            return run(value)
        if off is None:
            raise ValueError("it cannot be turned off")
        return off(None)

    return write


def sensor(config: Config, parts: Parts) -> None:
    """What it measures."""
    with parts.part("value"):
        topic, template = config.needed("state_topic"), config.template("value_template")
        parts.readings.append(field(topic, template, "value", measurement))
    _expiry(config, parts)


def binary_sensor(config: Config, parts: Parts) -> None:
    """One of two words."""
    device_class = ""
    with parts.part("device class"):
        device_class = config.text("device_class")
    on, off = binary.state_word(device_class, True), binary.state_word(device_class, False)
    states: dict[str, object] = {NOTHING: UNKNOWN}
    for key, default, value in (("payload_on", "ON", on), ("payload_off", "OFF", off)):
        with parts.part(value):
            states[config.text(key, default)] = value
    with parts.part("state"):
        topic, template = config.needed("state_topic"), config.template("value_template")
        parts.readings.append(field(topic, template, "value", states.get))
    _expiry(config, parts)
    with parts.part("off delay"):
        off_s = config.number("off_delay", 0, 0)
        parts.lifetime = Lifetime(parts.lifetime.expire_s, off_s, on, off)


def scene(config: Config, parts: Parts) -> None:
    """Activated by a message."""
    with parts.part("activating"):
        topic = config.needed("command_topic")
        words(config, parts, topic, "", ((Command.TURN_ON, "payload_on", "ON"),))


def button(config: Config, parts: Parts) -> None:
    """Pressed by a message."""
    with parts.part("pressing"):
        topic, template = config.needed("command_topic"), config.text("command_template")
        words(config, parts, topic, template, ((Command.PRESS, "payload_press", "PRESS"),))


def _expiry(config: Config, parts: Parts) -> None:
    with parts.part("expiry"):
        parts.lifetime = Lifetime(config.number("expire_after", 0, 0))


#: Component of Home Assistant's discovery -> our domain, and what reads it.
COMPONENTS: dict[str, tuple[Domain, Callable[[Config, Parts], None]]] = {
    "light": (Domain.LIGHT, light),
    "switch": (Domain.SWITCH, on_and_off),
    "cover": (Domain.COVER, cover),
    "lock": (Domain.LOCK, lock),
    "fan": (Domain.FAN, fan),
    "climate": (Domain.CLIMATE, climate),
    "sensor": (Domain.SENSOR, sensor),
    "binary_sensor": (Domain.BINARY_SENSOR, binary_sensor),
    "scene": (Domain.SCENE, scene),
    "button": (Domain.BUTTON, button),
    "vacuum": (Domain.VACUUM, vacuum),
    "lawn_mower": (Domain.LAWN_MOWER, lawn_mower),
    "valve": (Domain.VALVE, valve),
    "humidifier": (Domain.HUMIDIFIER, humidifier),
    "water_heater": (Domain.WATER_HEATER, water_heater),
    "siren": (Domain.SIREN, siren),
    "alarm_control_panel": (Domain.ALARM_PANEL, alarm_panel),
}
