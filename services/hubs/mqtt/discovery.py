"""Home Assistant's discovery payloads, one by one, into entities. Pure.

What is not understood of an entity costs its part alone, and is told; an entity of which nothing can be used
is left out.
"""

from __future__ import annotations

import json
import re
import zlib
from typing import Any

from assistant.home.imported import Skipped
from assistant.home.model import Device
from services.hubs.mqtt.components import COMPONENTS
from services.hubs.mqtt.config import BadConfigError, Config, long_form
from services.hubs.mqtt.entity import Availability, Entity
from services.hubs.mqtt.names import Called
from services.hubs.mqtt.parts import Parts
from services.hubs.values import text

#: Entities that one payload may describe.
_MAX_COMPONENTS = 50
#: Characters of an entity's id behind its component.
_MAX_ID = 80
#: Components of the protocol that are no devices to speak of: settings, pictures.
_QUIET = frozenset(
    {"camera", "device_automation", "device_tracker", "event", "image", "number", "notify", "select",
     "tag", "text", "update"}
)  # fmt: skip
#: Of these components, an entity with a category is a setting of its device, such as "restart".
_MAY_BE_SETTINGS = frozenset({"button"})


def wildcards(prefix: str) -> tuple[str, ...]:
    """The topics on which payloads come."""
    return (f"{prefix}/+/+/config", f"{prefix}/+/+/+/config")


def entities_from(
    topic: str, data: bytes, prefix: str, unit: str = "celsius"
) -> tuple[tuple[Entity, ...], tuple[Skipped, ...]]:
    """What a payload describes, and what of it is not used.

    Args:
        topic: PREFIX/COMPONENT/[NODE/]OBJECT/config, or PREFIX/device/OBJECT/config for several in one.
        data: the payload.
        prefix: of the topics.
        unit: of temperatures in the home.
    """
    path = topic.removeprefix(f"{prefix}/").split("/")
    component, name = path[0], "_".join(path[1:-1])
    if component in _QUIET:
        return (), ()
    try:
        values = json.loads(data)
    except (ValueError, RecursionError):
        return (), (_skipped(component, name, "its payload is no JSON"),)
    if not isinstance(values, dict):
        return (), (_skipped(component, name, "its payload is no table"),)
    config = long_form(values)
    if config.get("migrate_discovery") is True:
        return (), ()  # its entities move to the payload of a whole device
    found: list[Entity] = []
    skipped: list[Skipped] = []
    rows = _components(config, name, skipped) if component == "device" else [(component, name, config)]
    for kind, called, row in rows:
        if kind in _QUIET or (kind in _MAY_BE_SETTINGS and row.get("entity_category")):
            continue
        parts = Parts(unit)
        try:
            entity = _entity(kind, called, Config(row), parts)
        except BadConfigError as error:
            skipped.append(_skipped(kind, called, str(error)))
        else:
            found.append(entity)
            skipped += (Skipped(entity.device.id, f"left out: {reason}") for reason in parts.missing)
    return tuple(found), tuple(skipped)


def _components(
    config: dict[str, Any], name: str, skipped: list[Skipped]
) -> list[tuple[str, str, dict[str, Any]]]:
    """The parts of a device: component, name and payload, with what the device says for all of them."""
    shared = {key: value for key, value in config.items() if key != "components"}
    rows = config.get("components")
    if not isinstance(rows, dict):
        skipped.append(_skipped("device", name, "its components are no table"))
        return []
    if len(rows) > _MAX_COMPONENTS:
        skipped.append(_skipped("device", name, f"only {_MAX_COMPONENTS} components are looked at"))
    found = []
    for key, row in list(rows.items())[:_MAX_COMPONENTS]:
        if not isinstance(row, dict):
            skipped.append(_skipped("device", f"{name}_{key}", "its description is no table"))
            continue
        inner = {**shared, **long_form({"~": config.get("~"), **row})}
        component = str(inner.get("platform", ""))
        # A component with nothing but its platform was taken back.
        if row.keys() - {"p", "platform"} or component not in COMPONENTS:
            found.append((component, f"{name}_{key}", inner))
    return found


