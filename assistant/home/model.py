"""A home: floors, areas and devices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from assistant.home.device_state import DeviceState, state_problem
from assistant.home.domains import Domain, Feature
from assistant.home.ranges import RANGED, Range

__all__ = [
    "RANGED",
    "Area",
    "Device",
    "DeviceState",
    "Domain",
    "Feature",
    "Floor",
    "Home",
    "Range",
    "state_problem",
]


@dataclass(frozen=True)
class Floor:
    """A storey. `id` is unique among floors; `name` is what is said."""

    id: str
    name: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True)
class Area:
    """A room or a place outside."""

    id: str
    name: str
    aliases: tuple[str, ...] = ()
    floor: str | None = None


@dataclass(frozen=True)
class Device:
    """A thing that can be commanded or asked.

    Attributes:
        id: unique, what an executor knows it by.
        name: what is said; unique among devices, aliases included.
        area: id of the area it stands in, or None.
        device_class: the kind within the domain, as Home Assistant names it (blind, garage,
            temperature, ...), or None.
        features: what it can do beyond the domain's basics.
        unit: of a sensor's value, such as "%" or "°C".
        initial: the state before anything was commanded.
        ranges: the values it takes, by the names in `RANGED`, where they differ from what is usual.
        code: what disarms an alarm panel of `home.toml`; a hub keeps those of its own panels.
        shared_name: what its owner calls it, where devices of other areas have that name too and `name`
            has the area in front; else "".
    """

    id: str
    name: str
    domain: Domain
    aliases: tuple[str, ...] = ()
    area: str | None = None
    device_class: str | None = None
    features: frozenset[Feature] = frozenset()
    unit: str = ""
    initial: DeviceState = field(default_factory=DeviceState)
    ranges: Mapping[str, Range] = field(default_factory=dict, hash=False)
    shared_name: str = ""
    code: str = field(default="", repr=False)

    @property
    def spoken_name(self) -> str:
        """What a reply calls it: `name`, but never "study study door"."""
        area = self.name.removesuffix(self.shared_name)
        return self.shared_name if self.shared_name.casefold().startswith(area.casefold()) else self.name


@dataclass(frozen=True)
class Home:
    """Everything in and around a house.

    Attributes:
        unit: "celsius" or "fahrenheit", for all temperatures of heatings.
        box_area: id of the area the box stands in: what "here" and "the lights" mean.
    """

    name: str = "home"
    unit: str = "celsius"
    box_area: str | None = None
    floors: tuple[Floor, ...] = ()
    areas: tuple[Area, ...] = ()
    devices: tuple[Device, ...] = ()

    def device(self, spoken: str) -> Device | None:
        """The device of this id, name or alias, any case."""
        return _find(self.devices, spoken)

    def sharing(self, spoken: str) -> tuple[Device, ...]:
        """The devices of several areas that share this name, any case."""
        key = spoken.casefold()
        return tuple(device for device in self.devices if device.shared_name.casefold() == key)

    def area(self, spoken: str) -> Area | None:
        """The area of this id, name or alias, any case."""
        return _find(self.areas, spoken)

    def floor(self, spoken: str) -> Floor | None:
        """The floor of this id, name or alias, any case."""
        return _find(self.floors, spoken)


_Named = TypeVar("_Named", Device, Area, Floor)


def _find(things: tuple[_Named, ...], spoken: str) -> _Named | None:
    key = spoken.casefold()
    for thing in things:
        if key == thing.id.casefold() or key == thing.name.casefold():
            return thing
    for thing in things:
        if any(key == alias.casefold() for alias in thing.aliases):
            return thing
    return None
