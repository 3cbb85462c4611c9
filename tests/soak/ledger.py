"""What the box has acknowledged, and whether it still knows it. Pure."""

from __future__ import annotations

from collections.abc import Collection
from enum import Enum


class Fact(Enum):
    """What is known of an entry."""

    KEPT = "kept"
    GONE = "gone"
    #: A call was under way, and its answer never came: it may have been carried out.
    UNSURE = "unsure"


class Ledger:
    """Entries that were set and removed through the box, by name."""

    def __init__(self) -> None:
        self._facts: dict[str, Fact] = {}
        self.acknowledged = 0

    def begins(self, name: str) -> None:
        """A call that sets or removes `name` is sent."""
        self._facts[name] = Fact.UNSURE

    def is_set(self, name: str) -> None:
        """The box has acknowledged that `name` is set."""
        self._facts[name] = Fact.KEPT
        self.acknowledged += 1

    def is_removed(self, name: str) -> None:
        """The box has acknowledged that `name` is removed."""
        self._facts[name] = Fact.GONE
        self.acknowledged += 1

    def compare(self, seen: Collection[str]) -> list[str]:
        """What contradicts what was acknowledged; each is told once, and then believed as it is."""
        wrong = []
        for name, fact in self._facts.items():
            there = name in seen
            if fact is Fact.KEPT and not there:
                wrong.append(f"{name} was acknowledged and is lost")
            elif fact is Fact.GONE and there:
                wrong.append(f"{name} was removed and is back")
            self._facts[name] = Fact.KEPT if there else Fact.GONE
        return wrong
