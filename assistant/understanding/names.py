"""The names of a home, as the grammar needs them: what is said, and what it stands for."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from assistant.understanding.normalise import normalise

#: The intent of questions about states.
STATE_INTENT = "HassGetState"


@dataclass(frozen=True)
class DeviceName:
    """A device that can be spoken of.

    Attributes:
        value: what a parse holds in the slot `name`.
        spoken: the ways to say it, the name itself and its aliases, in plain words.
        domain: the kind of device, as Home Assistant calls it: light, cover, climate, ...
        area: the value of the area it stands in, or None.
        kinds: the device classes that it answers to, as Home Assistant calls them: blind, window, ...
        asked_as: further kinds of device that a question about it may name: "cover" for the sensor on a door.
        short: what it is called where its area is said otherwise, as "lamp" for "kitchen lamp"; or "".
        shared: whether `short` is the name that its owner gave it, and devices of other areas have too.
    """

    value: str
    spoken: tuple[str, ...]
    domain: str
    area: str | None = None
    kinds: frozenset[str] = frozenset()
    asked_as: frozenset[str] = frozenset()
    short: str = ""
    shared: bool = False

    @property
    def values(self) -> tuple[str, ...]:
        """What the slot `name` may hold where this device is meant."""
        return (self.value, self.short) if self.shared else (self.value,)

    @property
    def context(self) -> dict[str, str]:
        """What a sentence may require of it: `domain`, `area`, and `watches`, the first class of a sensor."""
        context = {"domain": self.domain}
        if self.area is not None:
            context["area"] = self.area
        if self.domain in ("sensor", "binary_sensor") and self.kinds:
            context["watches"] = min(self.kinds)
        return context


@dataclass(frozen=True)
class AreaName:
    """An area or a floor that can be spoken of: slot value, ways to say it, and the floor of an area."""

    value: str
    spoken: tuple[str, ...]
    floor: str | None = None


@dataclass(frozen=True)
class HomeNames:
    """All names of one home. `here` is the value of the area that the box stands in, or None."""

    devices: tuple[DeviceName, ...] = ()
    areas: tuple[AreaName, ...] = ()
    floors: tuple[AreaName, ...] = ()
    here: str | None = None

    @property
    def words(self) -> frozenset[str]:
        """All words of the names, as `normalise` writes them."""
        spoken = [thing.spoken for thing in (*self.areas, *self.floors)]
        spoken += [device.spoken for device in self.devices]
        return frozenset(word for names in spoken for name in names for word in normalise(name).split())

    def as_text(self) -> str:
        """All of it as text; the same in every process, which the `repr` of a set is not."""
        return json.dumps(asdict(self), sort_keys=True, default=sorted)
