"""States that do not hold for ever: those that expire, and those that go off by themselves. Pure."""

from __future__ import annotations

from collections.abc import Container

from services.hubs.mqtt.entity import Entity


class Aging:
    """When the states of entities with a lifetime end. Times are seconds of one clock."""

    def __init__(self) -> None:
        self._expires: dict[str, float] = {}
        self._off: dict[str, float] = {}

    def keep(self, ids: Container[str]) -> None:
        """Forget all other entities."""
        self._expires = {id_: at for id_, at in self._expires.items() if id_ in ids}
        self._off = {id_: at for id_, at in self._off.items() if id_ in ids}

    def take(self, entity: Entity, value: object, now: float) -> None:
        """A message about the state of `entity` has come; its value is `value` now."""
        id_, lifetime = entity.device.id, entity.lifetime
        if lifetime.expire_s:
            self._expires[id_] = now + lifetime.expire_s
        self._off.pop(id_, None)
        if lifetime.off_s and value == lifetime.on:
            self._off[id_] = now + lifetime.off_s

    def fresh(self, entity: Entity, now: float) -> bool:
        """Whether the state holds still; not before the first message if it may expire."""
        return not entity.lifetime.expire_s or now < self._expires.get(entity.device.id, now)

    def ended(self, now: float) -> tuple[frozenset[str], frozenset[str]]:
        """Ids whose state has expired, and ids that have gone off, each told once."""
        expired = frozenset(id_ for id_, at in self._expires.items() if at <= now)
        off = frozenset(id_ for id_, at in self._off.items() if at <= now)
        for id_ in expired:
            del self._expires[id_]
        for id_ in off:
            del self._off[id_]
        return expired, off
