"""Which services of Home Assistant carry a command out. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from assistant.home.executor import Action, Command

Value = float | str | bool
Data = Mapping[str, Value | list[str]]


@dataclass(frozen=True)
class ServiceCall:
    """A service of Home Assistant and what it is given."""

    domain: str
    service: str
    entity_id: str
    data: Data = field(default_factory=dict)


def _nothing(_action: Action) -> Data:
    return {}


def _value(key: str) -> Callable[[Action], Data]:
    return lambda action: {} if action.value is None else {key: action.value}


def _whole(key: str) -> Callable[[Action], Data]:
    """What Home Assistant takes as a whole number only."""

    def data(action: Action) -> Data:
        value = action.value
        if value is None:
            return {}
        return {key: value if isinstance(value, str) else round(value)}

    return data


def _volume(action: Action) -> Data:
    return {} if not isinstance(action.value, int | float) else {"volume_level": action.value / 100}


def _media(action: Action) -> Data:
    return {"media_content_id": str(action.value), "media_content_type": action.detail or "music"}


def _always(**data: Value) -> Callable[[Action], Data]:
    return lambda _action: data


#: Command -> service, and what it is given.
_SERVICES: dict[Command, tuple[str, Callable[[Action], Data]]] = {
    Command.TURN_ON: ("turn_on", _nothing),
    Command.TURN_OFF: ("turn_off", _nothing),
    Command.SET_BRIGHTNESS: ("turn_on", _whole("brightness_pct")),
    Command.SET_COLOR: ("turn_on", _value("color_name")),
    Command.SET_COLOR_TEMPERATURE: ("turn_on", _whole("color_temp_kelvin")),
    # Their names hold that of the domain: open_cover, open_valve, alarm_disarm.
    Command.OPEN: ("open_{domain}", _nothing),
    Command.CLOSE: ("close_{domain}", _nothing),
    Command.SET_POSITION: ("set_{domain}_position", _whole("position")),
    Command.LOCK: ("lock", _nothing),
    Command.UNLOCK: ("unlock", _nothing),
    Command.SET_TEMPERATURE: ("set_temperature", _value("temperature")),
    Command.SET_SPEED: ("set_percentage", _whole("percentage")),
    Command.PLAY: ("media_play", _nothing),
    Command.PAUSE: ("media_pause", _nothing),
    Command.STOP: ("media_stop", _nothing),
    Command.NEXT: ("media_next_track", _nothing),
    Command.PREVIOUS: ("media_previous_track", _nothing),
    Command.SET_VOLUME: ("volume_set", _volume),
    Command.MUTE: ("volume_mute", _always(is_volume_muted=True)),
    Command.UNMUTE: ("volume_mute", _always(is_volume_muted=False)),
    Command.PLAY_MEDIA: ("play_media", _media),
    Command.TRANSFER: ("join", lambda action: {"group_members": [str(action.value)]}),
    Command.SET_SHUFFLE: ("shuffle_set", lambda action: {"shuffle": action.value == "on"}),
    Command.SET_REPEAT: ("repeat_set", _value("repeat")),
    Command.PRESS: ("press", _nothing),
    Command.START: ("start", _nothing),
    Command.DOCK: ("return_to_base", _nothing),
    Command.LOCATE: ("locate", _nothing),
    Command.CLEAN_AREA: ("clean_area", lambda action: {"cleaning_area_id": [str(action.value)]}),
    Command.SET_HUMIDITY: ("set_humidity", _whole("humidity")),
    Command.SET_MODE: ("set_mode", _value("mode")),
    Command.ARM_HOME: ("alarm_arm_home", _value("code")),
    Command.ARM_AWAY: ("alarm_arm_away", _value("code")),
    Command.ARM_NIGHT: ("alarm_arm_night", _value("code")),
    Command.ARM_VACATION: ("alarm_arm_vacation", _value("code")),
    Command.DISARM: ("alarm_disarm", _value("code")),
}
#: What a domain calls otherwise.
_OTHERWISE: dict[tuple[str, Command], tuple[str, Callable[[Action], Data]]] = {
    ("cover", Command.STOP): ("stop_cover", _nothing),
    ("valve", Command.STOP): ("stop_valve", _nothing),
    ("vacuum", Command.STOP): ("stop", _nothing),
    ("vacuum", Command.PAUSE): ("pause", _nothing),
    ("lawn_mower", Command.START): ("start_mowing", _nothing),
    ("lawn_mower", Command.PAUSE): ("pause", _nothing),
    ("lawn_mower", Command.DOCK): ("dock", _nothing),
    ("water_heater", Command.SET_MODE): ("set_operation_mode", _value("operation_mode")),
}
#: Services that follow the first. A player hands its music on by taking the other one in and leaving.
_THEN: dict[Command, tuple[str, ...]] = {Command.TRANSFER: ("unjoin",)}


def calls_for(action: Action) -> tuple[ServiceCall, ...]:
    """The services that carry out a command to an entity, in order."""
    domain, id_ = action.device_id.partition(".")[0], action.device_id
    service, data = _OTHERWISE.get((domain, action.command), _SERVICES[action.command])
    first = ServiceCall(domain, service.format(domain=domain), id_, data(action))
    return (first, *(ServiceCall(domain, name, id_) for name in _THEN.get(action.command, ())))
