"""The lists of the box: what is on them, kept on disk."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from common.errors import NotFound, TooLarge
from common.faults import Faults
from common.state_file import load_json, save_json

MAX_LISTS = 50
#: Things on all lists together, and characters of one: the file stays below the limit of state files.
MAX_THINGS = 2000
MAX_CHARS = 100
MAX_NAME = 60

_VERSION = 1


@dataclass(frozen=True)
class NamedList:
    """A list: its name without the word "list", and the things on it, in the order in which they came."""

    name: str
    things: tuple[str, ...] = ()


class ListBook:
    """All lists of the box. Methods may be called from any thread.

    Every change is saved before the method returns. Where that fails a `StorageError` is raised, but the
    change holds in memory.

    Args:
        path: the JSON file.
        always: names of lists that are there even if nobody has made them.
        faults: is told if the lists are lost.
    """

    def __init__(self, path: Path, always: Sequence[str] = (), faults: Faults | None = None) -> None:
        self._path = path
        self._lock = threading.RLock()
        found = load_json(path, _lists, what="the lists", faults=faults) or {}
        self._lists = {name: NamedList(name) for name in always} | found
        self._always = frozenset(always)

    @property
    def lists(self) -> tuple[NamedList, ...]:
        """All lists, those that are always there first."""
        with self._lock:
            return tuple(self._lists.values())

    def get(self, name: str) -> NamedList | None:
        """The list of a name."""
        return self._lists.get(name)

    def check(self, things: Sequence[str], name: str) -> None:
        """Raise what `add` would raise for these things."""
        if name not in self._lists and len(self._lists) >= MAX_LISTS:
            raise TooLarge(f"there are already {MAX_LISTS} lists", code="list.too-many-lists")
        count = sum(len(each.things) for each in self._lists.values())
        if count + len(things) > MAX_THINGS:
            raise TooLarge(f"there are already {count} things on your lists", code="list.too-many")
        if any(len(thing) > MAX_CHARS for thing in things) or len(name) > MAX_NAME:
            raise TooLarge("that is too long for a list", code="list.too-long")

    def add(self, name: str, things: Sequence[str]) -> None:
        """Put things at the end of a list, which is made if it is not there.

        Raises:
            TooLarge: too many lists, too many things, or one that is too long.
        """
        with self._lock:
            self.check(things, name)
            known = self._lists.get(name, NamedList(name))
            self._put(replace(known, things=(*known.things, *things)))

    def remove(self, name: str, things: Sequence[str]) -> None:
        """Take things off a list, one of each.

        Raises:
            NotFound: none of them is there.
        """
        with self._lock:
            known = self._lists.get(name)
            left = list(known.things) if known is not None else []
            count = len(left)
            for thing in things:
                if thing in left:
                    left.remove(thing)
            if known is None or len(left) == count:
                raise NotFound("that is not on the list any more", code="list.missing")
            self._put(replace(known, things=tuple(left)))

    def delete(self, name: str) -> None:
        """Forget a list; one that is always there is emptied."""
        with self._lock:
            if name in self._always:
                self._put(NamedList(name))
            elif self._lists.pop(name, None) is not None:
                self._save()

    def restore(self, known: NamedList) -> None:
        """Bring a list back as it was."""
        with self._lock:
            self._put(known)

    def _put(self, changed: NamedList) -> None:
        self._lists[changed.name] = changed
        self._save()

    def _save(self) -> None:
        lists = [{"name": each.name, "things": each.things} for each in self._lists.values()]
        save_json(self._path, {"version": _VERSION, "lists": lists})


def _lists(content: Any) -> dict[str, NamedList]:
    """The lists of a file, as far as they are within the limits.

    Raises:
        KeyError, TypeError, ValueError, AttributeError: the file holds none.
    """
    if content["version"] != _VERSION:
        raise ValueError(f"version {content['version']} is not {_VERSION}")
    found: dict[str, NamedList] = {}
    left = MAX_THINGS
    for entry in content["lists"][:MAX_LISTS]:
        read = _list(entry, left)
        left -= len(read.things)
        found[read.name] = read
    return found


def _list(entry: Mapping[str, Any], most: int) -> NamedList:
    things = entry["things"]
    if not isinstance(things, list) or not all(isinstance(thing, str) for thing in things):
        raise TypeError("the things of a list are texts")
    return NamedList(str(entry["name"])[:MAX_NAME], tuple(thing[:MAX_CHARS] for thing in things[:most]))
