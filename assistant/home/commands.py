"""What can be commanded: one row of `EFFECTS` for each command.

A new kind of device is rows here and in the tables of those who tell and command it: `kinds` (what it is
asked as), `config` (its state in `home.toml`), the tables of the hubs, and the tables of the skills.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from assistant.home.domains import Domain, Feature
from assistant.home.ranges import Range


class Command(StrEnum):
    """Commands to a device. The comment says what the action's value is."""

    TURN_ON = "turn_on"
    TURN_OFF = "turn_off"
    SET_BRIGHTNESS = "set_brightness"  # percent, 0 to 100
    SET_COLOR = "set_color"  # name of a colour
    SET_COLOR_TEMPERATURE = "set_color_temperature"  # kelvin
    OPEN = "open"
    CLOSE = "close"
    SET_POSITION = "set_position"  # percent, 0 closed to 100 open
    LOCK = "lock"
    UNLOCK = "unlock"
    SET_TEMPERATURE = "set_temperature"  # degrees in the home's unit
    SET_SPEED = "set_speed"  # percent
    PLAY = "play"
    PAUSE = "pause"
    STOP = "stop"
    NEXT = "next"
    PREVIOUS = "previous"
    SET_VOLUME = "set_volume"  # percent
    MUTE = "mute"
    UNMUTE = "unmute"
    PLAY_MEDIA = "play_media"  # what to look for; the detail is its kind: artist, album, track, playlist, ...
    TRANSFER = "transfer"  # id of the media player that goes on with it
    SET_SHUFFLE = "set_shuffle"  # "on" or "off"
    SET_REPEAT = "set_repeat"  # "off", "one" or "all"
    PRESS = "press"
    START = "start"  # of a vacuum or a lawn mower
    DOCK = "dock"
    LOCATE = "locate"
    CLEAN_AREA = "clean_area"  # id of the area
    SET_HUMIDITY = "set_humidity"  # percent
    SET_MODE = "set_mode"  # name of the mode
    ARM_HOME = "arm_home"  # the code, where the panel asks for one
    ARM_AWAY = "arm_away"
    ARM_NIGHT = "arm_night"
    ARM_VACATION = "arm_vacation"
    DISARM = "disarm"  # the code


PERCENT = Range(0, 100)
#: What a command takes that may need the code of a panel.
CODE = "code"
_KELVIN = Range(1000, 10_000)


@dataclass(frozen=True)
class Effect:
    """Which devices take a command, and what it does to their state.

    Attributes:
        takers: the kinds of device, and the feature that each needs for it; None for none.
        sets: fields of the state, and what they are afterwards.
        sets_of: further ones, by the kind of device.
        becomes: the field of the state that the value becomes; "" for none.
        takes: "number", "text", or `CODE`, which only some devices ask for; "" for no value.
        ranged: name of the value in `Device.ranges`.
        usual: the numbers that a device takes that names no range; None for degrees (`state.value_range`).
        whole: whether the number in the state is a whole one.
        off_at_zero: 0 switches the device off, whatever the lowest value is at which it runs; all else, on.
    """

    takers: Mapping[Domain, Feature | None]
    sets: Mapping[str, object] = field(default_factory=dict)
    sets_of: Mapping[Domain, Mapping[str, object]] = field(default_factory=dict)
    becomes: str = ""
    takes: str = ""
    ranged: str = ""
    usual: Range | None = PERCENT
    whole: bool = True
    off_at_zero: bool = False


_PLAYER = Domain.MEDIA_PLAYER
_RUNS: dict[Domain, Feature | None] = {
    **dict.fromkeys((Domain.LIGHT, Domain.SWITCH, Domain.FAN, Domain.CLIMATE, Domain.HUMIDIFIER)),
    _PLAYER: Feature.POWER,
    Domain.WATER_HEATER: Feature.POWER,
    Domain.SIREN: None,
}


def _machines(feature: Feature) -> dict[Domain, Feature | None]:
    return {Domain.VACUUM: feature, Domain.LAWN_MOWER: feature}


def _arms(feature: Feature, activity: str) -> Effect:
    return Effect({Domain.ALARM_PANEL: feature}, {"activity": activity}, takes=CODE)