def _entity(component: str, name: str, config: Config, parts: Parts) -> Entity:
    if component not in COMPONENTS:
        raise BadConfigError(f"{component[:40]!r} is none of {', '.join(COMPONENTS)}")
    domain, read = COMPONENTS[component]
    read(config, parts)
    if not parts.usable:
        raise BadConfigError("; ".join(parts.missing) or "it has no topic")
    with parts.part("device"):
        if "device" in config and not isinstance(config.values["device"], dict):
            raise BadConfigError("device is no table")
    hardware = config.table("device")
    device_class = text(_word(config, "device_class", parts))
    called = Called(
        own=_word(config, "name", parts) if "name" in config.values else None,
        component=component,
        device_class=device_class,
        hardware=_word(hardware, "name", parts),
        fallback=_object(config, name, parts),
    )
    device = Device(
        id=f"{component}.{_slug(_word(config, 'unique_id', parts) or name)}",
        name=called.name,
        domain=domain,
        device_class=device_class or None,
        features=frozenset(parts.features),
        unit=text(_word(config, "unit_of_measurement", parts)) if component == "sensor" else "",
        ranges=parts.ranges,
    )
    return Entity(
        device,
        area=text(_word(hardware, "suggested_area", parts)),
        readings=tuple(parts.readings),
        writes=parts.writes,
        availability=_availability(config, parts),
        mode=_mode(config, parts),
        hardware=_identifiers(hardware),
        called=called,
        lifetime=parts.lifetime,
    )


def _object(config: Config, name: str, parts: Parts) -> str:
    """What the payload calls the entity where it has no name, as words."""
    own = _word(config, "default_entity_id", parts).partition(".")[2] or _word(config, "object_id", parts)
    return (own or name).replace("_", " ")


def _word(config: Config, key: str, parts: Parts) -> str:
    """A text, or "" where it is none."""
    with parts.part(key.replace("_", " ")):
        return config.text(key)
    return ""


def _identifiers(hardware: Config) -> frozenset[str]:
    value = hardware.values.get("identifiers")
    rows = value if isinstance(value, list) else [value]
    found = {str(row)[:200] for row in rows[:20] if isinstance(row, str | int)}
    found |= {":".join(str(part)[:100] for part in pair[:2]) for pair in hardware.lists("connections")}
    return frozenset(found)


def _mode(config: Config, parts: Parts) -> str:
    with parts.part("availability mode"):
        mode = config.text("availability_mode", "latest")
        if mode in ("all", "any", "latest"):
            return mode
        raise BadConfigError(f"availability_mode {mode[:20]!r} is none of all, any, latest")
    return "latest"


def _availability(config: Config, parts: Parts) -> tuple[Availability, ...]:
    found = []
    with parts.part("availability"):
        if topic := config.topic("availability_topic"):
            found.append(_reported(config, topic, "availability_template"))
    for row in () if found else config.tables("availability"):
        with parts.part("availability"):
            found.append(_reported(row, row.needed("topic"), "value_template"))
    return tuple(found)


def _reported(row: Config, topic: str, template: str) -> Availability:
    online, offline = row.text("payload_available", "online"), row.text("payload_not_available", "offline")
    return Availability(topic, online, offline, row.template(template))


def _slug(name: str) -> str:
    found = re.sub(r"[^\w.:-]", "_", name)
    if len(found) <= _MAX_ID:
        return found
    # Two long ones often differ at their ends only.
    return f"{found[: _MAX_ID - 9]}_{zlib.crc32(found.encode('utf-8', 'replace')):08x}"


def _skipped(component: str, name: str, reason: str) -> Skipped:
    # Both are the hub's words: half of a surrogate pair, for one, cannot be values to anybody.
    return Skipped(f"{_slug(component)[:40]}.{_slug(name)}", reason)
