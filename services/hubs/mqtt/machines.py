"""Vacuums, lawn mowers, humidifiers, water heaters, sirens and alarm panels out of discovery payloads. Pure.

Each function adds to `Parts` what it understands, and what it does not to `Parts.missing`. None raises.
"""

from __future__ import annotations

import hmac
import json

from assistant.home.executor import Command
from assistant.home.model import Feature
from services.hubs.mqtt.climate import measured_and_set, modes_of, power, target
from services.hubs.mqtt.config import BadConfigError, Config
from services.hubs.mqtt.entity import Message, Write
from services.hubs.mqtt.parts import Parts
from services.hubs.mqtt.pieces import (
    ON_OFF,
    as_text,
    either,
    field,
    on_and_off,
    one,
    range_of,
    scaled,
    share,
    worded,
)
from services.hubs.mqtt.template import Template, fill
from services.hubs.values import text

#: What a vacuum can do, by Home Assistant's word: command, key and default of its payload, feature.
_VACUUM = {
    "start": (Command.START, "payload_start", "start", Feature.START),
    "pause": (Command.PAUSE, "payload_pause", "pause", Feature.PAUSE),
    "stop": (Command.STOP, "payload_stop", "stop", Feature.STOP),
    "return_home": (Command.DOCK, "payload_return_to_base", "return_to_base", Feature.DOCK),
    "locate": (Command.LOCATE, "payload_locate", "locate", Feature.LOCATE),
}
#: Home Assistant's for one that does not say what it can do.
_VACUUM_USUAL = ("start", "stop", "return_home")
_MOWER = (
    ("start_mowing", Command.START, Feature.START),
    ("pause", Command.PAUSE, Feature.PAUSE),
    ("dock", Command.DOCK, Feature.DOCK),
)
_WATER_MODES = ("off", "eco", "electric", "gas", "heat_pump", "high_demand", "performance")
_ARMS = {
    "arm_home": (Command.ARM_HOME, Feature.ARM_HOME),
    "arm_away": (Command.ARM_AWAY, Feature.ARM_AWAY),
    "arm_night": (Command.ARM_NIGHT, Feature.ARM_NIGHT),
    "arm_vacation": (Command.ARM_VACATION, Feature.ARM_VACATION),
}
#: Words in place of a code that the panel itself checks.
_REMOTE = frozenset({"REMOTE_CODE", "REMOTE_CODE_TEXT"})


def vacuum(config: Config, parts: Parts) -> None:
    """Start, pause, stop, go home, and what it does."""
    with parts.part("cleaning"):
        topic = config.needed("command_topic")
        for name in config.texts("supported_features") or _VACUUM_USUAL:
            if name in _VACUUM:
                command, key, default, feature = _VACUUM[name]
                parts.writes[command] = one(topic, config.text(key, default))
                parts.features.add(feature)
    with parts.part("what it does"):
        if topic := config.topic("state_topic"):
            parts.readings.append(field(topic, Template(False, ("state",)), "activity", as_text))


def lawn_mower(config: Config, parts: Parts) -> None:
    """Start, pause, go home, and what it does."""
    for name, command, feature in _MOWER:
        with parts.part(name.replace("_", " ")):
            if topic := config.topic(f"{name}_command_topic"):
                payload = fill(config.text(f"{name}_command_template"), name)
                parts.writes[command] = one(topic, payload)
                parts.features.add(feature)
    with parts.part("what it does"):
        if topic := config.topic("activity_state_topic"):
            picked = config.template("activity_value_template")
            parts.readings.append(field(topic, picked, "activity", as_text))


def humidifier(config: Config, parts: Parts) -> None:
    """On, off, a humidity, and perhaps modes."""
    on_and_off(config, parts)
    with parts.part("humidity"):
        topic = config.needed("target_humidity_command_topic")
        template = config.text("target_humidity_command_template")
        parts.writes[Command.SET_HUMIDITY] = scaled(topic, template, round)
        if limit := range_of(config, ("min_humidity", 0), ("max_humidity", 100)):
            parts.ranges["humidity"] = limit
    for key, name, what in (
        ("target_humidity_state", "target_humidity", "what it is set to"),
        ("current_humidity", "current_humidity", "what it measures"),
    ):
        with parts.part(what):
            if topic := config.topic(f"{key}_topic"):
                picked = config.template(f"{key}_template")
                parts.readings.append(field(topic, picked, name, lambda v: share(v, 0, 100)))
    _modes(config, parts, ())


