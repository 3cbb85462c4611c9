"""The values that a device takes: read from either hub, and kept when a command is carried out."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.home.executor import Action, Command
from assistant.home.model import RANGED, Device, Domain, Range
from services.hubs.bounds import kelvins, within
from services.hubs.driver import HubRefused
from services.hubs.homeassistant.entities import device_from
from services.hubs.mqtt import zigbee2mqtt
from tests.services.hubs.discovered import described, entity, house, sent, told

CLIMATE = {"temp_cmd_t": "t/set", "temp_stat_t": "t"}
LIGHT = {"cmd_t": "l", "clr_temp_cmd_t": "ct"}
JSON = {"schema": "json", "cmd_t": "l", "sup_clrm": ["color_temp"]}
FAN = {"cmd_t": "f", "pct_cmd_t": "p"}
COVER = {"cmd_t": "c", "set_pos_t": "p"}

MQTT = [
    ("climate", {**CLIMATE, "min_temp": 7, "max_temp": 28, "temp_step": 0.5}, "temperature", (7, 28, 0.5)),
    ("climate", {**CLIMATE, "min_temp": "7", "max_temp": "28"}, "temperature", (7, 28, None)),
    ("climate", {**CLIMATE, "min_temp": 15}, "temperature", (15, 35, None)),
    ("climate", {**CLIMATE, "max_temp": 30}, "temperature", (7, 30, None)),
    ("climate", {**CLIMATE, "min_temp": 30, "max_temp": 60, "temp_step": 5}, "temperature", (30, 60, 5)),
    ("climate", CLIMATE, "temperature", None),
    ("light", {**LIGHT, "min_mirs": 250, "max_mirs": 454}, "color_temp", (2200, 4000, None)),
    ("light", {**LIGHT, "min_mirs": 153, "max_mirs": 370}, "color_temp", (2700, 6536, None)),
    ("light", {**LIGHT, "clr_temp_k": True, "min_k": 2200, "max_k": 4000}, "color_temp", (2200, 4000, None)),
    ("light", {**LIGHT, "max_mirs": 500}, "color_temp", (2000, 6536, None)),
    ("light", {**LIGHT, "max_k": 5000}, "color_temp", (2000, 5000, None)),
    ("light", {**JSON, "min_mirs": 250, "max_mirs": 454}, "color_temp", (2200, 4000, None)),
    ("light", {**JSON, "clr_temp_k": True, "min_k": 2200, "max_k": 4000}, "color_temp", (2200, 4000, None)),
    ("light", LIGHT, "color_temp", None),
    ("light", {"cmd_t": "l", "bri_cmd_t": "b", "bri_scl": 10}, "brightness", (0, 100, 10)),
    ("light", {"cmd_t": "l", "bri_cmd_t": "b", "bri_scl": 100}, "brightness", None),
    ("fan", {**FAN, "spd_rng_max": 4}, "percentage", (0, 100, 25)),
    ("fan", {**FAN, "spd_rng_min": 2, "spd_rng_max": 6}, "percentage", (0, 100, 20)),
    ("fan", FAN, "percentage", None),
    ("cover", {**COVER, "pos_open": 10, "pos_clsd": 0}, "position", (0, 100, 10)),
    ("cover", {**COVER, "pos_open": 0, "pos_clsd": 4}, "position", (0, 100, 25)),
    ("cover", COVER, "position", None),
]


@pytest.mark.parametrize(("component", "config", "key", "values"), MQTT)
def test_discovery_names_the_values_that_a_device_takes(
    component: str, config: dict[str, Any], key: str, values: tuple[float, float, float | None] | None
) -> None:
    ranges = entity(component, **config).device.ranges
    assert ranges == ({} if values is None else {key: Range(*values)})


HOME_ASSISTANT = [
    ("climate", {"min_temp": 7, "max_temp": 28, "target_temp_step": 0.5}, "temperature", (7, 28, 0.5)),
    ("climate", {"min_temp": 7, "max_temp": 35}, "temperature", (7, 35, None)),
    ("climate", {"min_temp": 28, "max_temp": 7}, "temperature", None),
    ("climate", {"min_temp": "low", "max_temp": 35}, "temperature", None),
    ("climate", {"min_temp": 7, "max_temp": 28, "target_temp_step": 0}, "temperature", (7, 28, None)),
    (
        "light",
        {"min_color_temp_kelvin": 2202, "max_color_temp_kelvin": 4000},
        "color_temp",
        (2200, 4000, None),
    ),
    ("light", {"min_mireds": 250, "max_mireds": 454}, "color_temp", (2200, 4000, None)),
    ("light", {"min_color_temp_kelvin": 4000, "max_color_temp_kelvin": 2000}, "color_temp", None),
    ("light", {"min_color_temp_kelvin": None, "max_color_temp_kelvin": None}, "color_temp", None),
    ("fan", {"percentage_step": 33.333333333333336}, "percentage", (0, 100, 33.333333333333336)),
    ("fan", {"percentage_step": 1.0}, "percentage", None),
    ("cover", {"current_position": 50}, "position", None),
]


@pytest.mark.parametrize(("domain", "attributes", "key", "values"), HOME_ASSISTANT)
def test_attributes_name_the_values_that_a_device_takes(
    domain: str, attributes: dict[str, Any], key: str, values: tuple[float, float, float | None] | None
) -> None:
    ranges = device_from(f"{domain}.x", attributes).ranges
    assert ranges == ({} if values is None else {key: Range(*values)})


ZIGBEE = [
    ("climate", "occupied_heating_setpoint", (5, 30, 0.5), "temperature", (5, 30, 0.5)),
    ("climate", "occupied_heating_setpoint", (30, 5, 0.5), "temperature", None),
    ("light", "color_temp", (250, 454, None), "color_temp", (2200, 4000, None)),
    ("light", "color_temp", (0, 454, None), "color_temp", None),
    ("light", "color_temp", ("a", "b", "c"), "color_temp", None),
]


def zigbee(kind: str, name: str, low: Any, high: Any, step: Any) -> Any:
    limits = {"value_min": low, "value_max": high, "value_step": step}
    features = [{"name": "state", "access": 7}, {"name": name, "access": 7, **limits}]
    row = {
        "friendly_name": "x", "ieee_address": "0x1",
        "definition": {"exposes": [{"type": kind, "features": features}]},
    }  # fmt: skip
    (found,), _ = zigbee2mqtt.entities_from(json.dumps([row]).encode(), "zigbee2mqtt")
    return found


@pytest.mark.parametrize(("kind", "name", "limits", "key", "values"), ZIGBEE)
def test_zigbee2mqtt_names_the_values_that_a_device_takes(
    kind: str, name: str, limits: tuple[Any, Any, Any], key: str, values: tuple[float, float, float] | None
) -> None:
    ranges = zigbee(kind, name, *limits).device.ranges
    assert ranges == ({} if values is None else {key: Range(*values)})


def test_a_zigbee_light_gets_no_mireds_beyond_its_own() -> None:
    (_, payload) = sent(zigbee("light", "color_temp", 250, 454, None), Command.SET_COLOR_TEMPERATURE, 2200)[0]
    assert json.loads(payload)["color_temp"] == 454


def heating(**config: Any) -> Any:
    return house(("climate/x", {**CLIMATE, "uniq_id": "x", "name": "Heating", **config}))


@pytest.mark.parametrize("value", [29, 5, 28.1, -3, 6.99])
def test_what_a_device_does_not_take_is_not_published(value: float) -> None:
    with pytest.raises(HubRefused, match="the Heating takes values from 7 to 28"):
        heating(min_temp=7, max_temp=28).messages(Action("climate.x", Command.SET_TEMPERATURE, value))


@pytest.mark.parametrize(("value", "payload"), [(7, "7"), (28, "28"), (20.2, "20"), (20.3, "20.5")])
def test_a_temperature_is_published_on_a_step_of_the_device(value: float, payload: str) -> None:
    made = heating(min_temp=7, max_temp=28, temp_step=0.5)
    assert made.messages(Action("climate.x", Command.SET_TEMPERATURE, value))[0].payload == payload


@pytest.mark.parametrize(
    ("component", "config", "command", "value", "payloads"),
    [
        ("light", {**LIGHT, "max_mirs": 370}, Command.SET_COLOR_TEMPERATURE, 2700, ["370", "ON"]),
        ("light", {**LIGHT, "max_mirs": 454}, Command.SET_COLOR_TEMPERATURE, 2200, ["454", "ON"]),
        ("light", {"cmd_t": "l", "bri_cmd_t": "b", "bri_scl": 10}, Command.SET_BRIGHTNESS, 1, ["1", "ON"]),
        ("light", {"cmd_t": "l", "bri_cmd_t": "b", "bri_scl": 10}, Command.SET_BRIGHTNESS, 100, ["10", "ON"]),
        ("light", {"cmd_t": "l", "bri_cmd_t": "b"}, Command.SET_BRIGHTNESS, 0, ["OFF"]),
        (
            "light",
            {"cmd_t": "l", "bri_cmd_t": "b", "on_cmd_type": "first"},
            Command.SET_BRIGHTNESS,
            100,
            ["ON", "255"],
        ),
        ("fan", {**FAN, "spd_rng_max": 3}, Command.SET_SPEED, 1, ["1"]),
        ("fan", {**FAN, "spd_rng_max": 3}, Command.SET_SPEED, 67, ["2"]),
        ("fan", {**FAN, "spd_rng_max": 3}, Command.SET_SPEED, 100, ["3"]),
        ("fan", {**FAN, "spd_rng_max": 3}, Command.SET_SPEED, 0, ["OFF"]),
        ("fan", {**FAN, "spd_rng_min": 2, "spd_rng_max": 6}, Command.SET_SPEED, 20, ["2"]),
        ("cover", {**COVER, "pos_open": 0, "pos_clsd": 4}, Command.SET_POSITION, 75, ["1"]),
    ],
)
def test_a_command_is_a_value_of_the_device(
    component: str, config: dict[str, Any], command: Command, value: float, payloads: list[str]
) -> None:
    made = house((f"{component}/x", {**config, "uniq_id": "x"}))
    messages = made.messages(Action(f"{component}.x", command, value))
    assert [message.payload for message in messages] == payloads


@given(st.integers(1, 500), st.integers(1, 300), st.integers(0, 100))
def test_no_speed_is_outside_of_the_range_of_a_fan(low: int, more: int, percent: int) -> None:
    fan = entity("fan", **FAN, spd_rng_min=low, spd_rng_max=low + more)
    (_, payload) = sent(fan, Command.SET_SPEED, percent)[0]
    assert (payload == "OFF") == (percent == 0)
    assert payload == "OFF" or low <= int(payload) <= low + more


@given(st.integers(100, 300), st.integers(0, 300), st.floats(0, 1))
def test_no_colour_temperature_is_outside_of_the_mireds_of_a_light(cold: int, more: int, at: float) -> None:
    lamp = entity("light", **LIGHT, min_mirs=cold, max_mirs=cold + more)
    limit = lamp.device.ranges["color_temp"]
    value = limit.minimum + at * (limit.maximum - limit.minimum)
    (_, payload) = sent(lamp, Command.SET_COLOR_TEMPERATURE, value)[0]
    assert cold <= int(payload) <= cold + more


@given(st.sampled_from([22, 24, 27, 30, 40, 50, 65]).map(lambda hundreds: hundreds * 100))
def test_the_kelvin_on_a_package_is_within_its_mireds(kelvin: int) -> None:
    mireds = 1_000_000 // kelvin
    assert kelvin in kelvins(1_000_000 / mireds, 6536)


@pytest.mark.parametrize(
    ("home", "unit", "value", "payload", "limit"),
    [
        ("celsius", "F", 20, "68", Range(7.2, 35)),
        ("fahrenheit", "C", 68, "20", Range(45, 95)),
        ("celsius", "C", 20, "20", Range(7, 35)),
        ("fahrenheit", "F", 68, "68", Range(45, 95)),
    ],
)
def test_a_heating_in_another_unit_than_the_home(
    home: str, unit: str, value: float, payload: str, limit: Range
) -> None:
    low, high = (7, 35) if unit == "C" else (45, 95)
    config = {**CLIMATE, "temp_unit": unit, "min_temp": low, "max_temp": high}
    (found,), _ = described("climate", config, home)
    assert sent(found, Command.SET_TEMPERATURE, value) == [("t/set", payload)]
    kept = found.device.ranges["temperature"]
    assert kept.minimum == pytest.approx(limit.minimum, abs=0.5)
    assert kept.maximum == pytest.approx(limit.maximum, abs=0.5)


def test_a_heating_in_another_unit_is_read_in_that_of_the_home() -> None:
    made = house(("climate/x", {**CLIMATE, "uniq_id": "x", "temp_unit": "F"}))
    made.take("t", b"68")
    assert made.states().states["climate.x"].target_temperature == 20


@pytest.mark.parametrize(
    ("home", "unit", "value", "payload", "limit"),
    [
        ("celsius", "°C", 20, 20, Range(5, 30)),
        ("fahrenheit", "°C", 68, 20, Range(41, 86)),
        ("fahrenheit", "°F", 68, 68, Range(5, 30)),
        ("fahrenheit", None, 68, 68, Range(5, 30)),
    ],
)
def test_a_zigbee_heating_in_another_unit_than_the_home(
    home: str, unit: str | None, value: float, payload: float, limit: Range
) -> None:
    target = {"name": "occupied_heating_setpoint", "access": 7, "value_min": 5, "value_max": 30, "unit": unit}
    row = {
        "friendly_name": "x", "ieee_address": "0x1",
        "definition": {"exposes": [{"type": "climate", "features": [target]}]},
    }  # fmt: skip
    (found,), _ = zigbee2mqtt.entities_from(json.dumps([row]).encode(), "zigbee2mqtt", home)
    assert json.loads(sent(found, Command.SET_TEMPERATURE, value)[0][1]) == {
        "occupied_heating_setpoint": payload
    }
    assert found.device.ranges == {"temperature": limit}
    state = told(found, "zigbee2mqtt/x", json.dumps({"occupied_heating_setpoint": payload}))
    assert state.target_temperature == value


def device(**ranges: Range) -> Device:
    return Device("x", "Lamp", Domain.LIGHT, ranges=ranges)


@pytest.mark.parametrize(
    ("command", "value"),
    [
        (Command.SET_BRIGHTNESS, 101),
        (Command.SET_BRIGHTNESS, -1),
        (Command.SET_POSITION, 101),
        (Command.SET_SPEED, 200),
    ],
)
def test_no_percentage_is_above_a_hundred(command: Command, value: float) -> None:
    with pytest.raises(HubRefused):
        within(device(), Action("x", command, value))


@pytest.mark.parametrize(
    "action",
    [
        Action("x", Command.TURN_ON),
        Action("x", Command.SET_COLOR, "red"),
        Action("x", Command.SET_TEMPERATURE, 55),
        Action("x", Command.SET_BRIGHTNESS, 33),
        Action("x", Command.SET_BRIGHTNESS, "bright"),
    ],
)
def test_what_has_no_range_stays_as_it_is(action: Action) -> None:
    assert within(device(brightness=Range(0, 100, 10)), action) == action


@pytest.mark.parametrize("command", [Command.SET_BRIGHTNESS, Command.SET_SPEED])
def test_zero_turns_off_whatever_the_lowest_value_is(command: Command) -> None:
    limits = {"brightness": Range(10, 100), "percentage": Range(10, 100)}
    assert within(device(**limits), Action("x", command, 0)).value == 0


def test_every_range_that_is_read_has_a_name_of_the_model() -> None:
    keys = {key for _, _, key, _ in (*MQTT, *HOME_ASSISTANT)}
    assert keys <= set(RANGED)
