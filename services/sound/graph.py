"""Finds microphones and loudspeakers in the JSON of `pw-dump`. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from services.sound.choose import Device, Plug, Way

#: Devices of each kind that are considered; each microphone is recorded from.
MOST_DEVICES = 16
_MOST_CHANNELS = 32
_CLASSES = {"Audio/Source": "Input", "Audio/Sink": "Output"}

Route = Mapping[str, Any]


def devices(objects: Iterable[object]) -> tuple[tuple[Device, ...], tuple[Device, ...]]:
    """Microphones and loudspeakers, sorted by name; nodes without a card are left out."""
    nodes: list[tuple[str, Mapping[str, Any]]] = []
    cards: dict[str, Mapping[str, Any]] = {}
    for thing in objects:
        info = _mapping(_mapping(thing).get("info"))
        kind = _text(_mapping(thing).get("type"))
        if kind.endswith(":Device"):
            cards[_text(_mapping(thing).get("id"))] = info
        elif kind.endswith(":Node"):
            properties = _mapping(info.get("props"))
            media = _text(properties.get("media.class"))
            # Virtual nodes have no card: choosing one might make a loop.
            if media in _CLASSES and properties.get("device.api") == "alsa" and properties.get("node.name"):
                nodes.append((_CLASSES[media], properties))
    found: dict[str, list[Device]] = {"Input": [], "Output": []}
    for direction, properties in sorted(nodes, key=lambda node: _text(node[1].get("node.name"))):
        card = cards.get(_text(properties.get("device.id")), {})
        if len(found[direction]) < MOST_DEVICES:
            found[direction].append(_device(direction, properties, card))
    return tuple(found["Input"]), tuple(found["Output"])


def _device(direction: str, properties: Mapping[str, Any], card: Mapping[str, Any]) -> Device:
    of_card = _mapping(card.get("props"))
    route = _route(direction, properties.get("card.profile.device"), card)
    name = _text(properties["node.name"])
    label = _text(properties.get("node.description")) or _text(of_card.get("device.description")) or name
    words = (
        _text(either.get(key))
        for either in (properties, of_card)
        for key in ("node.nick", "device.description", "device.nick", "alsa.card_name", "alsa.id")
    )
    position = _position(properties.get("audio.position"))
    return Device(
        name=name,
        label=label,
        card=_text(of_card.get("device.name")) or f"alsa {_text(properties.get('alsa.card')) or name}",
        way=_way(name, properties, of_card, route),
        plug=_plug(route),
        channels=_channels(properties.get("audio.channels"), position),
        position=position,
        cable=any(_text(each.get("alsa.driver_name")) == "snd_aloop" for each in (properties, of_card)),
        words=tuple(dict.fromkeys(word for word in words if word)),
    )


def _route(direction: str, profile_device: object, card: Mapping[str, Any]) -> Route:
    """The route of the card that is active for this device; {} if there is none."""
    for route in _list(_mapping(card.get("params")).get("Route")):
        one = _mapping(route)
        if one.get("direction") == direction and one.get("device") == profile_device:
            return one
    return {}


def _plug(route: Route) -> Plug:
    available = _text(route.get("available"))
    return Plug(available) if available in ("yes", "no") else Plug.UNKNOWN


def _way(name: str, properties: Mapping[str, Any], of_card: Mapping[str, Any], route: Route) -> Way:
    told = _list(route.get("info"))[1:]
    pairs = dict(zip(told[::2], told[1::2], strict=False)) if all(isinstance(x, str) for x in told) else {}
    port = " ".join((_text(pairs.get("port.type")), _text(route.get("name")), name)).casefold()
    if "iec958" in port or "spdif" in port:
        return Way.DIGITAL
    if "hdmi" in port or "displayport" in port:
        return Way.HDMI
    if "linein" in port.replace("-", "") or pairs.get("port.type") == "line":
        return Way.LINE if route.get("direction") == "Input" or "input" in name else Way.PLAIN
    bus = _text(properties.get("device.bus")) or _text(of_card.get("device.bus"))
    return Way.USB if bus == "usb" else Way.PLAIN


def _channels(told: object, position: tuple[str, ...]) -> int:
    try:
        return min(max(int(_text(told)), 1), _MOST_CHANNELS)
    except ValueError:
        return len(position) or 2


def _position(told: object) -> tuple[str, ...]:
    """Channel positions from `FL,FR` or `[ "FL", "FR" ]`."""
    for mark in '[]",':
        told = _text(told).replace(mark, " ")
    places = _text(told).split()
    return tuple(places) if len(places) <= _MOST_CHANNELS and all(p.isalnum() for p in places) else ()


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: object) -> str:
    """A text or a whole number as text of at most 200 characters; "" for anything else."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return str(value)[:200]
