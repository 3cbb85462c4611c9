"""Colours, brightness and colour temperatures of lights, between their words and ours. Pure."""

from __future__ import annotations

import colorsys
from collections.abc import Callable, Iterable

from services.hubs.bounds import kelvins
from services.hubs.colors import RGB, hue_saturation, nearest
from services.hubs.mqtt.config import BadConfigError, Config
from services.hubs.mqtt.parts import Parts
from services.hubs.mqtt.pieces import percents, plain, range_of
from services.hubs.values import number

#: Mireds and kelvin turn into each other by this.
_MILLION = 1_000_000
FULL = 255.0
COLOR_MODES = ("hs", "rgb", "rgbw", "rgbww", "xy")
#: Bounds of a light that names one of them only, as Home Assistant sets them.
_KELVIN = (2000.0, 6535.0)
_MIREDS = (153.0, 500.0)


def full_brightness(config: Config, parts: Parts) -> float:
    """The greatest brightness; with few levels, its steps are a range.

    Raises:
        BadConfigError: it is no number.
    """
    full = config.number("brightness_scale", FULL, 1)
    if full < 100:
        parts.ranges["brightness"] = percents(full)
    return full


def color_temperatures(config: Config, parts: Parts) -> Callable[[float], int]:
    """Add the range of colour temperatures, in kelvin; what is given turns kelvin into the light's unit.

    Raises:
        BadConfigError: the payload does not say which unit it is.
    """
    in_kelvin = config.flag("color_temp_kelvin")
    mireds = None
    with parts.part("range of colour temperature"):
        found = range_of(config, ("min_kelvin", _KELVIN[0]), ("max_kelvin", _KELVIN[1]))
        mireds = range_of(config, ("min_mireds", _MIREDS[0]), ("max_mireds", _MIREDS[1]))
        if found is None and mireds is not None:
            if mireds.minimum < 1:
                raise BadConfigError("min_mireds is less than 1")
            found = kelvins(_MILLION / mireds.maximum, _MILLION / mireds.minimum)
        if found is not None:
            parts.ranges["color_temp"] = found

    def to_device(kelvin: float) -> int:
        value = kelvin if in_kelvin else _MILLION / max(1.0, kelvin)
        return round(value if in_kelvin or mireds is None else mireds.nearest(value))

    return to_device


def known_color(value: float | str | None) -> str:
    """The colour that a command names.

    Raises:
        ValueError: it is none.
    """
    if not isinstance(value, str) or value.lower() not in RGB:
        raise ValueError(f"{value!r} is no colour that is known here")
    return value.lower()


def hs_text(name: str) -> str:
    """Hue in degrees and saturation in percent."""
    hue, saturation = hue_saturation(name) or (0.0, 0.0)
    return f"{plain(hue)},{plain(saturation)}"


def rgb_text(name: str) -> str:
    """Red, green and blue, 0 to 255."""
    return ",".join(map(str, RGB[name]))


def color_called(parts: Iterable[float | None], kind: str) -> str | None:
    """The colour that is nearest to the numbers of `kind`, "hs" or "rgb"."""
    found = [part for part in parts if part is not None]
    if kind == "hs" and len(found) == 2 and found[1] <= 100:
        return nearest(found[0], found[1])
    if kind == "rgb" and len(found) == 3 and max(found) <= FULL:
        return _nearest_rgb(found[0], found[1], found[2])
    return None


def _nearest_rgb(red: float, green: float, blue: float) -> str:
    hue, saturation, _ = colorsys.rgb_to_hsv(red / FULL, green / FULL, blue / FULL)
    return nearest(hue * 360, saturation * 100)


def kelvin_from(value: object, in_kelvin: bool) -> int | None:
    """A colour temperature that a light reports, in kelvin."""
    found = number(value, 1, 100_000)
    if found is None:
        return None
    kelvin = found if in_kelvin else _MILLION / found
    return round(kelvin) if 500 <= kelvin <= 20_000 else None
