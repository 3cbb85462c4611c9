"""The names of a home, as the grammar needs them: what is said, and what it stands for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class DeviceName:
    """A device that can be spoken of.

    Attributes:
        value: what a parse holds in the slot `name`.
        spoken: the ways to say it, the name itself and its aliases, in plain words.
        domain: the kind of device, as Home Assistant calls it: light, cover, climate, ...
        area: the value of the area it stands in, or None.
    """

    value: str
    spoken: tuple[str, ...]
    domain: str
    area: str | None = None


@dataclass(frozen=True)
class AreaName:
    """An area or a floor that can be spoken of: slot value and ways to say it."""

    value: str
    spoken: tuple[str, ...]


@dataclass(frozen=True)
class HomeNames:
    """All names of one home."""

    devices: tuple[DeviceName, ...] = ()
    areas: tuple[AreaName, ...] = ()
    floors: tuple[AreaName, ...] = ()
