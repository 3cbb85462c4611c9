"""Colours by name, as the sentences have them, for hubs that know only numbers. Pure."""

from __future__ import annotations

import colorsys

#: The colours of home-assistant-intents, as CSS has them; "brown" is a dark orange, so lights show it as one.
RGB: dict[str, tuple[int, int, int]] = {
    "white": (255, 255, 255),
    "black": (0, 0, 0),
    "red": (255, 0, 0),
    "orange": (255, 165, 0),
    "yellow": (255, 255, 0),
    "green": (0, 128, 0),
    "blue": (0, 0, 255),
    "purple": (128, 0, 128),
    "brown": (165, 42, 42),
    "pink": (255, 192, 203),
    "turquoise": (64, 224, 208),
}
#: Colours that a light is reported as; others differ in brightness only, or are too near to one of these.
_REPORTED = ("white", "red", "orange", "yellow", "green", "blue", "purple", "pink", "turquoise")


def hue_saturation(name: str) -> tuple[float, float] | None:
    """Degrees from 0 to 360 and percent; None for a colour that is not known here."""
    rgb = RGB.get(name.lower())
    if rgb is None:
        return None
    hue, saturation, _value = colorsys.rgb_to_hsv(*(part / 255 for part in rgb))
    return round(hue * 360, 1), round(saturation * 100, 1)


def nearest(hue: float, saturation: float) -> str:
    """The name of the colour that is nearest on the wheel.

    Args:
        hue: degrees.
        saturation: percent.
    """

    def distance(name: str) -> float:
        known = hue_saturation(name)
        assert known is not None
        turn = abs(known[0] - hue) % 360
        weight = min(known[1], saturation) / 100
        return weight * min(turn, 360 - turn) / 180 + abs(known[1] - saturation) / 100

    return min(_REPORTED, key=distance)
