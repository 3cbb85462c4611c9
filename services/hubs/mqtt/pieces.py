"""Readings and commands that several kinds of device have. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from assistant.home.executor import Command
from assistant.home.model import DeviceState, Range
from services.hubs.mqtt.config import BadConfigError, Config
from services.hubs.mqtt.entity import Message, Reading, Write
from services.hubs.mqtt.parts import Parts
from services.hubs.mqtt.template import Payload, Template, fill
from services.hubs.values import measured, number, text

#: What a sensor sends if it knows nothing, and what a template makes of null.
NOTHING = "None"
#: What a device says that does not know the value of a field.
UNKNOWN = object()


def one(topic: str, payload: str) -> Write:
    """A command that is always the same message."""
    return lambda _: (Message(topic, payload),)


def scaled(topic: str, template: str, full: Callable[[float], float | int]) -> Write:
    """A command with a number in it.

    Args:
        topic: where to.
        template: what the number stands in; "" for the number alone.
        full: from the command's value to the device's.

    Raises:
        template.UnsupportedTemplateError: the template does more than name the value.
    """
    fill(template, "0")

    def write(value: float | str | None) -> tuple[Message, ...]:
        return (Message(topic, fill(template, plain(full(as_number(value))))),)

    return write


def as_number(value: float | str | None) -> float:
    """The value of a command that takes a number.

    Raises:
        ValueError: it is none.
    """
    if isinstance(value, str) or value is None:
        raise ValueError(f"{value!r} is no number")
    return float(value)


def plain(value: float) -> str:
    """A number without a needless ".0"."""
    return str(int(value)) if float(value).is_integer() else str(value)


def field(topic: str, template: Template, name: str, take: Callable[[str], Any]) -> Reading:
    """A reading of one field of the state; what `take` gives None for changes nothing.

    Args:
        topic: where from.
        template: picks the value.
        name: of the field in `DeviceState`.
        take: from the value to the field's; `UNKNOWN` where the device says that it does not know.
    """

    def read(state: DeviceState, payload: Payload) -> DeviceState:
        value = template.of(payload)
        taken = None if value is None else take(value)
        return state if taken is None else replace(state, **{name: None if taken is UNKNOWN else taken})

    return Reading(topic, read)


def worded(topic: str, template: str, words: tuple[str, ...]) -> Write:
    """A command with one of some words in it.

    Raises:
        template.UnsupportedTemplateError: the template does more than name the value.
    """
    fill(template, "word")

    def write(value: float | str | None) -> tuple[Message, ...]:
        if value not in words:
            raise ValueError(f"{value!r} is none of its words")
        return (Message(topic, fill(template, str(value))),)

    return write


def as_text(value: str) -> object:
    """A word that a device says, or that it does not know."""
    return UNKNOWN if value == NOTHING else text(value) or None


def either(yes: str, no: str) -> Callable[[str], bool | None]:
    """True for one word, False for the other, None for all else."""
    return lambda value: True if value == yes else (False if value == no else None)


#: Commands, and the key and default of the payload of each.
Payloads = tuple[tuple[Command, str, str], ...]
ON_OFF: Payloads = ((Command.TURN_ON, "payload_on", "ON"), (Command.TURN_OFF, "payload_off", "OFF"))


def words(config: Config, parts: Parts, topic: str, template: str, payloads: Payloads) -> None:
    """Add commands that are always the same payload on a topic."""
    for command, key, default in payloads:
        with parts.part(command.value.replace("_", " ")):
            parts.writes[command] = one(topic, fill(template, config.text(key, default)))


def on_and_off(config: Config, parts: Parts) -> None:
    """Add the two commands of a switch, and whether it is on."""
    with parts.part("on and off"):
        topic, template = config.needed("command_topic"), config.text("command_template")
        words(config, parts, topic, template, ON_OFF)
    with parts.part("whether it is on"):
        if state := config.topic("state_topic"):
            on = config.text("state_on", config.text("payload_on", "ON"))
            off = config.text("state_off", config.text("payload_off", "OFF"))
            key = "state_value_template" if "state_value_template" in config else "value_template"
            parts.readings.append(field(state, config.template(key), "on", either(on, off)))


def measurement(value: str) -> object:
    """What a sensor measures, or that it does not know."""
    return UNKNOWN if value == NOTHING else measured(value)


def share(value: str, low: float, span: float) -> int | None:
    """Where `value` lies between `low` and `low + span`, in percent."""
    found = number(value, -1e6, 1e6)
    return None if found is None else max(0, min(100, round((found - low) / span * 100)))


def level(percent: float, steps: float) -> int:
    """The one of `steps` levels that is nearest to `percent`; what is not nothing is the first at least."""
    return max(1, round(percent / 100 * steps)) if percent > 0 else 0


def percents(steps: float) -> Range:
    """The range of a percentage with `steps` levels above nothing."""
    return Range(0, 100, 100 / steps)


def range_of(config: Config, low: tuple[str, float], high: tuple[str, float], step: str = "") -> Range | None:
    """The range that a payload names; None if it names none.

    Args:
        config: the payload.
        low, high: key and default of each bound.
        step: key of the step, or "".

    Raises:
        BadConfigError: no value fits.
    """
    if not any(key in config for key in (low[0], high[0], step)):
        return None
    try:
        return Range(
            config.number(*low),
            config.number(*high),
            config.number(step, 0) or None if step else None,
        )
    except BadConfigError:
        raise
    except ValueError as error:
        raise BadConfigError(f"{low[0]} and {high[0]}: {error}") from error
