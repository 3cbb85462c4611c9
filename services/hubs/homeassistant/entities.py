"""Between Home Assistant's entities and our devices. Pure. What the entities of a domain are: `kinds`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assistant.home.model import Device, DeviceState, Domain, Feature, Range
from services.hubs.homeassistant.kinds import KINDS, EntityKind
from services.hubs.values import text, whole


def domain_of(entity_id: str) -> Domain | None:
    """Our domain for an entity; None where there is none."""
    kind = KINDS.get(entity_id.partition(".")[0])
    return kind.domain if kind is not None else None


def device_from(
    entity_id: str, attributes: Mapping[str, Any], aliases: tuple[str, ...] = (), area: str | None = None
) -> Device:
    """The device that an entity is.

    Args:
        entity_id: of one of `KINDS`.
        attributes: of its state.
        aliases: from the entity registry.
        area: id of its area, or of its device's.
    """
    kind = KINDS[entity_id.partition(".")[0]]
    name = attributes.get("friendly_name")
    return Device(
        id=entity_id,
        name=name if isinstance(name, str) else entity_id.partition(".")[2].replace("_", " "),
        domain=kind.domain,
        aliases=aliases,
        area=area,
        device_class=text(attributes.get("device_class")) or None,
        features=_features(kind, attributes),
        unit=text(attributes.get("unit_of_measurement")) if kind.domain is Domain.SENSOR else "",
        ranges=_ranges(kind, attributes),
    )


def _features(kind: EntityKind, attributes: Mapping[str, Any]) -> frozenset[Feature]:
    bits = whole(attributes.get("supported_features"), 0, 2**31) or 0
    return frozenset(
        {feature for bit, feature in kind.bits.items() if bits & bit} | kind.features(attributes)
    )


def _ranges(kind: EntityKind, attributes: Mapping[str, Any]) -> dict[str, Range]:
    """The values it takes, as far as it says so; bounds that fit nothing are passed over."""
    try:
        return kind.ranges(attributes)
    except ValueError:
        return {}


def state_from(device: Device, state: object, attributes: Mapping[str, Any]) -> DeviceState | None:
    """What is known of a device; None where the hub does not reach it.

    Args:
        device: from `device_from`.
        state: as Home Assistant writes it: "on", "closed", "21.5", ...
        attributes: of that state.
    """
    if state == "unavailable":
        return None
    if not isinstance(state, str) or state == "unknown":
        return DeviceState()
    return KINDS[device.id.partition(".")[0]].state(state, attributes, device.device_class)
