"""Which devices a broker reports as reachable."""

from __future__ import annotations

from collections.abc import Container

from services.hubs.mqtt.entity import Entity
from services.hubs.mqtt.template import Payload


class Availability:
    """The latest availability by topic, and the order in which the topics reported it."""

    def __init__(self) -> None:
        self._said: dict[str, str] = {}
        self._order: dict[str, int] = {}
        self._count = 0

    def keep(self, topics: Container[str]) -> None:
        """Forget all other topics."""
        self._said = {topic: said for topic, said in self._said.items() if topic in topics}
        self._order = {topic: at for topic, at in self._order.items() if topic in topics}

    def take(self, entity: Entity, topic: str, payload: Payload) -> None:
        """Take a message on one of the topics of `entity`."""
        for row in entity.availability:
            if row.topic != topic:
                continue
            said = row.template.of(payload)
            # Some versions of a bridge send a table, others the word alone.
            said = payload.text if said is None else said
            if said in (row.online, row.offline):
                self._said[topic] = said
                self._count += 1
                self._order[topic] = self._count

    def reaches(self, entity: Entity) -> bool:
        """Whether the hub reaches the device; true if it has not reported anything yet."""
        reported = [(self._said.get(row.topic), row) for row in entity.availability]
        known = [
            (said == row.online, self._order.get(row.topic, 0)) for said, row in reported if said is not None
        ]
        if not known:
            return True
        if entity.mode == "latest":
            return max(known, key=lambda row: row[1])[0]
        return (any if entity.mode == "any" else all)(online for online, _ in known)
