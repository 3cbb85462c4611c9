"""Devices told apart by their room behind the name: "the lamp in the bedroom" is the bedroom lamp.

hassil's sentences take a room behind a name in some places only, and a list with every way to say it would
be long. So a text is brought into the form that the list of names has before hassil matches it, and the
network of the recogniser gets the room as one shared piece behind the names.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from hassil.expression import Alternative, ListReference, RuleReference, Sentence, Sequence, TextChunk
from hassil.intents import TextSlotList, TextSlotValue
from hassil.sample import sample_expression

from assistant.understanding.expressions import list_references
from assistant.understanding.names import HomeNames
from assistant.understanding.normalise import normalise
from assistant.understanding.template_text import parse_template

#: Rules of home-assistant-intents: what stands before a room, and the article. A language without them has
#: only the names as they are.
_IN, _THE = "in", "the"
_BEFORE = "before rooms"
#: The list of names as they are, in the network.
NAMES = "names alone"
_MAX_WAYS = 50


def articles(rules: Mapping[str, Sentence]) -> set[str]:
    """What may stand before a name of the language: the, my, our."""
    return _ways(rules[_THE], rules) if _THE in rules else set()


class RoomsBehindNames:
    """The devices of a home that have a name without their room.

    Args:
        home: the names.
        rules: the expansion rules of the language.
        plain: from a name to the words that hassil compares (`blocks.canonical`).
    """

    def __init__(self, home: HomeNames, rules: Mapping[str, Sentence], plain: Callable[[str], str]) -> None:
        self._devices = [device for device in home.devices if device.short and device.area]
        if not (_IN in rules and _THE in rules):
            self._devices = []
        areas = {area.value: tuple(area.spoken) for area in home.areas}
        self._areas = {
            value: areas[value] for device in self._devices if (value := str(device.area)) in areas
        }
        self._full: dict[tuple[str, str], str] = {}
        for device in self._devices:
            for area in self._areas.get(str(device.area), ()):
                self._full[plain(device.short), plain(area)] = plain(device.value)
        self._behind, self._possessive = self._patterns(rules)

    def _patterns(
        self, rules: Mapping[str, Sentence]
    ) -> tuple[re.Pattern[str] | None, re.Pattern[str] | None]:
        if not self._full:
            return None, None
        shorts, areas = (_either({pair[index] for pair in self._full}) for index in (0, 1))
        before, article = _either(_ways(rules[_IN], rules)), _either(articles(rules))
        behind = rf"(?<!\S)({shorts}) (?:{before}) (?:(?:{article}) )?({areas})(?!\S)"
        # The apostrophe has gone: "the bedrooms lamp".
        return re.compile(behind), re.compile(rf"(?<!\S)({areas})s ({shorts})(?!\S)")

    def in_front(self, text: str) -> str:
        """`text` with the room before the name: "the lamp in the bedroom" becomes "the bedroom lamp".

        Args:
            text: the words that hassil compares.
        """
        if self._behind is None or self._possessive is None:
            return text
        text = self._behind.sub(lambda match: self._full.get((match[1], match[2]), match[0]), text)
        return self._possessive.sub(lambda match: self._full.get((match[2], match[1]), match[0]), text)

    def rules(self) -> dict[str, Sentence]:
        """The rules that `names` refers to: "in the", the names of a room, and a name with its rooms."""
        if not self._areas:
            return {}
        before = [parse_template(f"<{_IN}>"), TextChunk(" "), parse_template(f"[<{_THE}>]"), TextChunk(" ")]
        found = {_BEFORE: Sentence(Sequence(items=before))}
        for value, spoken in self._areas.items():
            found[_room(value)] = Sentence(Alternative(items=[TextChunk(name) for name in spoken]))
        for (short, *kind), areas in self._groups().items():
            rooms = Alternative(items=[RuleReference(rule_name=_room(area)) for area in areas])
            items = [TextChunk(f"{short} "), RuleReference(rule_name=_BEFORE), rooms]
            found[_with_rooms(short, kind)] = Sentence(Sequence(items=items))
        return found

    def names(self) -> TextSlotList:
        """The list of names with the rooms behind, for the network; the names alone are the list `NAMES`."""
        behind = [
            TextSlotValue(RuleReference(rule_name=_with_rooms(short, kind)), short, dict(kind))
            for short, *kind in self._groups()
        ]
        return TextSlotList("name", [TextSlotValue(ListReference(f"{NAMES}:name"), ""), *behind])

    def _groups(self) -> dict[tuple[Any, ...], list[str]]:
        """The rooms of all devices that have a name and a kind in common."""
        groups: dict[tuple[Any, ...], list[str]] = {}
        for device in self._devices:
            kind = [(key, value) for key, value in device.context.items() if key != "area"]
            if (area := str(device.area)) in self._areas and normalise(device.short):
                groups.setdefault((device.short, *kind), []).append(area)
        return groups


# No rule or list of a file can have such a name: it has a space.
def _room(area: str) -> str:
    return f"room {area}"


def _with_rooms(short: str, kind: Iterable[tuple[str, str]]) -> str:
    return f"{short} in {dict(kind)}"


def _ways(rule: Sentence, rules: Mapping[str, Sentence]) -> set[str]:
    if any(list_references(rule.expression, rules)):
        return set()
    ways = sample_expression(rule.expression, expansion_rules=dict(rules))
    return {plain for _, way in zip(range(_MAX_WAYS), ways, strict=False) if (plain := normalise(way))}


def _either(texts: set[str]) -> str:
    """A pattern of any of these, the longest first."""
    return "|".join(re.escape(text) for text in sorted(texts, key=lambda text: (-len(text), text)))
