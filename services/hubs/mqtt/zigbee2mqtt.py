"""zigbee2mqtt's own description of its devices (`bridge/devices`), into entities. Pure.

The form is that of zigbee2mqtt's documentation: what a device "exposes" has a type, a property and an access,
whose second bit says that it can be set.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from assistant.home import binary
from assistant.home.executor import Command
from assistant.home.imported import Skipped
from assistant.home.model import Device, Domain, Feature
from services.hubs.mqtt.degrees import between, in_home, reported, same
from services.hubs.mqtt.entity import Availability, Entity, Reading, Write, is_topic
from services.hubs.mqtt.exposes import (
    MAX_EXPOSES,
    bounds,
    by_name,
    color_temperature,
    key_of,
    percent,
    settable,
    slug,
    unit_of,
    word_of,
)
from services.hubs.mqtt.json_lights import json_light_read, json_light_writes
from services.hubs.mqtt.names import joined
from services.hubs.mqtt.pieces import NOTHING, UNKNOWN, either, field, measurement, one, scaled
from services.hubs.mqtt.template import Template
from services.hubs.values import number, text

_MAX_DEVICES = 1000
#: What is measured and worth asking for: property -> device class, and how it is called.
_MEASURED = {
    "temperature": "temperature",
    "humidity": "humidity",
    "co2": "carbon_dioxide",
    "pm25": "pm25",
    "voc": "volatile_organic_compounds",
    "illuminance": "illuminance",
    "power": "power",
}
_WATCHED = {
    "contact": "door",
    "occupancy": "occupancy",
    "presence": "presence",
    "water_leak": "moisture",
    "smoke": "smoke",
    "gas": "gas",
    "carbon_monoxide": "carbon_monoxide",
}
_SETPOINTS = ("occupied_heating_setpoint", "current_heating_setpoint", "occupied_cooling_setpoint")


def devices_topic(base: str) -> str:
    """Where the description comes."""
    return f"{base}/bridge/devices"


def bridge_topic(base: str) -> str:
    """Where zigbee2mqtt says whether it runs itself."""
    return f"{base}/bridge/state"


def hardware_of(address: str) -> str:
    """The identifier that zigbee2mqtt gives a device in Home Assistant's discovery."""
    return f"zigbee2mqtt_{address}"


def entities_from(
    data: bytes, base: str, unit: str = "celsius"
) -> tuple[tuple[Entity, ...], tuple[Skipped, ...]]:
    """All entities of the description, and what of it is not used; `unit` is that of the home."""
    try:
        rows = json.loads(data)
    except (ValueError, RecursionError):
        rows = None
    if not isinstance(rows, list):
        return (), (Skipped(devices_topic(base), "its payload is no list of devices"),)
    found: list[Entity] = []
    skipped = []
    for row in rows[:_MAX_DEVICES]:
        if not isinstance(row, dict) or row.get("type") == "Coordinator" or row.get("disabled") is True:
            continue
        name, address = row.get("friendly_name"), row.get("ieee_address")
        if not isinstance(name, str) or not isinstance(address, str) or not is_topic(f"{base}/{name}"):
            skipped.append(Skipped(text(address) or "zigbee2mqtt", "it has no name that a topic could have"))
            continue
        definition = row.get("definition")
        exposes = definition.get("exposes") if isinstance(definition, dict) else None
        if not isinstance(exposes, list):
            skipped.append(Skipped(text(address), f"zigbee2mqtt does not know what {text(name)!r} can do"))
            continue
        found += _Hardware(base, name, address, unit).entities(
            [expose for expose in exposes[:MAX_EXPOSES] if isinstance(expose, dict)]
        )
    return tuple(found), tuple(skipped)


