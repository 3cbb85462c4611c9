"""All entities of a broker together: each once, by topic, and with what others say of its hardware. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from assistant.home.imported import Skipped
from services.hubs.mqtt.entity import Entity


@dataclass(frozen=True)
class Index:
    """Entities by id and by topic, and what is left out because another one has its id."""

    entities: Mapping[str, Entity] = field(default_factory=dict)
    by_topic: Mapping[str, Sequence[Entity]] = field(default_factory=dict)
    skipped: tuple[Skipped, ...] = ()


def indexed(found: Iterable[Entity], max_topics: int) -> Index:
    """An index of `found`; of two entities with one id, the first counts.

    Args:
        found: entities, those that count first in front.
        max_topics: topics beyond that number are not heard.
    """
    entities: dict[str, Entity] = {}
    skipped = []
    for entity in found:
        if entity.device.id in entities:
            skipped.append(Skipped(entity.device.id, "another one has the same unique_id"))
        else:
            entities[entity.device.id] = entity
    named = {entity.device.id: entity for entity in _named(list(entities.values()))}
    by_topic: dict[str, list[Entity]] = {}
    for entity in named.values():
        for topic in entity.topics:
            if topic in by_topic or len(by_topic) < max_topics:
                by_topic.setdefault(topic, []).append(entity)
    return Index(named, by_topic, tuple(skipped))


def _named(entities: Sequence[Entity]) -> list[Entity]:
    """With the names of the hardware, its area and the numbers of those that would have one name."""
    names: dict[str, str] = {}
    areas: dict[str, str] = {}
    for entity in entities:
        for identifier in entity.hardware:
            if entity.called is not None and entity.called.hardware:
                names.setdefault(identifier, entity.called.hardware)
            if entity.area:
                areas.setdefault(identifier, entity.area)
    full = [_completed(entity, names, areas) for entity in entities]
    plain = Counter(entity.device.name.casefold() for entity in full)
    plain.update(alias.casefold() for entity in full for alias in entity.device.aliases)
    numbers: Counter[tuple[str, str]] = Counter()
    in_order = sorted(full, key=lambda entity: entity.device.id)
    return [_told_apart(entity, plain, numbers) for entity in in_order]


def _completed(entity: Entity, names: Mapping[str, str], areas: Mapping[str, str]) -> Entity:
    """An entity whose payload only identifies its hardware, with what another payload says of it."""
    called = entity.called
    if called is None:
        return entity
    known = sorted(entity.hardware)
    hardware = called.hardware or next((names[one] for one in known if one in names), "")
    called = replace(called, hardware=hardware)
    area = entity.area or next((areas[one] for one in known if one in areas), "")
    aliases = (called.alias,) if called.alias and called.alias != called.name else ()
    device = replace(entity.device, name=called.name, aliases=aliases)
    return replace(entity, device=device, area=area, called=called)


def _told_apart(entity: Entity, plain: Counter[str], numbers: Counter[tuple[str, str]]) -> Entity:
    """The second of two entities of one hardware that have no names is "... 2"."""
    device, called = entity.device, entity.called
    aliases = tuple(alias for alias in device.aliases if plain[alias.casefold()] == 1)
    name = device.name
    if called is not None and called.own is None and called.hardware and plain[name.casefold()] > 1:
        key = (",".join(sorted(entity.hardware)), name.casefold())
        numbers[key] += 1
        name = name if numbers[key] == 1 else f"{name} {numbers[key]}"
    return replace(entity, device=replace(device, name=name, aliases=aliases))
