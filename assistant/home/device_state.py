"""The state a device can be in."""

from __future__ import annotations

from dataclasses import dataclass

from common.toml_file import shown


@dataclass(frozen=True)
class DeviceState:
    """What is known of a device; None where it does not apply or is not known.

    More than twelve attributes: one for each thing that some kind of device tells.

    Attributes:
        on: whether a light, switch, fan, heating, media player, ... runs.
        brightness: percent, 0 to 100.
        color: name of the colour.
        color_temperature: kelvin.
        position: of a cover or a valve, percent, 0 closed to 100 open.
        locked: of a lock.
        target_temperature: of a heating or a water heater, in the home's unit.
        current_temperature: what it measures, in the home's unit.
        speed: of a fan, percent.
        value: what a sensor measures, in its unit; of one with two states the word for it (`binary`).
        activity: what it does, in Home Assistant's word: a media player is "playing", a vacuum "cleaning", an
            alarm panel "armed_home". Of a person where: "home", "away" or the name of a zone.
        volume: of a media player, percent.
        muted: of a media player.
        title, artist: of what plays.
        target_humidity, current_humidity: of a humidifier, percent.
        mode: of a humidifier or a water heater, in Home Assistant's word.
    """

    on: bool | None = None
    brightness: int | None = None
    color: str | None = None
    color_temperature: int | None = None
    position: int | None = None
    locked: bool | None = None
    target_temperature: float | None = None
    current_temperature: float | None = None
    speed: int | None = None
    value: float | str | None = None
    activity: str | None = None
    volume: int | None = None
    muted: bool | None = None
    title: str | None = None
    artist: str | None = None
    target_humidity: int | None = None
    current_humidity: int | None = None
    mode: str | None = None


#: What each field holds, as it is written in JSON and TOML.
_KINDS: dict[str, tuple[type, ...]] = {
    "on": (bool,),
    "brightness": (int,),
    "color": (str,),
    "color_temperature": (int,),
    "position": (int,),
    "locked": (bool,),
    "target_temperature": (int, float),
    "current_temperature": (int, float),
    "speed": (int,),
    "value": (int, float, str),
    "activity": (str,),
    "volume": (int,),
    "muted": (bool,),
    "title": (str,),
    "artist": (str,),
    "target_humidity": (int,),
    "current_humidity": (int,),
    "mode": (str,),
}
_LARGEST = 1e12
_PERCENT = ("brightness", "position", "speed", "volume", "target_humidity", "current_humidity")
#: Characters of a text; a hub's are cut to less.
_LONGEST = 1000


def state_problem(field_name: str, value: object) -> str | None:
    """What is wrong with `value` for this field of a `DeviceState`; None if it is right."""
    kinds = _KINDS.get(field_name)
    if kinds is None:
        return f"this key is unknown (known here: {', '.join(_KINDS)})"
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        return f"{shown(value)} is not a {' or '.join(kind.__name__ for kind in kinds)}"
    if isinstance(value, int | float) and not -_LARGEST <= value <= _LARGEST:
        return f"{shown(value)} is not a number to be measured"
    if field_name in _PERCENT and isinstance(value, int) and not 0 <= value <= 100:
        return f"{value} is not between 0 and 100"
    if isinstance(value, str) and len(value) > _LONGEST:
        return f"the text is longer than {_LONGEST} characters"
    return None