EFFECTS: dict[Command, Effect] = {
    Command.TURN_ON: Effect(
        {**_RUNS, Domain.SCENE: None, Domain.SCRIPT: None},
        sets_of={**{domain: {"on": True} for domain in _RUNS}, _PLAYER: {"on": True, "activity": "idle"}},
    ),
    Command.TURN_OFF: Effect(_RUNS, {"on": False}, {_PLAYER: {"activity": "off"}}),
    Command.SET_BRIGHTNESS: Effect(
        {Domain.LIGHT: Feature.BRIGHTNESS},
        becomes="brightness",
        takes="number",
        ranged="brightness",
        off_at_zero=True,
    ),
    Command.SET_COLOR: Effect(
        {Domain.LIGHT: Feature.COLOR}, {"on": True, "color_temperature": None}, becomes="color", takes="text"
    ),
    Command.SET_COLOR_TEMPERATURE: Effect(
        {Domain.LIGHT: Feature.COLOR_TEMPERATURE},
        {"on": True, "color": None},
        becomes="color_temperature",
        takes="number",
        ranged="color_temp",
        usual=_KELVIN,
    ),
    Command.OPEN: Effect({Domain.COVER: None, Domain.VALVE: None}, {"position": 100}),
    Command.CLOSE: Effect({Domain.COVER: None, Domain.VALVE: None}, {"position": 0}),
    Command.SET_POSITION: Effect(
        {Domain.COVER: Feature.POSITION, Domain.VALVE: Feature.POSITION},
        becomes="position",
        takes="number",
        ranged="position",
    ),
    Command.LOCK: Effect({Domain.LOCK: None}, {"locked": True}),
    Command.UNLOCK: Effect({Domain.LOCK: None}, {"locked": False}),
    Command.SET_TEMPERATURE: Effect(
        {Domain.CLIMATE: None, Domain.WATER_HEATER: None},
        {"on": True},
        becomes="target_temperature",
        takes="number",
        ranged="temperature",
        usual=None,
        whole=False,
    ),
    Command.SET_SPEED: Effect(
        {Domain.FAN: Feature.SPEED}, becomes="speed", takes="number", ranged="percentage", off_at_zero=True
    ),
    Command.PLAY: Effect({_PLAYER: Feature.PLAY}, {"on": True, "activity": "playing"}),
    Command.PAUSE: Effect(
        {_PLAYER: Feature.PAUSE, Domain.VACUUM: Feature.PAUSE, Domain.LAWN_MOWER: Feature.PAUSE},
        {"activity": "paused"},
    ),
    Command.STOP: Effect(
        {
            _PLAYER: Feature.STOP,
            Domain.VACUUM: Feature.STOP,
            Domain.COVER: Feature.STOP,
            Domain.VALVE: Feature.STOP,
        },
        sets_of={_PLAYER: {"activity": "idle"}, Domain.VACUUM: {"activity": "idle"}},
    ),
    Command.NEXT: Effect({_PLAYER: Feature.NEXT}),
    Command.PREVIOUS: Effect({_PLAYER: Feature.PREVIOUS}),
    Command.SET_VOLUME: Effect({_PLAYER: Feature.VOLUME}, {"muted": False}, becomes="volume", takes="number"),
    Command.MUTE: Effect({_PLAYER: Feature.MUTE}, {"muted": True}),
    Command.UNMUTE: Effect({_PLAYER: Feature.MUTE}, {"muted": False}),
    Command.PLAY_MEDIA: Effect(
        {_PLAYER: Feature.SEARCH},
        {"on": True, "activity": "playing", "artist": None},
        becomes="title",
        takes="text",
    ),
    Command.TRANSFER: Effect({_PLAYER: Feature.TRANSFER}, {"activity": "idle"}, takes="text"),
    Command.SET_SHUFFLE: Effect({_PLAYER: Feature.SHUFFLE}, takes="text"),
    Command.SET_REPEAT: Effect({_PLAYER: Feature.REPEAT}, takes="text"),
    Command.PRESS: Effect({Domain.BUTTON: None}),
    Command.START: Effect(
        _machines(Feature.START),
        sets_of={Domain.VACUUM: {"activity": "cleaning"}, Domain.LAWN_MOWER: {"activity": "mowing"}},
    ),
    Command.DOCK: Effect(_machines(Feature.DOCK), {"activity": "docked"}),
    Command.LOCATE: Effect({Domain.VACUUM: Feature.LOCATE}),
    Command.CLEAN_AREA: Effect({Domain.VACUUM: Feature.CLEAN_AREA}, {"activity": "cleaning"}, takes="text"),
    Command.SET_HUMIDITY: Effect(
        {Domain.HUMIDIFIER: None},
        {"on": True},
        becomes="target_humidity",
        takes="number",
        ranged="humidity",
    ),
    Command.SET_MODE: Effect(
        dict.fromkeys((Domain.HUMIDIFIER, Domain.WATER_HEATER), Feature.MODE), becomes="mode", takes="text"
    ),
    Command.ARM_HOME: _arms(Feature.ARM_HOME, "armed_home"),
    Command.ARM_AWAY: _arms(Feature.ARM_AWAY, "armed_away"),
    Command.ARM_NIGHT: _arms(Feature.ARM_NIGHT, "armed_night"),
    Command.ARM_VACATION: _arms(Feature.ARM_VACATION, "armed_vacation"),
    Command.DISARM: Effect({Domain.ALARM_PANEL: Feature.DISARM}, {"activity": "disarmed"}, takes=CODE),
}

#: The features that make sense for each domain.
FEATURES: dict[Domain, frozenset[Feature]] = {
    domain: frozenset(
        feature for effect in EFFECTS.values() if (feature := effect.takers.get(domain)) is not None
    )
    for domain in Domain
}
FEATURES[Domain.ALARM_PANEL] |= {Feature.CODE}
