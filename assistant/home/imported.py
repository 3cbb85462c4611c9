"""Makes a home whose names can be spoken from that of a hub; what does not fit is left out, with a reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from assistant.home.kinds import WATCHERS
from assistant.home.limits import MAX_ALIASES, MAX_AREAS, MAX_DEVICES, is_id, speakable
from assistant.home.model import Area, Device, Floor, Home
from assistant.understanding.normalise import normalise

#: Reasons that are kept one by one; further ones are counted.
MAX_REASONS = 200


@dataclass(frozen=True)
class Skipped:
    """Something of the hub that is not used: what, and why."""

    id: str
    reason: str


@dataclass(frozen=True)
class Imported:
    """A home whose names can be spoken, and what of the hub was left out."""

    home: Home
    skipped: tuple[Skipped, ...] = ()


_Thing = TypeVar("_Thing", Floor, Area, Device)


def tidy(raw: Home, skipped: Iterable[Skipped] = ()) -> Imported:
    """`raw` within the limits of `assistant.home.limits`, every name a different one. Pure; raises nothing.

    Two devices of one name get the names of their areas in front ("lamp" in "kitchen" -> "kitchen lamp"): to
    switch the wrong one is worse than to be asked for the whole name. A sensor gives way to what can be
    commanded.

    Args:
        raw: as the hub sends it; ids and names may be anything.
        skipped: what was left out before.
    """
    left_out = list(skipped)
    floors = _named(raw.floors, MAX_AREAS, left_out)
    floor_ids = {floor.id for floor in floors}
    areas = [
        area if area.floor in floor_ids else replace(area, floor=None)
        for area in _named(raw.areas, MAX_AREAS, left_out)
    ]
    area_names = {area.id: area.name for area in areas}
    devices = [
        device if device.area in area_names else replace(device, area=None)
        for device in _sayable(raw.devices, left_out)
    ]
    devices = _distinct_names(devices, area_names, left_out)
    for device in devices[MAX_DEVICES:]:
        left_out.append(Skipped(device.id, f"there are more than {MAX_DEVICES} devices"))
    home = replace(
        raw,
        unit=raw.unit if raw.unit in ("celsius", "fahrenheit") else "celsius",
        box_area=raw.box_area if raw.box_area in area_names else None,
        floors=tuple(floors),
        areas=tuple(areas),
        devices=tuple(_own_aliases(devices[:MAX_DEVICES], left_out)),
    )
    return Imported(home, _bounded(left_out))


def _sayable(things: Sequence[_Thing], left_out: list[Skipped]) -> list[_Thing]:
    """Those with an id of their own and a name that can be said."""
    found: dict[str, _Thing] = {}
    for thing in things:
        if not is_id(thing.id):
            left_out.append(Skipped(thing.id[:100], "its id has characters that an id cannot have"))
            continue
        if thing.id in found:
            left_out.append(Skipped(thing.id, "the hub names it twice"))
            continue
        try:
            name = _sayable_name(thing.name)
        except ValueError as error:
            left_out.append(Skipped(thing.id, str(error)))
            continue
        found[thing.id] = replace(thing, name=name)
    return list(found.values())


def _sayable_name(text: str) -> str:
    name = speakable(text)
    if not normalise(name):
        raise ValueError(f"{text!r} is no name that can be spoken")
    return name


def _named(things: Sequence[_Thing], limit: int, left_out: list[Skipped]) -> list[_Thing]:
    """Floors or areas: the first of each name, and not too many."""
    kept: list[_Thing] = []
    taken: dict[str, str] = {}
    for thing in _sayable(things, left_out):
        key = normalise(thing.name)
        if key in taken:
            left_out.append(Skipped(thing.id, f"{thing.name!r} is also the name of {taken[key]}"))
        elif len(kept) == limit:
            left_out.append(Skipped(thing.id, f"there are more than {limit} areas or floors"))
        else:
            taken[key] = thing.id
            kept.append(thing)
    return _own_aliases(kept, left_out)


def told_apart(devices: Sequence[Device], area_names: Mapping[str, str]) -> list[Device]:
    """Devices of one name get the names of their areas in front, except one that keeps it. Pure.

    Args:
        devices: in any order, which is kept.
        area_names: by area id.
    """
    keepers = _keepers(devices)
    kept = {normalise(device.name) for device in devices if device.id in keepers}
    found = []
    for device in devices:
        if device.id not in keepers and device.area is not None:
            name = _in_area(device.name, area_names[device.area])
            if normalise(name) in kept:
                name = f"{area_names[device.area]} {device.name}"
            if name != device.name:
                device = replace(device, name=name, shared_name=device.name)
        found.append(device)
    return found


def _distinct_names(
    devices: Sequence[Device], area_names: dict[str, str], left_out: list[Skipped]
) -> list[Device]:
    keepers = _keepers(devices)
    renamed = told_apart(devices, area_names)
    # A new name may be somebody else's, too long, or the same in one room: nobody could tell whom it means.
    count = Counter(normalise(device.name) for device in renamed)
    kept = []
    for before, device in zip(devices, renamed, strict=True):
        try:
            _sayable_name(device.name)
        except ValueError as error:
            left_out.append(Skipped(device.id, str(error)))
            continue
        if device.id in keepers or count[normalise(device.name)] == 1:
            kept.append(device)
        else:
            reason = f"{before.name!r} is the name of several devices; give it another one in the hub"
            left_out.append(Skipped(device.id, reason))
    return kept


def _in_area(name: str, area: str) -> str:
    """The name with that of its area in front, unless it begins with it already."""
    words, begins = normalise(name).split(), normalise(area).split()
    return name if words[: len(begins)] == begins else f"{area} {name}"


def _keepers(devices: Sequence[Device]) -> set[str]:
    groups: dict[str, list[Device]] = {}
    for device in devices:
        groups.setdefault(normalise(device.name), []).append(device)
    return {keeper.id for group in groups.values() if (keeper := _keeper(group)) is not None}


def _keeper(group: Sequence[Device]) -> Device | None:
    """Who keeps the name that several have: the only one, or the only one that can be commanded."""
    if len(group) == 1:
        return group[0]
    commanded = [device for device in group if device.domain not in WATCHERS]
    return commanded[0] if len(commanded) == 1 else None


def _own_aliases(things: Sequence[_Thing], left_out: list[Skipped]) -> list[_Thing]:
    """Aliases that can be said and stand for one thing alone."""
    taken = {normalise(thing.name) for thing in things}
    found = []
    for thing in things:
        aliases: list[str] = []
        for alias in thing.aliases[:MAX_ALIASES]:
            try:
                name = _sayable_name(alias)
            except ValueError as error:
                left_out.append(Skipped(thing.id, f"alias: {error}"))
                continue
            if normalise(name) not in taken:
                taken.add(normalise(name))
                aliases.append(name)
            elif normalise(name) != normalise(thing.name):
                left_out.append(Skipped(thing.id, f"alias: {name!r} stands for something else, too"))
        if len(thing.aliases) > MAX_ALIASES:
            left_out.append(Skipped(thing.id, f"alias: only {MAX_ALIASES} are taken"))
        found.append(replace(thing, aliases=tuple(aliases)))
    return found


def _bounded(skipped: Sequence[Skipped]) -> tuple[Skipped, ...]:
    if len(skipped) <= MAX_REASONS:
        return tuple(skipped)
    return (*skipped[:MAX_REASONS], Skipped("*", f"and {len(skipped) - MAX_REASONS} more"))