class _Hardware:
    """One device of the radio network, which may be several to speak of."""

    def __init__(self, base: str, name: str, address: str, unit: str) -> None:
        self._unit = unit
        self._topic = f"{base}/{name}"
        # "kitchen/ceiling" is how people group devices there.
        self._area, _, rest = name.rpartition("/")
        self._name = joined(_spoken(self._area), _spoken(rest))
        self._area = _spoken(self._area.split("/")[0])
        self._address = address
        state = Template(False, ("state",))
        self._availability = (
            Availability(bridge_topic(base), template=state),
            Availability(f"{self._topic}/availability", template=state),
        )

    def entities(self, exposes: Iterable[Mapping[str, Any]]) -> list[Entity]:
        """What it exposes that can be spoken of."""
        found = []
        for expose in exposes:
            kind = expose.get("type")
            features = by_name(expose.get("features"))
            end = text(expose.get("endpoint"))
            match kind:
                case "light":
                    found.append(self._light(features, end))
                case "switch":
                    found.append(self._switch(Domain.SWITCH, features, end))
                case "fan":
                    found.append(self._switch(Domain.FAN, features, end))
                case "cover":
                    found.append(self._cover(features, end))
                case "lock":
                    found.append(self._lock(features, end))
                case "climate":
                    found.append(self._climate(features, end))
                case "numeric" if expose.get("name") in _MEASURED:
                    found.append(self._sensor(expose, end))
                case "binary" if expose.get("name") in _WATCHED:
                    found.append(self._binary(expose, end))
        return [entity for entity in found if entity is not None]

    def _entity(
        self,
        domain: Domain,
        end: str,
        readings: Iterable[Reading],
        writes: Mapping[Command, Write],
        features: Iterable[Feature] = (),
        **more: Any,
    ) -> Entity:
        called = more.pop("called", "")
        device = Device(
            id=":".join(
                part for part in (f"{domain.value}.{slug(self._address)}", slug(end or called)) if part
            ),
            name=" ".join(part for part in (self._name, end.replace("_", " "), called) if part),
            domain=domain,
            features=frozenset(features),
            **more,
        )
        hardware = frozenset({hardware_of(self._address)})
        return Entity(device, self._area, tuple(readings), writes, self._availability, "all", hardware)

    def _set(self, value: Mapping[str, Any]) -> Write:
        return one(f"{self._topic}/set", json.dumps(value))

    def _number(self, key: str, to_device: Callable[[float], float] = same) -> Write:
        template = json.dumps({key: "HOLE"}).replace('"HOLE"', "{{ value }}")
        return scaled(f"{self._topic}/set", template, to_device)

    def _light(self, features: Mapping[str, Mapping[str, Any]], end: str) -> Entity | None:
        state = features.get("state")
        if state is None:
            return None
        key, on, off = key_of(state), word_of(state, "value_on", "ON"), word_of(state, "value_off", "OFF")
        able = set()
        if "brightness" in features:
            able.add(Feature.BRIGHTNESS)
        if "color_hs" in features or "color_xy" in features:
            able.add(Feature.COLOR)
        if "color_temp" in features:
            able.add(Feature.COLOR_TEMPERATURE)
        ranges = {}
        limit, temperature = color_temperature(features.get("color_temp", {}))
        if limit is not None and Feature.COLOR_TEMPERATURE in able:
            ranges["color_temp"] = limit
        full = number(features.get("brightness", {}).get("value_max"), 1, 65535) or 254.0
        topic = f"{self._topic}/set"
        if end:
            # Of several lights in one housing the keys have its end behind them; on and off is what is sure.
            return self._switch(Domain.LIGHT, features, end)
        writes = json_light_writes(topic, frozenset(able), full, "rgb", temperature, key, on, off)
        reading = Reading(self._topic, json_light_read(full, False, key, on, off))
        return self._entity(Domain.LIGHT, end, (reading,), writes, able, ranges=ranges)

    def _switch(self, domain: Domain, features: Mapping[str, Mapping[str, Any]], end: str) -> Entity | None:
        state = features.get("state")
        if state is None or not settable(state):
            return None
        key, on, off = key_of(state), word_of(state, "value_on", "ON"), word_of(state, "value_off", "OFF")
        writes = {Command.TURN_ON: self._set({key: on}), Command.TURN_OFF: self._set({key: off})}
        reading = field(self._topic, Template(False, (key,)), "on", either(on, off))
        return self._entity(domain, end, (reading,), writes)

    def _cover(self, features: Mapping[str, Mapping[str, Any]], end: str) -> Entity | None:
        state, position = features.get("state"), features.get("position")
        writes: dict[Command, Write] = {}
        readings = []
        able = set()
        if position is not None and settable(position):
            move = writes[Command.SET_POSITION] = self._number(key_of(position))
            writes[Command.OPEN], writes[Command.CLOSE] = (lambda _: move(100)), (lambda _: move(0))
            readings.append(field(self._topic, Template(False, (key_of(position),)), "position", percent))
            able.add(Feature.POSITION)
        if state is not None:
            key = key_of(state)
            writes[Command.OPEN], writes[Command.CLOSE] = self._set({key: "OPEN"}), self._set({key: "CLOSE"})
            if not able:
                words = {"OPEN": 100, "CLOSE": 0}
                readings.append(field(self._topic, Template(False, (key,)), "position", words.get))
        return self._entity(Domain.COVER, end, readings, writes, able) if writes else None

    def _lock(self, features: Mapping[str, Mapping[str, Any]], end: str) -> Entity | None:
        state = features.get("state")
        if state is None:
            return None
        key, locked, free = (
            key_of(state),
            word_of(state, "value_on", "LOCK"),
            word_of(state, "value_off", "UNLOCK"),
        )
        writes = {Command.LOCK: self._set({key: locked}), Command.UNLOCK: self._set({key: free})}
        reading = field(self._topic, Template(False, (key,)), "locked", either(locked, free))
        return self._entity(Domain.LOCK, end, (reading,), writes)

    def _climate(self, features: Mapping[str, Mapping[str, Any]], end: str) -> Entity | None:
        writes: dict[Command, Write] = {}
        readings, ranges = [], {}
        target = next((features[name] for name in _SETPOINTS if name in features), None)
        if target is not None and settable(target):
            unit = unit_of(target, self._unit)
            writes[Command.SET_TEMPERATURE] = self._number(key_of(target), between(self._unit, unit))
            take = reported(unit, self._unit)
            readings.append(
                field(self._topic, Template(False, (key_of(target),)), "target_temperature", take)
            )
            if (limit := bounds(target)) is not None:
                ranges["temperature"] = in_home(limit, unit, self._unit)
        if local := features.get("local_temperature"):
            take = reported(unit_of(local, self._unit), self._unit)
            readings.append(
                field(self._topic, Template(False, (key_of(local),)), "current_temperature", take)
            )
        if (mode := features.get("system_mode")) is not None and settable(mode):
            key, known = key_of(mode), mode.get("values")
            modes = [value for value in known if isinstance(value, str)] if isinstance(known, list) else []
            running = (
                "heat" if "heat" in modes else next((value for value in modes if value != "off"), "heat")
            )
            writes[Command.TURN_ON] = self._set({key: running})
            writes[Command.TURN_OFF] = self._set({key: "off"})
            readings.append(field(self._topic, Template(False, (key,)), "on", lambda v: v != "off"))
        return self._entity(Domain.CLIMATE, end, readings, writes, ranges=ranges) if writes else None

    def _sensor(self, expose: Mapping[str, Any], end: str) -> Entity:
        name = text(expose.get("name"))
        reading = field(self._topic, Template(False, (key_of(expose),)), "value", measurement)
        return self._entity(
            Domain.SENSOR, end, (reading,), {}, called=name.replace("_", " "), device_class=_MEASURED[name],
            unit=text(expose.get("unit")),
        )  # fmt: skip

    def _binary(self, expose: Mapping[str, Any], end: str) -> Entity:
        name = text(expose.get("name"))
        device_class = _WATCHED[name]
        states = {
            NOTHING: UNKNOWN,
            word_of(expose, "value_on", "True"): binary.state_word(device_class, True),
            word_of(expose, "value_off", "False"): binary.state_word(device_class, False),
        }
        reading = field(self._topic, Template(False, (key_of(expose),)), "value", states.get)
        called = "" if name == "contact" else name.replace("_", " ")
        entity = self._entity(
            Domain.BINARY_SENSOR, end, (reading,), {}, called=called, device_class=device_class
        )
        return replace(entity, device=replace(entity.device, id=f"sensor.{slug(self._address)}:{name}"))


def _spoken(name: str) -> str:
    return name.replace("/", " ").replace("_", " ").strip()
