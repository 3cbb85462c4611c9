"""Keys of the entries of `home.toml`, checked: texts, numbers, names, ids and references."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Set
from itertools import count
from pathlib import Path
from typing import Any

from assistant.home.limits import MAX_ALIASES, MAX_AREAS, MAX_DEVICES, is_id, speakable
from assistant.home.mistakes import Mistakes
from common.faults import Fault
from common.toml_file import shown, shown_key

NO_TEXTS: tuple[str, ...] = ()


class Entries(Mistakes):
    """Reads keys, and raises or blames what is wrong with them; see `Mistakes`."""

    def __init__(self, path: Path, faults: list[Fault] | None = None) -> None:
        super().__init__(path, faults)
        #: Ids of the list that is being read: those written down, and those made from names so far.
        self._ids: set[str] = set()

    def _entries(
        self, table: dict[str, Any], key: str, known: Set[str]
    ) -> Iterable[tuple[str, dict[str, Any]]]:
        entries = table.get(key, [])
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            error = self._error(key, f"this is no list of tables; write [[{key}]]", "kind")
            self._blame(error, f"No {key} are known.")
            return
        limit = MAX_DEVICES if key == "devices" else MAX_AREAS
        if len(entries) > limit:
            error = self._error(key, f"there are {len(entries)}, the limit is {limit}", "too-many")
            self._blame(error, f"The first {limit} are used.")
        self._ids = {str(entry["id"]) for entry in entries[:limit] if "id" in entry}
        for number, entry in enumerate(entries[:limit], 1):
            name = entry.get("name")
            where = f"{key}[{number}]" + (f" ({shown_key(name)})" if isinstance(name, str) else "")
            self._known(entry, known, where)
            yield where, entry

    def _known(self, entry: dict[str, Any], known: Set[str], where: str) -> None:
        for key in entry:
            if key not in known:
                place = f"{where}.{shown_key(key)}" if where else shown_key(key)
                message = f"this key is unknown (known here: {', '.join(sorted(known))})"
                self._blame(self._error(place, message, "unknown"), "This key is left out.")

    def _section(self, table: dict[str, Any], key: str, where: str = "") -> dict[str, Any]:
        value = table.get(key, {})
        if not isinstance(value, dict):
            raise self._error(f"{where}.{key}".lstrip("."), "this is not a table", "kind")
        return value

    def _string(self, entry: dict[str, Any], key: str, where: str, default: str | None = None) -> str:
        value = entry.get(key, default)
        if value is None:
            raise self._error(f"{where}.{key}", "this key is missing", "missing-key")
        if not isinstance(value, str):
            raise self._error(f"{where}.{key}", f"{shown(value)} is not a text", "kind")
        return value

    def _number(self, entry: dict[str, Any], key: str, where: str) -> float:
        value = entry.get(key)
        if value is None:
            raise self._error(f"{where}.{key}", "this key is missing", "missing-key")
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self._error(f"{where}.{key}", f"{shown(value)} is not a number", "kind")
        return value

    def _strings(self, entry: dict[str, Any], key: str, where: str) -> tuple[str, ...]:
        value = entry.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self._error(f"{where}.{key}", f"{shown(value)} is not a list of texts", "kind")
        return tuple(value)

    def _name(self, entry: dict[str, Any], where: str) -> str:
        return self._speakable(self._string(entry, "name", where), f"{where}.name")

    def _aliases(self, entry: dict[str, Any], where: str) -> tuple[str, ...]:
        aliases = self._or(NO_TEXTS, lambda: self._strings(entry, "aliases", where))
        if len(aliases) > MAX_ALIASES:
            message = f"there are {len(aliases)}, the limit is {MAX_ALIASES}"
            error = self._error(f"{where}.aliases", message, "too-many")
            self._blame(error, f"The first {MAX_ALIASES} are used.")
        names = (
            self._or("", lambda alias=alias: self._speakable(alias, f"{where}.aliases"))  # type: ignore[misc]
            for alias in aliases[:MAX_ALIASES]
        )
        return tuple(name for name in names if name)

    def _speakable(self, value: str, where: str) -> str:
        try:
            return speakable(value)
        except ValueError as error:
            raise self._error(where, str(error), "name") from None

    def _id(self, entry: dict[str, Any], where: str) -> str:
        if "id" in entry:
            identifier = self._string(entry, "id", where)
            if not is_id(identifier):
                message = f"{shown(identifier)} may hold only letters, digits and _ . : -"
                raise self._error(f"{where}.id", message, "name")
            return identifier
        made = re.sub(r"\W+", "_", self._name(entry, where).lower()).strip("_")
        identifier = next(name for name in _numbered(made) if name not in self._ids)
        self._ids.add(identifier)
        return identifier

    def _reference(self, entry: dict[str, Any], key: str, where: str, known: set[str]) -> str | None:
        value = self._string(entry, key, where, "")
        if value and value not in known:
            there = ", ".join(sorted(known)) or "none"
            message = f"{shown(value)} does not exist (there are: {there})"
            raise self._error(f"{where}.{key}", message, "reference")
        return value or None


def _numbered(identifier: str) -> Iterator[str]:
    """lamp, lamp_2, lamp_3, ..."""
    yield identifier
    yield from (f"{identifier}_{number}" for number in count(2))
