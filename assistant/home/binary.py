"""What a sensor with two states says, by what it watches: the words people use. Pure."""

from __future__ import annotations

#: Home Assistant's device class -> word for on, word for off.
_WORDS: dict[str, tuple[str, str]] = {
    **dict.fromkeys(("door", "garage_door", "window", "opening"), ("open", "closed")),
    **dict.fromkeys(("motion", "occupancy", "smoke", "gas", "carbon_monoxide", "sound", "vibration",
                     "light", "power", "tamper"),
                    ("detected", "clear")),
    "presence": ("home", "away"),
    "lock": ("unlocked", "locked"),
    "moisture": ("wet", "dry"),
    "battery": ("low", "normal"),
    "battery_charging": ("charging", "not charging"),
    "plug": ("plugged in", "unplugged"),
    "connectivity": ("connected", "disconnected"),
    "problem": ("in trouble", "fine"),
    "safety": ("unsafe", "safe"),
    "cold": ("cold", "normal"),
    "heat": ("hot", "normal"),
    "moving": ("moving", "not moving"),
    "update": ("outdated", "up to date"),
    "running": ("running", "not running"),
}  # fmt: skip


#: All classes.
CLASSES = frozenset(_WORDS)


def state_word(device_class: str | None, on: bool) -> str:
    """The state of a sensor of this device class, as it is said."""
    return _WORDS.get(device_class or "", ("on", "off"))[0 if on else 1]