def water_heater(config: Config, parts: Parts) -> None:
    """On, off, a temperature, and perhaps modes."""
    target(config, parts)
    modes_of(config, parts, _WATER_MODES, ())
    power(config, parts)
    measured_and_set(config, parts)
    if Command.TURN_ON in parts.writes and Command.TURN_OFF in parts.writes:
        parts.features.add(Feature.POWER)
    _modes(config, parts, _WATER_MODES)


def _modes(config: Config, parts: Parts, usual: tuple[str, ...]) -> None:
    with parts.part("modes"):
        modes = config.texts("modes") or usual
        if topic := config.topic("mode_command_topic"):
            parts.writes[Command.SET_MODE] = worded(topic, config.text("mode_command_template"), modes)
            parts.features.add(Feature.MODE)
        if topic := config.topic("mode_state_topic"):
            parts.readings.append(field(topic, config.template("mode_state_template"), "mode", as_text))


def siren(config: Config, parts: Parts) -> None:
    """On and off. Without a template, what is sent is JSON, as Home Assistant sends it."""
    with parts.part("on and off"):
        topic, template = config.needed("command_topic"), config.text("command_template")
        off = config.text("command_off_template", template)
        for (command, key, default), form in zip(ON_OFF, (template, off), strict=True):
            word = config.text(key, default)
            parts.writes[command] = one(topic, fill(form, word) if form else json.dumps({"state": word}))
    with parts.part("whether it is on"):
        if state := config.topic("state_topic"):
            on = config.text("state_on", config.text("payload_on", "ON"))
            word_off = config.text("state_off", config.text("payload_off", "OFF"))
            template_ = config.template("state_value_template")
            parts.readings.append(field(state, template_, "on", either(on, word_off)))


def alarm_panel(config: Config, parts: Parts) -> None:
    """Arm; disarm, if it has a code; and what it does."""
    with parts.part("code"):
        code = config.text("code")
        if code and config.flag("code_arm_required", True):
            parts.features.add(Feature.CODE)
    with parts.part("arming"):
        topic, template = config.needed("command_topic"), config.text("command_template")
        code = config.text("code")
        wanted = config.texts("supported_features") or tuple(_ARMS)
        for name in wanted:
            if name in _ARMS:
                command, feature = _ARMS[name]
                word = config.text(f"payload_{name}", name.upper())
                parts.writes[command] = _secured(topic, template, word, code if _asks(parts) else "")
                parts.features.add(feature)
        if code:
            word = config.text("payload_disarm", "DISARM")
            parts.writes[Command.DISARM] = _secured(topic, template, word, code)
            parts.features.add(Feature.DISARM)
    with parts.part("what it does"):
        if state := config.topic("state_topic"):
            parts.readings.append(field(state, config.template("value_template"), "activity", as_text))


def _asks(parts: Parts) -> bool:
    return Feature.CODE in parts.features


def _secured(topic: str, template: str, word: str, code: str) -> Write:
    """A command that the code lets through: checked here, or, of a remote one, by the panel.

    Raises:
        BadConfigError: the panel would not get the code that it is to check.
    """
    if code in _REMOTE and fill(template, word, code="a") == fill(template, word, code="b"):
        raise BadConfigError("command_template does not name the code that the panel checks")
    fill(template, word, code="")

    def write(value: float | str | None) -> tuple[Message, ...]:
        given = text(value) if isinstance(value, str) else ""
        if code and code not in _REMOTE and not hmac.compare_digest(given.encode(), code.encode()):
            raise ValueError("the code is wrong")
        return (Message(topic, fill(template, word, code=given)),)

    return write
