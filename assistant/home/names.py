"""The names of a home, as the grammar needs them."""

from __future__ import annotations

from assistant.home.model import Home
from assistant.understanding.names import AreaName, DeviceName, HomeNames


def home_names(home: Home) -> HomeNames:
    """Slot values are the names as `home.toml` writes them; aliases are further ways to say them."""
    areas = {area.id: area.name for area in home.areas}
    return HomeNames(
        devices=tuple(
            DeviceName(
                value=device.name,
                spoken=(device.name, *device.aliases),
                domain=device.domain.value,
                area=areas[device.area] if device.area else None,
            )
            for device in home.devices
        ),
        areas=tuple(AreaName(area.name, (area.name, *area.aliases)) for area in home.areas),
        floors=tuple(AreaName(floor.name, (floor.name, *floor.aliases)) for floor in home.floors),
    )
