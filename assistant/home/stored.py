"""A home as JSON, and back: what is remembered of a hub's home while the hub is away."""

from __future__ import annotations

import dataclasses
from typing import Any

from assistant.home.commands import FEATURES
from assistant.home.imported import tidy
from assistant.home.model import RANGED, Area, Device, Domain, Feature, Floor, Home, Range

_VERSION = 1


def home_to_json(home: Home) -> dict[str, Any]:
    """As JSON values; what a device was in before is not part of it."""
    return {
        "version": _VERSION,
        "name": home.name,
        "unit": home.unit,
        "box_area": home.box_area,
        "floors": [dataclasses.asdict(floor) for floor in home.floors],
        "areas": [dataclasses.asdict(area) for area in home.areas],
        "devices": [
            {
                "id": device.id,
                "name": device.name,
                "domain": device.domain.value,
                "aliases": list(device.aliases),
                "area": device.area,
                "device_class": device.device_class,
                "features": sorted(feature.value for feature in device.features),
                "unit": device.unit,
                "ranges": {name: dataclasses.asdict(range_) for name, range_ in device.ranges.items()},
                "shared_name": device.shared_name,
            }
            for device in home.devices
        ],
    }


def home_from_json(value: Any) -> Home:
    """The home back, made one that can be spoken of (`assistant.home.imported.tidy`).

    Raises:
        ValueError: it is not what `home_to_json` gives.
    """
    try:
        if value["version"] != _VERSION:
            raise ValueError(f"version {value['version']} is not {_VERSION}")
        home = Home(
            name=_text(value["name"]),
            unit=_text(value["unit"]),
            box_area=_optional(value["box_area"]),
            floors=tuple(
                Floor(_text(row["id"]), _text(row["name"]), _texts(row["aliases"])) for row in value["floors"]
            ),
            areas=tuple(
                Area(_text(row["id"]), _text(row["name"]), _texts(row["aliases"]), _optional(row["floor"]))
                for row in value["areas"]
            ),
            devices=tuple(_device(row) for row in value["devices"]),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{type(error).__name__}: {error}") from error
    return tidy(home).home


def _device(row: Any) -> Device:
    domain = Domain(row["domain"])
    return Device(
        id=_text(row["id"]),
        name=_text(row["name"]),
        domain=domain,
        aliases=_texts(row["aliases"]),
        area=_optional(row["area"]),
        device_class=_optional(row["device_class"]),
        features=frozenset(Feature(name) for name in row["features"]) & FEATURES[domain],
        unit=_text(row["unit"]),
        ranges={
            name: Range(bounds["minimum"], bounds["maximum"], bounds["step"])
            for name, bounds in row.get("ranges", {}).items()
            if name in RANGED
        },
        # Homes that were kept before there was this key lack it.
        shared_name=_text(row.get("shared_name", "")),
    )


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not a text")
    return value


def _optional(value: Any) -> str | None:
    return None if value is None else _text(value)


def _texts(values: Any) -> tuple[str, ...]:
    if not isinstance(values, list):
        raise TypeError(f"{values!r} is not a list")
    return tuple(_text(value) for value in values)
