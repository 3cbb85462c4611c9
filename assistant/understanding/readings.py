"""Which of several readings of a sentence is meant.

Names of a home are words like others: a light may be called "Lights", a sensor "Office". Then a sentence has
several readings, and the one that this home can carry out is meant: "turn on the office lights" where the
device "Lights" stands in the garage means the lights of the office.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from enum import IntEnum
from typing import Any

from hassil.models import MatchEntity
from hassil.recognize import RecognizeResult

from assistant.understanding.intent_domains import INTENT_DOMAINS
from assistant.understanding.names import STATE_INTENT, DeviceName, HomeNames

#: Slots that say which thing is meant; one of them is enough.
PLACE_SLOTS = frozenset({"name", "area", "floor"})

_ASK_TEMPERATURE = "HassClimateGetTemperature"
#: The place in their sentences is what is done something to, not where the device stands.
_ABOUT_PLACES = frozenset({"HassVacuumCleanArea"})
#: The name and then its kind, as home-assistant-intents writes it: "the {name} light".
_NAME_AND_KIND = re.compile(r"\{name\} <light>")

Rank = tuple[int, int, int, int, int, int, str]


class _Fit(IntEnum):
    """How well the home can carry a reading out; the lower, the better."""

    CAN = 0
    #: "The lights" where the room of the box has none: those of the whole home are taken.
    ELSEWHERE = 1
    CANNOT = 2
    #: "There are no lights in the office" says more than that a device of that name is not there.
    NAMED_CANNOT = 3


class Readings:
    """Compares what a text may mean in one home.

    Args:
        home: the names, and where the things are that they stand for.
        english: whether the sentences are English; in other languages a name is never taken for a plural.
    """

    def __init__(self, home: HomeNames, english: bool) -> None:
        self._english = english
        self._here = home.here
        self._devices = home.devices
        self._named: dict[str, list[DeviceName]] = {}
        for device in home.devices:
            for value in device.values:
                self._named.setdefault(value, []).append(device)
        self._floors = {area.value: area.floor for area in home.areas}

    def rank(self, result: RecognizeResult, room_behind: bool) -> Rank:
        """The lower, the better.

        In this order: little free text; what can be carried out; what is said about the thing (see `_said`);
        many literal words and a long name; and a literal sentence before a device of that name.

        Args:
            result: of hassil.
            room_behind: whether the room was said behind the name and has been put in front of it.
        """
        entities = result.entities_list
        free = [entity for entity in entities if entity.is_wildcard]
        listed = {entity.name: entity for entity in entities if entity.text and not entity.is_wildcard}
        name = listed.get("name")
        slots = {entity.name: entity.value for entity in entities if not entity.is_wildcard}
        # hassil counts literal text without its spaces, and text of lists not at all.
        name_length = _length(name)
        return (
            sum(1 + len(entity.text) for entity in free),
            self._fit(str(result.intent.name), slots),
            self._said(result, listed, slots, room_behind),
            -(result.text_chunks_matched + name_length + _length(listed.get("device_class"))),
            self._literal(listed, slots),
            -name_length,
            str(result.intent.name),
        )

    def _fit(self, intent: str, slots: Mapping[str, Any]) -> _Fit:
        name = slots.get("name")
        said = slots.get("domain")
        domains = {said} if said else INTENT_DOMAINS.get(intent)
        if intent in _ABOUT_PLACES or (name is not None and name not in self._named):
            return _Fit.CAN  # The name of something else, as of a list of the owner.
        if intent != _ASK_TEMPERATURE and not (PLACE_SLOTS | {"domain"}) & slots.keys():
            return _Fit.CAN
        fitting = [
            device
            for device in (self._devices if name is None else self._named[name])
            if self._is_kind(device, intent, None if name else domains, slots.get("device_class"))
            and slots.get("area") in (None, device.area)
            and slots.get("floor") in (None, self._floors.get(device.area or ""))
        ]
        if not fitting:
            return _Fit.NAMED_CANNOT if name else _Fit.CANNOT
        here = slots.get("scope") == "here" or (intent == _ASK_TEMPERATURE and not slots)
        if here and self._here is not None and all(device.area != self._here for device in fitting):
            return _Fit.ELSEWHERE
        return _Fit.CAN

    def _is_kind(
        self, device: DeviceName, intent: str, domains: Collection[object] | None, device_class: object
    ) -> bool:
        if device_class is not None and device_class not in device.kinds:
            return False
        if intent == _ASK_TEMPERATURE:
            return device.domain == "climate" or "temperature" in device.kinds
        return (
            domains is None
            or device.domain in domains
            or (intent == STATE_INTENT and not device.asked_as.isdisjoint(domains))
        )

    def _said(
        self,
        result: RecognizeResult,
        listed: Mapping[str, MatchEntity],
        slots: Mapping[str, Any],
        room_behind: bool,
    ) -> int:
        """A device by its name (0) comes before a kind of device in a place (1).

        But a name in the plural, or one with its kind behind it, is a general word where the place is said
        too (2): "the garage lights" are all lights of the garage, though one device there is called "Lights",
        and "the office lights" are more than the light "Office". A room that was said behind a name counts as
        part of the name where its owner gave the name to several (0 or 2); else it is a makeshift (3).
        """
        name = listed.get("name")
        placed = not listed.keys().isdisjoint({"area", "floor"})
        if name is None:
            return int(placed and slots.get("scope") != "everything")
        devices = self._named.get(str(name.value), [])
        if room_behind and not any(device.shared for device in devices):
            return 3
        sentence = result.intent_sentence
        kind_too = sentence is not None and _NAME_AND_KIND.search(sentence.text or "") is not None
        several = (placed or room_behind) and self._is_plural(devices[0] if devices else None, name)
        return 2 if kind_too or several else 0

    def _literal(self, listed: Mapping[str, MatchEntity], slots: Mapping[str, Any]) -> int:
        """Which comes first where a literal sentence and a device of that name have the same words.

        The literal sentence; but "the lamp" is the "Lamp" of this room rather than any light of it, and "the
        garage door" is the one of that name rather than any garage door of the home.
        """
        name = listed.get("name")
        if name is None:
            if slots.get("scope") == "here":
                return 2
            return 4 if "device_class" in listed else 0
        devices = self._named.get(str(name.value), [])
        if not devices or self._is_plural(devices[0], name):
            return 5
        at_hand = self._here is not None and any(device.area == self._here for device in devices)
        return 1 if at_hand else 3

    def _is_plural(self, device: DeviceName | None, name: MatchEntity) -> bool:
        text = (device.short if device is not None and device.shared else "") or name.text
        word = text.rstrip().lower()
        return self._english and word.endswith("s") and not word.endswith("ss")


def _length(entity: MatchEntity | None) -> int:
    return len(entity.text.replace(" ", "")) if entity is not None else 0
