"""Between Home Assistant's entities and ours. Pure.

Figures and names are those of Home Assistant's entity documentation: brightness from 0 to 255,
`supported_features` as bits, `supported_color_modes` as names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from assistant.home.executor import Action, Command
from assistant.home.model import Device, DeviceState, Domain, Feature, Range
from services.hubs import binary
from services.hubs.bounds import kelvins
from services.hubs.colors import nearest
from services.hubs.values import degrees, measured, number, percent_of, text, whole

#: Domains of Home Assistant that have a match here.
DOMAINS: dict[str, Domain] = {
    "light": Domain.LIGHT,
    "switch": Domain.SWITCH,
    "input_boolean": Domain.SWITCH,
    "cover": Domain.COVER,
    "climate": Domain.CLIMATE,
    "lock": Domain.LOCK,
    "sensor": Domain.SENSOR,
    "binary_sensor": Domain.SENSOR,
    "fan": Domain.FAN,
}
_COLOR_MODES = frozenset({"hs", "rgb", "rgbw", "rgbww", "xy"})
_BRIGHT_MODES = _COLOR_MODES | {"brightness", "color_temp", "white"}
#: Bits of `supported_features`.
_COVER_SET_POSITION = 4
_FAN_SET_SPEED = 1
_FULL = 255


def domain_of(entity_id: str) -> Domain | None:
    """Our domain for an entity; None where there is none."""
    return DOMAINS.get(entity_id.partition(".")[0])


def device_from(
    entity_id: str, attributes: Mapping[str, Any], aliases: tuple[str, ...] = (), area: str | None = None
) -> Device:
    """The device that an entity is.

    Args:
        entity_id: of one of `DOMAINS`.
        attributes: of its state.
        aliases: from the entity registry.
        area: id of its area, or of its device's.
    """
    domain = DOMAINS[entity_id.partition(".")[0]]
    name = attributes.get("friendly_name")
    return Device(
        id=entity_id,
        name=name if isinstance(name, str) else entity_id.partition(".")[2].replace("_", " "),
        domain=domain,
        aliases=aliases,
        area=area,
        device_class=text(attributes.get("device_class")) or None,
        features=_features(domain, attributes),
        unit=text(attributes.get("unit_of_measurement")) if domain is Domain.SENSOR else "",
        ranges=_ranges(domain, attributes),
    )


def _features(domain: Domain, attributes: Mapping[str, Any]) -> frozenset[Feature]:
    found = set()
    bits = whole(attributes.get("supported_features"), 0, 2**31) or 0
    if domain is Domain.LIGHT:
        reported = attributes.get("supported_color_modes")
        modes = {mode for mode in reported if isinstance(mode, str)} if isinstance(reported, list) else set()
        if modes & _BRIGHT_MODES:
            found.add(Feature.BRIGHTNESS)
        if modes & _COLOR_MODES:
            found.add(Feature.COLOR)
        if "color_temp" in modes:
            found.add(Feature.COLOR_TEMPERATURE)
    elif domain is Domain.COVER and bits & _COVER_SET_POSITION:
        found.add(Feature.POSITION)
    elif domain is Domain.FAN and bits & _FAN_SET_SPEED:
        found.add(Feature.SPEED)
    return frozenset(found)


def _ranges(domain: Domain, attributes: Mapping[str, Any]) -> dict[str, Range]:
    """The values it takes, as far as it says so; bounds that fit nothing are passed over."""
    try:
        match domain:
            case Domain.CLIMATE:
                low, high = degrees(attributes.get("min_temp")), degrees(attributes.get("max_temp"))
                if low is not None and high is not None:
                    step = number(attributes.get("target_temp_step"), 0, 100)
                    return {"temperature": Range(low, high, step or None)}
            case Domain.LIGHT:
                low = number(attributes.get("min_color_temp_kelvin"), 500, 20_000)
                high = number(attributes.get("max_color_temp_kelvin"), 500, 20_000)
                if low is None or high is None:
                    # Home Assistant before 2026 says it in mireds, too; before 2022.11 in mireds alone.
                    warm = number(attributes.get("max_mireds"), 50, 2000)
                    cold = number(attributes.get("min_mireds"), 50, 2000)
                    low, high = warm and 1_000_000 / warm, cold and 1_000_000 / cold
                if low and high:
                    return {"color_temp": kelvins(low, high)}
            case Domain.FAN:
                step = number(attributes.get("percentage_step"), 0.01, 100)
                if step is not None and step > 1:
                    return {"percentage": Range(0, 100, step)}
    except ValueError:
        pass
    return {}


def state_from(device: Device, state: object, attributes: Mapping[str, Any]) -> DeviceState | None:
    """What is known of a device; None where the hub does not reach it.

    Args:
        device: from `device_from`.
        state: as Home Assistant writes it: "on", "closed", "21.5", ...
        attributes: of that state.
    """
    if state == "unavailable":
        return None
    if not isinstance(state, str) or state == "unknown":
        return DeviceState()
    on = {"on": True, "off": False}.get(state)
    match device.domain:
        case Domain.LIGHT:
            return DeviceState(
                on=on,
                brightness=percent_of(attributes.get("brightness"), _FULL),
                color=_color(attributes),
                color_temperature=whole(attributes.get("color_temp_kelvin"), 500, 20_000),
            )
        case Domain.SWITCH:
            return DeviceState(on=on)
        case Domain.FAN:
            return DeviceState(on=on, speed=whole(attributes.get("percentage"), 0, 100))
        case Domain.COVER:
            position = whole(attributes.get("current_position"), 0, 100)
            if position is None:
                position = {"open": 100, "closed": 0}.get(state)
            return DeviceState(position=position)
        case Domain.LOCK:
            return DeviceState(locked={"locked": True, "unlocked": False, "open": False}.get(state))
        case Domain.CLIMATE:
            return DeviceState(
                on=state != "off",
                target_temperature=degrees(attributes.get("temperature")),
                current_temperature=degrees(attributes.get("current_temperature")),
            )
        case Domain.SENSOR:
            if device.id.startswith("binary_sensor."):
                return DeviceState(value=None if on is None else binary.state_word(device.device_class, on))
            return DeviceState(value=measured(state))


def _color(attributes: Mapping[str, Any]) -> str | None:
    if text(attributes.get("color_mode")) not in _COLOR_MODES:
        return None
    reported = attributes.get("hs_color")
    if not isinstance(reported, list) or len(reported) != 2:
        return None
    hue, saturation = number(reported[0], 0, 360), number(reported[1], 0, 100)
    return None if hue is None or saturation is None else nearest(hue, saturation)


@dataclass(frozen=True)
class ServiceCall:
    """A service of Home Assistant and what it is given."""

    domain: str
    service: str
    entity_id: str
    data: Mapping[str, float | str]


#: Command -> service, and the key that its value goes into.
_SERVICES: dict[Command, tuple[str, str]] = {
    Command.TURN_ON: ("turn_on", ""),
    Command.TURN_OFF: ("turn_off", ""),
    Command.SET_BRIGHTNESS: ("turn_on", "brightness_pct"),
    Command.SET_COLOR: ("turn_on", "color_name"),
    Command.SET_COLOR_TEMPERATURE: ("turn_on", "color_temp_kelvin"),
    Command.OPEN: ("open_cover", ""),
    Command.CLOSE: ("close_cover", ""),
    Command.SET_POSITION: ("set_cover_position", "position"),
    Command.LOCK: ("lock", ""),
    Command.UNLOCK: ("unlock", ""),
    Command.SET_TEMPERATURE: ("set_temperature", "temperature"),
    Command.SET_SPEED: ("set_percentage", "percentage"),
}
#: What Home Assistant takes as whole numbers only.
_WHOLE = frozenset({"brightness_pct", "color_temp_kelvin", "position", "percentage"})


def service_for(action: Action) -> ServiceCall:
    """The service that carries out a command to an entity."""
    service, key = _SERVICES[action.command]
    data: dict[str, float | str] = {}
    value = action.value
    if key and value is not None:
        data[key] = round(value) if key in _WHOLE and not isinstance(value, str) else value
    return ServiceCall(action.device_id.partition(".")[0], service, action.device_id, data)
