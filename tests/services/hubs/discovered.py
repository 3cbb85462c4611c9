"""Devices out of discovery payloads, what they report, and what is sent to them."""

from __future__ import annotations

import json
from typing import Any

from assistant.home.executor import Command
from assistant.home.imported import Skipped
from assistant.home.model import Device, DeviceState
from services.hubs.mqtt import discovery
from services.hubs.mqtt.entity import Entity
from services.hubs.mqtt.house import House
from services.hubs.mqtt.kind import MqttSettings
from services.hubs.mqtt.template import Payload


def described(
    component: str, config: Any, unit: str = "celsius"
) -> tuple[tuple[Entity, ...], tuple[Skipped, ...]]:
    """Entities of one payload, and what is left out."""
    topic = f"homeassistant/{component}/thing/config"
    return discovery.entities_from(topic, json.dumps(config).encode(), "homeassistant", unit)


def entity(component: str, **config: Any) -> Entity:
    """The one entity of a payload of which nothing is left out."""
    found, skipped = described(component, config)
    assert not skipped, skipped
    return found[0]


def told(of: Entity, topic: str, payload: str) -> DeviceState:
    """The state after a message."""
    state = DeviceState()
    for reading in of.readings:
        if reading.topic == topic:
            state = reading.read(state, Payload(payload.encode()))
    return state


def sent(of: Entity, command: Command, value: float | str | None = None) -> list[tuple[str, str]]:
    """Topics and payloads of a command."""
    return [(message.topic, message.payload) for message in of.writes[command](value)]


def house(*payloads: tuple[str, Any], **settings: Any) -> House:
    """A house that has taken payloads, each with what stands between prefix and "/config"."""
    made = House(MqttSettings(kind="mqtt", **settings))
    for topic, config in payloads:
        made.take(f"homeassistant/{topic}/config", json.dumps(config).encode())
    made.topics()
    return made


def devices(*payloads: tuple[str, Any], **settings: Any) -> dict[str, Device]:
    """Devices of a house, by id."""
    return {device.id: device for device in house(*payloads, **settings).imported().home.devices}
