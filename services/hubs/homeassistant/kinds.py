"""What the entities of each domain of Home Assistant are here: one row of `KINDS` each. Pure.

Names and figures are those of Home Assistant's entity documentation: `supported_features` as bits,
`supported_color_modes` as names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from assistant.home.model import DeviceState, Domain, Feature, Range
from services.hubs.bounds import kelvins
from services.hubs.homeassistant import states_of
from services.hubs.values import degrees, number, text

Attributes = Mapping[str, Any]

COLOR_MODES = states_of.COLOR_MODES
_BRIGHT_MODES = COLOR_MODES | {"brightness", "color_temp", "white"}


def _light_features(attributes: Attributes) -> set[Feature]:
    reported = attributes.get("supported_color_modes")
    modes = {mode for mode in reported if isinstance(mode, str)} if isinstance(reported, list) else set()
    found = set()
    if modes & _BRIGHT_MODES:
        found.add(Feature.BRIGHTNESS)
    if modes & COLOR_MODES:
        found.add(Feature.COLOR)
    if "color_temp" in modes:
        found.add(Feature.COLOR_TEMPERATURE)
    return found


def _no_features(_attributes: Attributes) -> set[Feature]:
    return set()


def _temperatures(attributes: Attributes) -> dict[str, Range]:
    low, high = degrees(attributes.get("min_temp")), degrees(attributes.get("max_temp"))
    if low is None or high is None:
        return {}
    step = number(attributes.get("target_temp_step"), 0, 100)
    return {"temperature": Range(low, high, step or None)}


def _whites(attributes: Attributes) -> dict[str, Range]:
    low = number(attributes.get("min_color_temp_kelvin"), 500, 20_000)
    high = number(attributes.get("max_color_temp_kelvin"), 500, 20_000)
    if low is None or high is None:
        # Home Assistant before 2026 says it in mireds, too; before 2022.11 in mireds alone.
        warm = number(attributes.get("max_mireds"), 50, 2000)
        cold = number(attributes.get("min_mireds"), 50, 2000)
        low, high = warm and 1_000_000 / warm, cold and 1_000_000 / cold
    return {"color_temp": kelvins(low, high)} if low and high else {}


def _speeds(attributes: Attributes) -> dict[str, Range]:
    step = number(attributes.get("percentage_step"), 0.01, 100)
    return {"percentage": Range(0, 100, step)} if step is not None and step > 1 else {}


def _humidities(attributes: Attributes) -> dict[str, Range]:
    low, high = (number(attributes.get(f"{end}_humidity"), 0, 100) for end in ("min", "max"))
    return {} if low is None or high is None else {"humidity": Range(low, high)}


def _codes(attributes: Attributes) -> set[Feature]:
    """A panel without a code is not disarmed by voice: anybody could."""
    if not text(attributes.get("code_format")):
        return set()
    return {Feature.DISARM} | ({Feature.CODE} if attributes.get("code_arm_required") is True else set())


def _no_ranges(_attributes: Attributes) -> dict[str, Range]:
    return {}


@dataclass(frozen=True)
class EntityKind:
    """What the entities of one domain are.

    Attributes:
        domain: ours.
        state: from a state as Home Assistant writes it, its attributes and its device class.
        bits: of `supported_features`, and the feature that any bit of each stands for.
        features: those that the attributes say otherwise.
        ranges: the values it takes, as far as it says so. May raise ValueError.
    """

    domain: Domain
    state: Callable[[str, Attributes, str | None], DeviceState]
    bits: Mapping[int, Feature] = field(default_factory=dict)
    features: Callable[[Attributes], set[Feature]] = _no_features
    ranges: Callable[[Attributes], dict[str, Range]] = _no_ranges


_OPENS = {1 << 2: Feature.POSITION, 1 << 3: Feature.STOP}
_SWITCH = EntityKind(Domain.SWITCH, states_of.switch)
_BUTTON = EntityKind(Domain.BUTTON, states_of.nothing)
#: Of a media player: what it can do. It is searched by itself (`media.play`), or takes the words as they are.
SEARCH_MEDIA, PLAY_MEDIA = 1 << 22, 1 << 9
_PLAYER = {
    1 << 0: Feature.PAUSE,
    1 << 2: Feature.VOLUME,
    1 << 3: Feature.MUTE,
    1 << 4: Feature.PREVIOUS,
    1 << 5: Feature.NEXT,
    1 << 7 | 1 << 8: Feature.POWER,
    1 << 12: Feature.STOP,
    1 << 14: Feature.PLAY,
    1 << 15: Feature.SHUFFLE,
    1 << 18: Feature.REPEAT,
    1 << 19: Feature.TRANSFER,
    SEARCH_MEDIA | PLAY_MEDIA: Feature.SEARCH,
}

_VACUUM = {
    1 << 2: Feature.PAUSE,
    1 << 3: Feature.STOP,
    1 << 4: Feature.DOCK,
    1 << 9: Feature.LOCATE,
    1 << 13: Feature.START,
    1 << 14: Feature.CLEAN_AREA,
}
_PANEL = {
    1 << 0: Feature.ARM_HOME,
    1 << 1: Feature.ARM_AWAY,
    1 << 2: Feature.ARM_NIGHT,
    1 << 5: Feature.ARM_VACATION,
}

#: Domain of Home Assistant -> what its entities are.
KINDS: dict[str, EntityKind] = {
    "light": EntityKind(Domain.LIGHT, states_of.light, features=_light_features, ranges=_whites),
    "switch": _SWITCH,
    "input_boolean": _SWITCH,
    "cover": EntityKind(Domain.COVER, states_of.cover, _OPENS),
    "valve": EntityKind(Domain.VALVE, states_of.cover, _OPENS),
    "climate": EntityKind(Domain.CLIMATE, states_of.climate, ranges=_temperatures),
    "lock": EntityKind(Domain.LOCK, states_of.lock),
    "sensor": EntityKind(Domain.SENSOR, states_of.sensor),
    "binary_sensor": EntityKind(Domain.BINARY_SENSOR, states_of.binary_sensor),
    "fan": EntityKind(Domain.FAN, states_of.fan, {1 << 0: Feature.SPEED}, ranges=_speeds),
    "media_player": EntityKind(Domain.MEDIA_PLAYER, states_of.media_player, _PLAYER),
    "scene": EntityKind(Domain.SCENE, states_of.nothing),
    "script": EntityKind(Domain.SCRIPT, states_of.switch),
    "button": _BUTTON,
    "input_button": _BUTTON,
    "vacuum": EntityKind(Domain.VACUUM, states_of.activity, _VACUUM),
    "lawn_mower": EntityKind(
        Domain.LAWN_MOWER,
        states_of.activity,
        {1 << 0: Feature.START, 1 << 1: Feature.PAUSE, 1 << 2: Feature.DOCK},
    ),
    "humidifier": EntityKind(
        Domain.HUMIDIFIER, states_of.humidifier, {1 << 0: Feature.MODE}, ranges=_humidities
    ),
    "water_heater": EntityKind(
        Domain.WATER_HEATER,
        states_of.water_heater,
        {1 << 1: Feature.MODE, 1 << 3: Feature.POWER},
        ranges=_temperatures,
    ),
    "person": EntityKind(Domain.PERSON, states_of.person),
    "siren": EntityKind(Domain.SIREN, states_of.switch),
    "alarm_control_panel": EntityKind(Domain.ALARM_PANEL, states_of.activity, _PANEL, _codes),
}
