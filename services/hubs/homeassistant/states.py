"""States of entities as `subscribe_entities` sends them: all at first, then what has changed."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import Any

#: A state with its attributes has about 500 bytes; some carry whole schedules, which are no use here.
_MAX_ATTRIBUTES = 100


class States:
    """The newest state of every entity. One event loop."""

    def __init__(self) -> None:
        self._states: dict[str, str] = {}
        self.attributes: dict[str, dict[str, Any]] = {}
        #: Set once the first event has come.
        self.first = asyncio.Event()

    def state(self, entity_id: str) -> str | None:
        """As Home Assistant writes it; None for an entity that is not there."""
        return self._states.get(entity_id)

    def take(self, event: dict[str, Any], wanted: Collection[str]) -> set[str]:
        """Take an event in, as far as it has the expected form; gives the entities that it is about.

        Args:
            event: `a` holds states that are new, `c` what has changed, `r` the entities that have gone.
            wanted: entities that were asked for; others are passed over.
        """
        changed = set()
        for id_, row in _table(event.get("a")).items():
            if id_ in wanted and isinstance(row, dict):
                self._states[id_] = str(row.get("s"))
                self.attributes[id_] = _few(_table(row.get("a")))
                changed.add(id_)
        for id_, row in _table(event.get("c")).items():
            if id_ in self._states and isinstance(row, dict):
                self._change(id_, _table(row.get("+")), _table(row.get("-")))
                changed.add(id_)
        gone = event.get("r")
        for id_ in gone if isinstance(gone, list) else ():
            if isinstance(id_, str) and self._states.pop(id_, None) is not None:
                del self.attributes[id_]
                changed.add(id_)
        self.first.set()
        return changed

    def _change(self, id_: str, added: dict[str, Any], removed: dict[str, Any]) -> None:
        if "s" in added:
            self._states[id_] = str(added["s"])
        attributes = {**self.attributes[id_], **_table(added.get("a"))}
        names = removed.get("a")
        for name in names if isinstance(names, list) else ():
            if isinstance(name, str):
                attributes.pop(name, None)
        self.attributes[id_] = _few(attributes)


def _few(attributes: dict[str, Any]) -> dict[str, Any]:
    return dict(list(attributes.items())[:_MAX_ATTRIBUTES])


def _table(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
