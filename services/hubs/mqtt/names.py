"""How an entity of a discovery payload is called, as Home Assistant calls it. Pure.

An entity's name follows the name of its hardware. An entity whose name is null is the hardware's main one and
has its name. An entity without a name is called by its device class, or else by its component.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

#: Components whose entities are called by their device class.
_CLASSED = frozenset({"sensor", "binary_sensor"})
#: Home Assistant's names of device classes that differ from the class itself.
_CLASS_NAMES = {
    "aqi": "Air quality index",
    "battery_charging": "Charging",
    "energy_storage": "Stored energy",
    "ph": "pH",
    "pm1": "PM1",
    "pm10": "PM10",
    "pm25": "PM2.5",
    "pm4": "PM4",
    "volume_storage": "Stored volume",
}


@dataclass(frozen=True)
class Called:
    """What the name of an entity is made of.

    Attributes:
        own: the entity's own name; "" for the main entity of its hardware, None if it has no name.
        component: as in "binary_sensor".
        device_class: or "".
        hardware: name of the hardware, or "".
        fallback: for an entity of which nothing else is known.
    """

    own: str | None
    component: str
    device_class: str
    hardware: str
    fallback: str

    @property
    def name(self) -> str:
        """The whole name. A name that begins with the hardware's is not put behind it."""
        if self.own:
            return joined(self.hardware, self.own)
        if self.own == "" or not (self.hardware or self._class_name):
            return self.hardware or self.fallback
        kind = self._class_name or self.component.replace("_", " ").capitalize()
        ends = _words(self.hardware)[-len(_words(kind)) :] == _words(kind)
        return self.hardware if ends else f"{self.hardware} {kind}".strip()

    @property
    def alias(self) -> str:
        """The hardware's name, for an entity that only has that of its component; "" for all others."""
        return self.hardware if self.own is None and not self._class_name else ""

    @property
    def _class_name(self) -> str:
        if self.component not in _CLASSED:
            return ""
        return _CLASS_NAMES.get(self.device_class) or self.device_class.replace("_", " ").capitalize()


def joined(first: str, second: str) -> str:
    """Both names in a row; `second` alone where it begins with `first` already."""
    words = _words(first)
    return second if not words or _words(second)[: len(words)] == words else f"{first} {second}".strip()


def _words(name: str) -> list[str]:
    return re.findall(r"[^\W_]+", name.casefold())
