"""What devices, places and states are called in a language."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.home.kinds import WATCHERS
from assistant.home.model import Area, Device, Domain, Floor
from assistant.skills.lines import Line, WordList, line
from assistant.skills.phrases import Phrases
from assistant.skills.replies import Replies

_THE = line("home.the", "name")
_IN_AREA = line("home.in_area", "name")
_ON_FLOOR = line("home.on_floor", "name")
_COUNTED = line("home.counted", "count", "devices")

#: What a device of a domain is called.
_DOMAINS: dict[str, Line] = {
    Domain.LIGHT: line("home.noun_light", "count"),
    Domain.SWITCH: line("home.noun_switch", "count"),
    Domain.COVER: line("home.noun_cover", "count"),
    Domain.CLIMATE: line("home.noun_climate", "count"),
    Domain.LOCK: line("home.noun_lock", "count"),
    Domain.SENSOR: line("home.noun_sensor", "count"),
    Domain.BINARY_SENSOR: line("home.noun_sensor", "count"),
    Domain.PERSON: line("home.noun_person", "count"),
    Domain.FAN: line("home.noun_fan", "count"),
    Domain.MEDIA_PLAYER: line("home.noun_media_player", "count"),
    Domain.SCENE: line("home.noun_scene", "count"),
    Domain.SCRIPT: line("home.noun_script", "count"),
    Domain.BUTTON: line("home.noun_button", "count"),
    Domain.VACUUM: line("home.noun_vacuum", "count"),
    Domain.LAWN_MOWER: line("home.noun_lawn_mower", "count"),
    Domain.VALVE: line("home.noun_valve", "count"),
    Domain.HUMIDIFIER: line("home.noun_humidifier", "count"),
    Domain.WATER_HEATER: line("home.noun_water_heater", "count"),
    Domain.SIREN: line("home.noun_siren", "count"),
    Domain.ALARM_PANEL: line("home.noun_alarm_panel", "count"),
}
_DEVICE = line("home.noun_device", "count")
#: A sensor of a class that has no word of its own.
_SUCH_SENSOR = line("home.noun_such_sensor", "count")
#: Kinds of device whose names stand alone: "movie night", not "the movie night".
_PROPER = frozenset({Domain.SCENE, Domain.SCRIPT, Domain.PERSON})
#: What a cover of a device class is called, and a device of any domain, by Home Assistant's names.
_COVERS: dict[str, Line] = {
    name: line(f"home.noun_{name}", "count")
    for name in ("awning", "blind", "curtain", "damper", "door", "gate", "shade", "shutter", "window")
}
_CLASSES: dict[str, Line] = {
    name: line(f"home.noun_{name}", "count")
    for name in ("battery", "carbon_monoxide", "garage", "gas", "humidity", "moisture", "motion", "smoke")
}
#: States, colours and fan speeds, by the values of the grammar's lists. Others are said as they are.
_VALUES: dict[str, Line] = {
    name: line(f"home.is_{name}")
    for name in (
        *("on", "off", "open", "closed", "opening", "closing", "locked", "unlocked"),
        *("detected", "clear", "wet", "dry", "low", "normal", "home", "away"),
        *("playing", "paused", "idle", "buffering", "standby"),
        *("cleaning", "mowing", "docked", "returning", "error"),
        *("armed", "armed_home", "armed_away", "armed_night", "armed_vacation", "disarmed"),
        *("arming", "pending", "triggered"),
    )
}
_COLORS: dict[str, Line] = {
    name: line(f"home.color_{name}")
    for name in (
        "white",
        "black",
        "red",
        "orange",
        "yellow",
        "green",
        "blue",
        "purple",
        "brown",
        "pink",
        "turquoise",
    )
}
_SPEEDS: dict[str, Line] = {name: line(f"home.speed_{name}") for name in ("low", "medium", "high")}

#: Words before a name that are no part of it.
_ARTICLES = WordList("home.articles")
#: Endings of a name that stands for several things ("the garden lights are on"), and those that do not.
_PLURAL_ENDINGS = WordList("home.plural_endings")
_SINGULAR_ENDINGS = WordList("home.singular_endings")


class HomeWords:
    """What devices, places and states are called in a language.

    Args:
        replies: of the language.
    """

    def __init__(self, replies: Replies) -> None:
        self.text = replies.text
        self.words = replies.words
        self.phrases = Phrases(replies)

    def bare(self, name: str) -> str:
        """A name without its own article: "the den" -> "den"."""
        for article in self.words(_ARTICLES):
            if name.lower().startswith(f"{article} "):
                return name[len(article) + 1 :]
        return name

    def the(self, device: Device) -> str:
        """ "the kitchen light"; "movie night"."""
        if device.domain in _PROPER or device.device_class == "presence":
            return device.spoken_name
        return self.text(_THE, name=self.bare(device.spoken_name))

    def in_area(self, area: Area) -> str:
        """ "in the kitchen"."""
        return self.text(_IN_AREA, name=self.bare(area.name))

    def on_floor(self, floor: Floor) -> str:
        """ "on the first floor"."""
        return self.text(_ON_FLOOR, name=self.bare(floor.name))

    def noun(self, domain: str, device_class: str | None) -> Line:
        """What a device of a domain, or of a class within it, is called."""
        if domain == Domain.COVER and device_class in _COVERS:
            return _COVERS[device_class]
        if device_class not in _CLASSES and device_class and domain in WATCHERS:
            return _SUCH_SENSOR
        kind = device_class or domain
        return _CLASSES.get(kind) or _DOMAINS.get(kind) or _DOMAINS.get(domain, _DEVICE)

    def several(self, noun: Line, count: int) -> str:
        """What several devices are called together, "lights", also where there is one or none."""
        return self.text(noun, count=2 if count == 1 else count)

    def counted(self, count: int, noun: Line) -> str:
        """ "one light", "three lights", "no lights"."""
        return self.text(_COUNTED, count=count, devices=self.text(noun, count=count))

    def state(self, value: str) -> str:
        """The word for a state: on, off, open, closed, locked, unlocked; any other value as it is."""
        return self._said(_VALUES, value)

    def color(self, value: str) -> str:
        """The word for a colour."""
        return self._said(_COLORS, value)

    def speed(self, value: str) -> str:
        """The word for a fan speed."""
        return self._said(_SPEEDS, value)

    def verb_count(self, devices: Sequence[Device]) -> int:
        """By which a verb is chosen, "is" or "are": a single device may itself be several."""
        if len(devices) != 1:
            return len(devices)
        name = devices[0].name.lower()
        several = name.endswith(self.words(_PLURAL_ENDINGS)) and not name.endswith(
            self.words(_SINGULAR_ENDINGS)
        )
        return 2 if several else 1

    def _said(self, lines: dict[str, Line], value: str) -> str:
        return self.text(lines[value]) if value in lines else value
