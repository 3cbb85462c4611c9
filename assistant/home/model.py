"""A home: floors, areas and devices, and the state a device can be in."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar

from common.toml_file import shown


class Domain(StrEnum):
    """Kinds of device, named as Home Assistant names them."""

    LIGHT = "light"
    SWITCH = "switch"
    COVER = "cover"
    CLIMATE = "climate"
    LOCK = "lock"
    SENSOR = "sensor"
    FAN = "fan"


class Feature(StrEnum):
    """What some devices of a domain can do and others cannot."""

    BRIGHTNESS = "brightness"
    COLOR = "color"
    COLOR_TEMPERATURE = "color_temperature"
    POSITION = "position"
    SPEED = "speed"


#: The features that make sense for each domain.
FEATURES: dict[Domain, frozenset[Feature]] = {
    Domain.LIGHT: frozenset({Feature.BRIGHTNESS, Feature.COLOR, Feature.COLOR_TEMPERATURE}),
    Domain.SWITCH: frozenset(),
    Domain.COVER: frozenset({Feature.POSITION}),
    Domain.CLIMATE: frozenset(),
    Domain.LOCK: frozenset(),
    Domain.SENSOR: frozenset(),
    Domain.FAN: frozenset({Feature.SPEED}),
}


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
class DeviceState:
    """What is known of a device; None where it does not apply or is not known.

    Attributes:
        on: whether a light, switch, fan or heating runs.
        brightness: percent, 0 to 100.
        color: name of the colour.
        color_temperature: kelvin.
        position: of a cover, percent, 0 closed to 100 open.
        locked: of a lock.
        target_temperature: of a heating, in the home's unit.
        current_temperature: what a heating measures, in the home's unit.
        speed: of a fan, percent.
        value: what a sensor measures, in its unit.
    """

    on: bool | None = None
    brightness: int | None = None
    color: str | None = None
    color_temperature: int | None = None
    position: int | None = None
    locked: bool | None = None
    target_temperature: float | None = None
    current_temperature: float | None = None
    speed: int | None = None
    value: float | str | None = None


_STATE_KINDS: dict[str, tuple[type, ...]] = {
    "on": (bool,),
    "brightness": (int,),
    "color": (str,),
    "color_temperature": (int,),
    "position": (int,),
    "locked": (bool,),
    "target_temperature": (int, float),
    "current_temperature": (int, float),
    "speed": (int,),
    "value": (int, float, str),
}
_LARGEST = 1e12
_PERCENT = ("brightness", "position", "speed")


def state_problem(field_name: str, value: object) -> str | None:
    """What is wrong with `value` for this field of a `DeviceState`; None if it is right."""
    kinds = _STATE_KINDS.get(field_name)
    if kinds is None:
        return f"this key is unknown (known here: {', '.join(_STATE_KINDS)})"
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        return f"{shown(value)} is not a {' or '.join(kind.__name__ for kind in kinds)}"
    if isinstance(value, int | float) and not -_LARGEST <= value <= _LARGEST:
        return f"{shown(value)} is not a number to be measured"
    if field_name in _PERCENT and isinstance(value, int) and not 0 <= value <= 100:
        return f"{value} is not between 0 and 100"
    return None


#: What a range may be of, named as Home Assistant names it: "color_temp" in kelvin, "temperature" of a
#: heating in the home's unit, "percentage" the speed of a fan, "humidity" in percent, "value" of a number.
RANGED = ("brightness", "color_temp", "humidity", "percentage", "position", "temperature", "value")


@dataclass(frozen=True)
class Range:
    """The values that a device takes.

    Attributes:
        minimum, maximum: the lowest and the highest; both are taken.
        step: between two values, counted from the minimum; None if it takes any.

    Raises:
        ValueError: no value fits.
    """

    minimum: float
    maximum: float
    step: float | None = None

    def __post_init__(self) -> None:
        if not (math.isfinite(self.minimum) and math.isfinite(self.maximum)):
            raise ValueError("a range needs two finite bounds")
        if self.minimum > self.maximum:
            raise ValueError(f"{self.minimum:g} is more than {self.maximum:g}")
        if self.step is not None and not (math.isfinite(self.step) and self.step > 0):
            raise ValueError(f"{self.step:g} is no step")

    def __contains__(self, value: float) -> bool:
        return self.minimum <= value <= self.maximum

    def nearest(self, value: float) -> float:
        """The value that the device takes that is nearest to `value`; of two the higher one."""
        bounded = min(self.maximum, max(self.minimum, value))
        if self.step is None:
            return bounded
        last = math.floor((self.maximum - self.minimum) / self.step + 1e-6)
        steps = min(last, math.floor((bounded - self.minimum) / self.step + 0.5 + 1e-9))
        return round(self.minimum + steps * self.step, 6)


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
