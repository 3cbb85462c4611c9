"""The names of a home, as the grammar needs them."""

from __future__ import annotations

from assistant.home.kinds import asked_as, kinds
from assistant.home.model import Area, Device, Home
from assistant.understanding.names import AreaName, DeviceName, HomeNames
from assistant.understanding.normalise import normalise


def home_names(home: Home) -> HomeNames:
    """Slot values are the names as `home.toml` writes them; aliases are further ways to say them."""
    areas = {area.id: area for area in home.areas}
    floors = {floor.id: floor.name for floor in home.floors}
    here = areas.get(home.box_area or "")
    taken = {normalise(name) for device in home.devices for name in (device.name, *device.aliases)}
    return HomeNames(
        devices=tuple(_device(device, areas.get(device.area or ""), taken) for device in home.devices),
        areas=tuple(
            AreaName(area.name, (area.name, *area.aliases), floors.get(area.floor or ""))
            for area in home.areas
        ),
        floors=tuple(AreaName(floor.name, (floor.name, *floor.aliases)) for floor in home.floors),
        here=here.name if here is not None else None,
    )


def _device(device: Device, area: Area | None, taken: set[str]) -> DeviceName:
    short = device.shared_name or _without_area(device.name, area)
    # A room with several names gives each of them to its devices: "lounge lamp" is the "living room lamp".
    others = [f"{name} {short}" for name in area.aliases] if area is not None and short else []
    return DeviceName(
        value=device.name,
        spoken=(device.name, *device.aliases, *(name for name in others if normalise(name) not in taken)),
        domain=device.domain.value,
        area=area.name if area is not None else None,
        kinds=kinds(device.domain, device.device_class),
        asked_as=frozenset(asked_as(device.domain, device.device_class)),
        short=short,
        shared=bool(device.shared_name),
    )


def _without_area(name: str, area: Area | None) -> str:
    """ "lamp" for the "kitchen lamp" that stands in the kitchen; "" for any other name."""
    for before in (area.name, *area.aliases) if area is not None else ():
        if name.casefold().startswith(f"{before.casefold()} "):
            return name[len(before) + 1 :].strip()
    return ""
