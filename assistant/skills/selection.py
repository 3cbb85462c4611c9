"""Which devices a sentence is about."""

from __future__ import annotations

from dataclasses import dataclass

from assistant.home.model import Area, Device, Domain, Floor, Home
from assistant.skills import slots
from assistant.skills.base import Request
from assistant.skills.phrases import joined

#: Said for a kind of device: one, several.
NOUNS: dict[str, tuple[str, str]] = {
    Domain.LIGHT: ("light", "lights"),
    Domain.SWITCH: ("switch", "switches"),
    Domain.COVER: ("cover", "covers"),
    Domain.CLIMATE: ("thermostat", "thermostats"),
    Domain.LOCK: ("door", "doors"),
    Domain.SENSOR: ("sensor", "sensors"),
    Domain.FAN: ("fan", "fans"),
    "garage": ("garage door", "garage doors"),
    "humidity": ("humidity sensor", "humidity sensors"),
}

#: What hangs before a window is called by any of these.
_SHADES = ("blind", "shade", "shutter", "curtain")


class NothingSelectedError(Exception):
    """Nothing fits; the message is the sentence to say."""


@dataclass(frozen=True)
class Selection:
    """The devices that are meant.

    Attributes:
        devices: at least one.
        named: whether one was called by its name.
        place: "in the kitchen", "upstairs", or "" for the whole home or a named device.
        noun: what they are called together, "lights"; for one of them `singular`.
    """

    devices: tuple[Device, ...]
    named: bool
    place: str
    noun: str
    singular: str

    @property
    def phrase(self) -> str:
        """ "the kitchen light", "the two lights in the kitchen", "all lights"."""
        if len(self.devices) == 1:
            return f"the {bare(self.devices[0].name)}"
        if self.place:
            return f"the {self.noun} {self.place}"
        return f"all {self.noun}"


def select(home: Home, request: Request, domain: Domain | None = None, widen: bool = True) -> Selection:
    """The devices of a request, from its slots name, area, floor, domain, device_class and scope.

    Args:
        home: where to look.
        request: slots `name`, `area` and `floor` are names; `scope` is "here" where the sentence
            named no place, which means the area of the box.
        domain: what is meant where the sentence does not say.
        widen: without a place and with nothing of the kind here, take the whole home.

    Raises:
        NothingSelectedError: nothing fits, or (with `widen` False) too much does.
    """
    name = slots.text(request.slots, "name")
    area = _area(home, request)
    floor = _floor(home, request)
    if name is not None:
        return _named(home, name, area, floor)
    kind = slots.text(request.slots, "domain") or domain
    device_class = slots.text(request.slots, "device_class")
    fitting = tuple(
        device
        for device in home.devices
        if (kind is None or device.domain == kind)
        and (device_class is None or _is_class(device, device_class))
    )
    singular, noun = _nouns(str(kind or ""), device_class)
    if area is not None:
        found = tuple(device for device in fitting if device.area == area.id)
        return _some(found, f"in the {bare(area.name)}", singular, noun)
    if floor is not None:
        rooms = {room.id for room in home.areas if room.floor == floor.id}
        found = tuple(device for device in fitting if device.area in rooms)
        return _some(found, f"on the {bare(floor.name)}", singular, noun)
    if request.slots.get("scope") == "here" and home.box_area is not None:
        box = home.area(home.box_area)
        found = tuple(device for device in fitting if device.area == home.box_area)
        if found and box is not None:
            return _some(found, f"in the {bare(box.name)}", singular, noun)
    if not widen and len(fitting) > 1 and request.slots.get("scope") == "here":
        names = joined([f"the {bare(device.name)}" for device in fitting], "or")
        raise NothingSelectedError(f"Which one: {names}?")
    return _some(fitting, "", singular, noun)


def bare(name: str) -> str:
    """A name without its own article: "the den" -> "den"."""
    for article in ("the ", "my ", "our "):
        if name.lower().startswith(article):
            return name[len(article) :]
    return name


def _some(found: tuple[Device, ...], place: str, singular: str, noun: str) -> Selection:
    if not found:
        raise NothingSelectedError(f"There are no {noun} {place or 'in your home'}.")
    return Selection(found, False, place, noun, singular)


def _named(home: Home, name: str, area: Area | None, floor: Floor | None) -> Selection:
    device = home.device(name)
    if device is None:
        raise NothingSelectedError(f"I do not know of any {bare(name)}.")
    singular, noun = _nouns(device.domain, device.device_class)
    if area is not None and device.area != area.id:
        text = f"There is no {bare(device.name)} in the {bare(area.name)}."
        raise NothingSelectedError(text)
    if floor is not None:
        room = home.area(device.area) if device.area else None
        if room is None or room.floor != floor.id:
            text = f"There is no {bare(device.name)} on the {bare(floor.name)}."
            raise NothingSelectedError(text)
    return Selection((device,), True, "", noun, singular)


def _area(home: Home, request: Request) -> Area | None:
    name = slots.text(request.slots, "area")
    if name is None:
        return None
    area = home.area(name)
    if area is None:
        raise NothingSelectedError(f"I do not know of any {bare(name)}.")
    return area


def _floor(home: Home, request: Request) -> Floor | None:
    name = slots.text(request.slots, "floor")
    if name is None:
        return None
    floor = home.floor(name)
    if floor is None:
        raise NothingSelectedError(f"I do not know of any {bare(name)}.")
    return floor


def _is_class(device: Device, device_class: str) -> bool:
    return device.device_class == device_class or (device_class in _SHADES and device.device_class in _SHADES)


def _nouns(kind: str, device_class: str | None) -> tuple[str, str]:
    if kind == Domain.COVER and device_class is not None:
        return NOUNS.get(device_class, (device_class, f"{device_class}s"))
    return NOUNS.get(device_class or kind) or NOUNS.get(kind, ("device", "devices"))
