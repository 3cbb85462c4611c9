"""Floors, areas or devices that share an id or a spoken name, so that nobody could tell which is meant."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from assistant.home.model import Area, Device, Floor
from assistant.understanding.normalise import normalise

_SAME_NAME = {
    "devices": "give one of them another name, or another `area` if it stands there; an `id =` tells them "
    "apart in files and for programs, but not when somebody speaks"
}


@dataclass(frozen=True)
class Twin:
    """One that has what another one before it has.

    Attributes:
        index: in the list.
        where: the key that says so: "devices[2] (lamp).name".
        message, hint: what is wrong, and what to do.
    """

    index: int
    where: str
    message: str
    hint: str


def twins(key: str, places: Sequence[str], things: Sequence[Floor | Area | Device]) -> Iterator[Twin]:
    """Each that shares its id or a name with one before it that is no twin itself. Pure.

    Args:
        key: "floors", "areas" or "devices".
        places: where each stands: "devices[2] (lamp)".
        things: as long as `places`.
    """
    ids: dict[str, str] = {}
    spoken: dict[str, str] = {}
    for index, (place, thing) in enumerate(zip(places, things, strict=True)):
        names = {normalise(name): name for name in (*thing.aliases, thing.name)}
        if thing.id in ids:
            message = f"the id {thing.id!r} is also that of {ids[thing.id]}"
            yield Twin(index, f"{place}.id", message, "give one of them another `id`")
        elif taken := [plain for plain in names if plain in spoken]:
            name = names[taken[-1]]
            called = thing.shared_name if isinstance(thing, Device) and thing.shared_name else thing.name
            part, said = ("name", called) if name == thing.name else ("aliases", name)
            message = f"the name {normalise(said)!r} stands for {spoken[taken[-1]]}, too"
            hint = _SAME_NAME.get(key, "give one of them another name")
            yield Twin(index, f"{place}.{part}", message, hint)
        else:
            ids[thing.id] = place
            spoken.update(dict.fromkeys(names, place))
