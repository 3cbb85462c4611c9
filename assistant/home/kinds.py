"""By which device classes a device is found, as Home Assistant names them."""

from __future__ import annotations

from assistant.home import binary
from assistant.home.model import Device, DeviceState, Domain

#: What hangs before a window is called by any of these.
SHADES = frozenset({"blind", "shade", "shutter", "curtain"})
#: A contact sensor answers to the covers that it is fitted to, too; `opening` is any of them.
_SENSORS: dict[str, frozenset[str]] = {
    "garage_door": frozenset({"garage"}),
    "opening": frozenset({"opening", "door", "window"}),
    "motion": frozenset({"motion", "occupancy"}),
    "occupancy": frozenset({"motion", "occupancy"}),
}
#: The classes of sensors that say whether something is open.
CONTACTS = frozenset({"door", "window", "garage_door", "opening"})
#: What measures or watches, and takes no commands.
WATCHERS = frozenset({Domain.SENSOR, Domain.BINARY_SENSOR})
#: A sensor of a class knows what a device of a kind would know.
_KNOWS = {"lock": Domain.LOCK, "presence": Domain.PERSON}
#: Percent at which a battery counts as low, as Home Assistant's own summaries take it.
_LOW_BATTERY = 20


def kinds(domain: Domain, device_class: str | None) -> frozenset[str]:
    """The classes that a device of this class answers to."""
    if device_class is None:
        return frozenset()
    if device_class in SHADES and domain is Domain.COVER:
        return SHADES
    own = frozenset({device_class})
    return _SENSORS.get(device_class, own) if domain in WATCHERS else own


def is_kind(device: Device, domain: str | None, device_class: str | None, asked: bool = False) -> bool:
    """Whether a device is of a domain and a class; None takes any.

    With `asked`, a sensor is also of the domain that it watches.
    """
    if device_class is not None and device_class not in kinds(device.domain, device.device_class):
        return False
    own = asked_as(device.domain, device.device_class) if asked else {device.domain}
    return domain is None or domain in own


def asked_as(domain: Domain, device_class: str | None) -> frozenset[Domain]:
    """The domains that a question may name where a device of this class knows the answer.

    The sensor on a door knows what a cover would know.
    """
    if domain not in WATCHERS:
        return frozenset({domain})
    found = {domain}
    if device_class in binary.CLASSES:
        found.add(Domain.BINARY_SENSOR)
    if device_class in CONTACTS:
        found.add(Domain.COVER)
    if device_class in _KNOWS:
        found.add(_KNOWS[device_class])
    return frozenset(found)


def opens(device: Device) -> bool:
    """Whether a device is open or closed: a cover, or the sensor on a door or window."""
    return Domain.COVER in asked_as(device.domain, device.device_class)


def state_word(device: Device, state: DeviceState) -> str | None:
    """The state as a value of the grammar's lists: on, off, open, closed, locked, detected, ...

    None where it is not known.
    """
    match device.domain:
        case Domain.COVER | Domain.VALVE:
            return None if state.position is None else ("open" if state.position else "closed")
        case Domain.LOCK:
            return None if state.locked is None else ("locked" if state.locked else "unlocked")
        case Domain.SENSOR | Domain.BINARY_SENSOR:
            if device.device_class == "battery" and isinstance(state.value, int | float):
                return "low" if state.value <= _LOW_BATTERY else "normal"
            return None if state.value is None else str(state.value)
        case _ if state.activity is not None:
            return state.activity
        case _:
            return None if state.on is None else ("on" if state.on else "off")


def is_said(word: str, asked: str) -> bool:
    """Whether a state is the one that is asked for: "armed_away" is "armed", too, and "Work" is "work"."""
    word = word.casefold()
    return word == asked.casefold() or word.startswith(f"{asked}_")


def asked_word(device: Device, asked: str) -> str:
    """The state that is asked for, in the words of a device: a door that is "on" is open."""
    if device.domain in WATCHERS and asked in ("on", "off"):
        return binary.state_word(device.device_class, asked == "on")
    return asked
