"""Readings and commands that several kinds of device have. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from assistant.home.model import DeviceState
from services.hubs.mqtt.entity import Message, Reading, Write
from services.hubs.mqtt.template import Payload, Template, fill


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
        take: from the value to the field's.
    """

    def read(state: DeviceState, payload: Payload) -> DeviceState:
        value = template.of(payload)
        taken = None if value is None else take(value)
        return state if taken is None else replace(state, **{name: taken})

    return Reading(topic, read)


def either(yes: str, no: str) -> Callable[[str], bool | None]:
    """True for one word, False for the other, None for all else."""
    return lambda value: True if value == yes else (False if value == no else None)
