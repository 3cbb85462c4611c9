"""From Home Assistant's registries to a home. Pure; what has not the expected form is passed over."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from assistant.home.imported import Imported, Skipped, tidy
from assistant.home.kinds import WATCHERS
from assistant.home.limits import MAX_ALIASES
from assistant.home.model import Area, Floor, Home
from services.hubs.homeassistant.entities import device_from, domain_of
from services.hubs.homeassistant.kinds import KINDS
from services.hubs.values import text, texts

#: Entities that are looked at; a home of 500 devices has a few hundred more that are no use here.
MAX_ENTITIES = 2000
#: As the hub calls the assistants of the house, to which entities are exposed.
ASSISTANT = "conversation"


@dataclass(frozen=True)
class Registries:
    """The registries of the hub, as the hub sent them.

    Attributes:
        config: answer to `get_config`.
        floors, areas, devices: answers to `config/*_registry/list`.
        entities: entity id -> entry of the entity registry, of those that are exposed.
        exposed: entity ids exposed to `ASSISTANT`, whatever their domain.
    """

    config: Mapping[str, Any] = field(default_factory=dict)
    floors: Sequence[Mapping[str, Any]] = ()
    areas: Sequence[Mapping[str, Any]] = ()
    devices: Sequence[Mapping[str, Any]] = ()
    entities: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    exposed: tuple[str, ...] = ()

    @property
    def followed(self) -> tuple[str, ...]:
        """The exposed entities that have a match here."""
        return tuple(id_ for id_ in self.exposed if domain_of(id_) is not None)


def rows(answer: object) -> tuple[Mapping[str, Any], ...]:
    """The entries of a registry."""
    if not isinstance(answer, list):
        return ()
    return tuple(row for row in answer if isinstance(row, dict))


def exposed_ids(answer: object) -> tuple[str, ...]:
    """Entity ids exposed to `ASSISTANT`, out of the answer to `homeassistant/expose_entity/list`, by name.

    Home Assistant's ids are small letters, digits and "_"; other ids are ignored. Half of a surrogate
    pair could not even be sent to anybody.
    """
    exposed = answer.get("exposed_entities") if isinstance(answer, dict) else None
    if not isinstance(exposed, dict):
        return ()
    found = [
        id_
        for id_, to in exposed.items()
        if isinstance(to, dict) and to.get(ASSISTANT) is True and _is_id(id_)
    ]
    return tuple(sorted(found)[:MAX_ENTITIES])


def home_from(registries: Registries, attributes: Mapping[str, Mapping[str, Any]], box_area: str) -> Imported:
    """The home.

    Args:
        registries: as the hub sent them.
        attributes: entity id -> attributes of its state, of those that have one.
        box_area: name or id of the area of the box.
    """
    floors = tuple(
        Floor(_id(row, "floor_id"), _name(row), texts(row.get("aliases"), MAX_ALIASES + 1))
        for row in registries.floors
    )
    areas = tuple(
        Area(
            _id(row, "area_id"),
            _name(row),
            texts(row.get("aliases"), MAX_ALIASES + 1),
            text(row.get("floor_id")) or None,
        )
        for row in registries.areas
    )
    area_of_device = {_id(row, "id"): text(row.get("area_id")) or None for row in registries.devices}
    devices = []
    for id_ in registries.followed:
        if id_ not in attributes:
            continue
        entry = registries.entities.get(id_, {})
        area = text(entry.get("area_id")) or area_of_device.get(_id(entry, "device_id"))
        aliases = texts(entry.get("aliases"), MAX_ALIASES + 1)
        devices.append(device_from(id_, attributes[id_], aliases, area))
    # Devices that take commands come first: at the limit, sensors are left out.
    devices.sort(key=lambda device: (device.domain in WATCHERS, device.id))
    home = Home(
        name=text(registries.config.get("location_name")) or "home",
        unit=_unit(registries.config),
        box_area=_area_called(areas, box_area),
        floors=floors,
        areas=areas,
        devices=tuple(devices),
    )
    return tidy(home, _unsupported(registries, attributes))


def _unsupported(registries: Registries, attributes: Iterable[str]) -> list[Skipped]:
    known = set(attributes)
    found = []
    for id_ in registries.exposed:
        if domain_of(id_) is None:
            kinds = ", ".join(KINDS)
            found.append(Skipped(id_[:100], f"{id_.partition('.')[0][:40]} is none of {kinds}"))
        elif id_ not in known:
            found.append(Skipped(id_[:100], "it has no state"))
    return found


def _area_called(areas: Iterable[Area], wanted: str) -> str | None:
    key = wanted.casefold()
    return next(
        (area.id for area in areas if key and key in (area.id.casefold(), area.name.casefold())), None
    )


def _unit(config: Mapping[str, Any]) -> str:
    system = config.get("unit_system")
    unit = system.get("temperature") if isinstance(system, dict) else None
    return "fahrenheit" if unit == "°F" else "celsius"


def _id(row: Mapping[str, Any], key: str) -> str:
    value = row.get(key)
    return value if isinstance(value, str) and _is_id(value) else ""


def _is_id(value: str) -> bool:
    return value.isascii() and value.isprintable()


def _name(row: Mapping[str, Any]) -> str:
    value = row.get("name")
    return value if isinstance(value, str) else ""
