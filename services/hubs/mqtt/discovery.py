"""Home Assistant's discovery payloads, one by one, into entities. Pure."""

from __future__ import annotations

import json
import re
from typing import Any

from assistant.home.imported import Skipped
from assistant.home.model import Device
from services.hubs.mqtt.components import COMPONENTS
from services.hubs.mqtt.config import BadConfigError, Config, long_form
from services.hubs.mqtt.entity import Availability, Entity
from services.hubs.mqtt.template import UnsupportedTemplateError
from services.hubs.values import text

#: Entities that one payload may describe.
_MAX_COMPONENTS = 50
#: Components of the protocol that are no devices to speak of: settings, pictures, buttons of remotes.
_QUIET = frozenset(
    {"alarm_control_panel", "button", "camera", "device_automation", "device_tracker", "event", "image",
     "number", "notify", "scene", "select", "siren", "tag", "text", "update"}
)  # fmt: skip


def wildcards(prefix: str) -> tuple[str, ...]:
    """The topics on which payloads come."""
    return (f"{prefix}/+/+/config", f"{prefix}/+/+/+/config")


def entities_from(topic: str, data: bytes, prefix: str) -> tuple[tuple[Entity, ...], tuple[Skipped, ...]]:
    """What a payload describes, and what of it is not used.

    Args:
        topic: PREFIX/COMPONENT/[NODE/]OBJECT/config, or PREFIX/device/OBJECT/config for several in one.
        data: the payload.
        prefix: of the topics.
    """
    parts = topic.removeprefix(f"{prefix}/").split("/")
    component, name = parts[0], "_".join(parts[1:-1])
    if component in _QUIET:
        return (), ()
    try:
        values = json.loads(data)
    except (ValueError, RecursionError):
        return (), (_skipped(component, name, "its payload is no JSON"),)
    if not isinstance(values, dict):
        return (), (_skipped(component, name, "its payload is no table"),)
    config = long_form(values)
    if component != "device":
        return _all([(component, name, config)])
    shared = {key: value for key, value in config.items() if key != "components"}
    rows = config.get("components")
    found = []
    for key, row in list(rows.items())[:_MAX_COMPONENTS] if isinstance(rows, dict) else ():
        if isinstance(row, dict):
            inner = {**shared, **long_form({**row, "~": config.get("~")})}
            found.append((str(inner.get("platform", "")), f"{name}_{key}", inner))
    return _all(found)


def _all(rows: list[tuple[str, str, dict[str, Any]]]) -> tuple[tuple[Entity, ...], tuple[Skipped, ...]]:
    found, skipped = [], []
    for component, name, values in rows:
        if component in _QUIET:
            continue
        try:
            found.append(_entity(component, name, Config(values)))
        except (BadConfigError, UnsupportedTemplateError) as error:
            skipped.append(_skipped(component, name, str(error)))
    return tuple(found), tuple(skipped)


def _entity(component: str, name: str, config: Config) -> Entity:
    if component not in COMPONENTS:
        raise BadConfigError(f"{component[:40]!r} is none of {', '.join(COMPONENTS)}")
    domain, read = COMPONENTS[component]
    features, readings, writes = read(config)
    hardware = config.table("device")
    device = Device(
        id=f"{component}.{_slug(config.text('unique_id') or name)}",
        name=_name(config, hardware, name),
        domain=domain,
        device_class=text(config.text("device_class")) or None,
        features=features,
        unit=text(config.text("unit_of_measurement")) if component == "sensor" else "",
    )
    return Entity(
        device,
        area=text(hardware.text("suggested_area")),
        readings=readings,
        writes=writes,
        availability=_availability(config),
        mode=config.text("availability_mode", "latest"),
        hardware=frozenset(hardware.texts("identifiers")),
    )


def _name(config: Config, hardware: Config, fallback: str) -> str:
    """As Home Assistant calls it: the hardware's name, and the entity's own where it has one."""
    own, whole = config.text("name"), hardware.text("name")
    if not own:
        return whole or config.text("device_class").replace("_", " ") or fallback.replace("_", " ")
    return own if not whole or own.casefold().startswith(whole.casefold()) else f"{whole} {own}"


def _availability(config: Config) -> tuple[Availability, ...]:
    online, offline = ("payload_available", "online"), ("payload_not_available", "offline")
    if topic := config.topic("availability_topic"):
        template = config.template("availability_template")
        return (Availability(topic, config.text(*online), config.text(*offline), template),)
    return tuple(
        Availability(
            row.needed("topic"), row.text(*online), row.text(*offline), row.template("value_template")
        )
        for row in config.tables("availability")
    )


def _slug(name: str) -> str:
    return re.sub(r"[^\w.:-]", "_", name)[:80]


def _skipped(component: str, name: str, reason: str) -> Skipped:
    # Both are the hub's words: half of a surrogate pair, for one, cannot be values to anybody.
    return Skipped(f"{_slug(component)[:40]}.{_slug(name)}", reason)
