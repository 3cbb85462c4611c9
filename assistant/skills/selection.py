"""Which devices a sentence is about, and what they are called together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from assistant.home.kinds import is_kind
from assistant.home.model import Area, Device, Domain, Floor, Home
from assistant.skills import slots
from assistant.skills.contract import Request
from assistant.skills.home_words import HomeWords
from assistant.skills.lines import Line, line

_WHICH_ONE = line("home.which_one", "names")
_THERE_ARE_NONE = line("home.there_are_none", "devices", "place")
_IN_YOUR_HOME = line("home.in_your_home")
_UNKNOWN = line("home.unknown", "name")
_NOT_THERE = line("home.not_there", "name", "place")
_DEVICES_IN = line("home.devices_in", "devices", "place")
_ALL = line("home.all", "devices")


class NothingSelectedError(Exception):
    """Nothing fits; the message is the sentence to say."""


class WhichOneError(NothingSelectedError):
    """Too much fits; the message asks which of `devices` is meant."""

    def __init__(self, question: str, devices: tuple[Device, ...]) -> None:
        super().__init__(question)
        self.devices = devices


@dataclass(frozen=True)
class Selection:
    """The devices that are meant.

    Attributes:
        devices: at least one.
        named: whether one was called by its name.
        place: "in the kitchen", "upstairs", or "" for the whole home or a named device.
        noun: what such devices are called; together, `several`, "lights".
        phrase: "the kitchen light", "the lights in the kitchen", "all lights".
    """

    devices: tuple[Device, ...]
    named: bool
    place: str
    noun: Line
    several: str
    phrase: str


class Selector:
    """Finds the devices of a request, from its slots name, area, floor, domain, device_class and scope.

    Args:
        words: what devices and places are called.
    """

    def __init__(self, words: HomeWords) -> None:
        self._words = words
        self._text = words.text

    def select(
        self,
        home: Home,
        request: Request,
        domain: Domain | None = None,
        widen: bool = True,
        asked: Callable[[Device], bool] | None = None,
    ) -> Selection:
        """The devices of a request.

        Args:
            home: where to look.
            request: slots `name`, `area` and `floor` are names; `scope` is "here" where the sentence
                named no place, which means the area of the box.
            domain: what is meant where the sentence does not say.
            widen: without a place and with nothing of the kind here, take the whole home.
            asked: of a question: which devices it is about, in place of `domain` and `device_class`.

        Raises:
            NothingSelectedError: nothing fits.
            WhichOneError: too much does: devices share a name, or `widen` is False.
        """
        chosen = slots.text(request.slots, "chosen")
        if chosen is not None:
            return self._named(home, chosen, None, None, None)
        name = slots.text(request.slots, "name")
        area = self._area(home, request)
        floor = self._floor(home, request)
        if name is not None:
            return self._named(home, name, area, floor, domain)
        kind = slots.text(request.slots, "domain") or domain
        device_class = slots.text(request.slots, "device_class")
        fitting = tuple(
            device
            for device in home.devices
            if (asked(device) if asked else is_kind(device, kind, device_class))
        )
        noun = self._words.noun(str(kind or ""), device_class)
        if area is not None:
            found = tuple(device for device in fitting if device.area == area.id)
            return self._some(found, self._words.in_area(area), noun)
        if floor is not None:
            rooms = {room.id for room in home.areas if room.floor == floor.id}
            found = tuple(device for device in fitting if device.area in rooms)
            return self._some(found, self._words.on_floor(floor), noun)
        if request.slots.get("scope") == "here" and home.box_area is not None:
            box = home.area(home.box_area)
            found = tuple(device for device in fitting if device.area == home.box_area)
            if found and box is not None:
                return self._some(found, self._words.in_area(box), noun)
        if not widen and len(fitting) > 1 and request.slots.get("scope") == "here":
            raise self.several(fitting)
        return self._some(fitting, "", noun)

    def one(self, device: Device) -> Selection:
        """A single device, as if it had been called by its name."""
        noun = self._words.noun(device.domain, device.device_class)
        return Selection((device,), True, "", noun, self._words.several(noun, 1), self._words.the(device))

    def several(self, devices: tuple[Device, ...]) -> WhichOneError:
        """One of these is meant, and it is not known which."""
        names = self._words.phrases.either([self._words.the(device) for device in devices])
        return WhichOneError(self._text(_WHICH_ONE, names=names), devices)

    def unknown(self, name: str) -> NothingSelectedError:
        """There is nothing of that name."""
        return NothingSelectedError(self._text(_UNKNOWN, name=self._words.bare(name)))

    def _some(self, found: tuple[Device, ...], place: str, noun: Line) -> Selection:
        several = self._words.several(noun, len(found))
        if not found:
            somewhere = place or self._text(_IN_YOUR_HOME)
            raise NothingSelectedError(self._text(_THERE_ARE_NONE, devices=several, place=somewhere))
        if len(found) == 1:
            phrase = self._words.the(found[0])
        elif place:
            phrase = self._text(_DEVICES_IN, devices=several, place=place)
        else:
            phrase = self._text(_ALL, devices=several)
        return Selection(found, False, place, noun, several, phrase)

    def _named(
        self, home: Home, name: str, area: Area | None, floor: Floor | None, domain: Domain | None
    ) -> Selection:
        exact = home.device(name)
        called = (exact,) if exact is not None else home.sharing(name)
        if not called:
            raise self.unknown(name)
        rooms = {room.id for room in home.areas if floor is None or room.floor == floor.id}
        there = [
            device
            for device in called
            if (area is None or device.area == area.id) and (floor is None or device.area in rooms)
        ]
        if not there:
            place = self._words.in_area(area) if area is not None else ""
            if area is None and floor is not None:
                place = self._words.on_floor(floor)
            raise NothingSelectedError(self._text(_NOT_THERE, name=self._words.bare(name), place=place))
        there = [device for device in there if domain in (None, device.domain)] or there
        here = [device for device in there if device.area == home.box_area]
        chosen = there if len(there) == 1 else here
        if len(chosen) != 1:
            raise self.several(tuple(there))
        return self.one(chosen[0])

    def _area(self, home: Home, request: Request) -> Area | None:
        name = slots.text(request.slots, "area")
        area = None if name is None else home.area(name)
        if name is not None and area is None:
            raise self.unknown(name)
        return area

    def _floor(self, home: Home, request: Request) -> Floor | None:
        name = slots.text(request.slots, "floor")
        floor = None if name is None else home.floor(name)
        if name is not None and floor is None:
            raise self.unknown(name)
        return floor
