from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.home.executor import Action, Command
from assistant.home.model import Device, DeviceState, Domain, Feature, state_problem
from services.hubs.homeassistant.entities import device_from, state_from
from services.hubs.homeassistant.kinds import KINDS
from services.hubs.homeassistant.registries import Registries, exposed_ids, home_from, rows
from services.hubs.homeassistant.services import calls_for
from services.hubs.homeassistant.states import States

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=10,
)
keys = st.sampled_from(
    ["friendly_name", "brightness", "supported_color_modes", "supported_features", "hs_color", "color_mode",
     "color_temp_kelvin", "current_position", "percentage", "temperature", "current_temperature",
     "device_class", "unit_of_measurement", "volume_level", "is_volume_muted", "media_title", "media_artist"]
)  # fmt: skip
attributes = st.dictionaries(keys, json_values, max_size=8)
entity_ids = st.sampled_from([f"{domain}.x" for domain in KINDS])


@given(entity_ids, attributes, st.text(max_size=10) | st.sampled_from(["on", "off", "open", "21.5", "nan"]))
def test_whatever_a_state_holds_ours_is_a_good_one(entity_id: str, told: dict[str, Any], state: str) -> None:
    known = state_from(device_from(entity_id, told), state, told)
    for name, value in vars(known or DeviceState()).items():
        assert value is None or state_problem(name, value) is None


@given(
    st.dictionaries(st.sampled_from(["a", "c", "r"]), json_values | st.dictionaries(entity_ids, json_values))
)
def test_whatever_an_event_holds_states_are_kept(event: dict[str, Any]) -> None:
    states = States()
    states.take({"a": {"light.x": {"s": "on", "a": {}}}}, ["light.x"])
    states.take(event, ["light.x"])
    assert states.state("light.x") is None or isinstance(states.state("light.x"), str)


@given(json_values, json_values, json_values)
def test_whatever_registries_hold_a_home_comes_of_them(first: Any, second: Any, third: Any) -> None:
    told = Registries({"unit_system": first}, rows(first), rows(second), rows(third), {}, exposed_ids(first))
    home_from(told, {}, "kitchen")


def light(*modes: str, **more: Any) -> tuple[Device, dict[str, Any]]:
    told = {"friendly_name": "Lamp", "supported_color_modes": list(modes), **more}
    return device_from("light.lamp", told), told


@pytest.mark.parametrize(
    ("modes", "features"),
    [
        (["onoff"], set()),
        (["brightness"], {Feature.BRIGHTNESS}),
        (["color_temp"], {Feature.BRIGHTNESS, Feature.COLOR_TEMPERATURE}),
        (["xy"], {Feature.BRIGHTNESS, Feature.COLOR}),
    ],
)
def test_what_a_light_can_do_is_told_by_its_color_modes(modes: list[str], features: set[Feature]) -> None:
    assert light(*modes)[0].features == features


@pytest.mark.parametrize(("level", "percent"), [(255, 100), (128, 50), (1, 1), (0, 0), (300, None)])
def test_brightness_is_told_in_percent(level: int, percent: int | None) -> None:
    device, told = light("brightness", brightness=level)
    state = state_from(device, "on", told)
    assert state is not None
    assert state.brightness == percent


def test_an_entity_that_is_unavailable_is_not_reached() -> None:
    device, told = light("onoff")
    assert state_from(device, "unavailable", told) is None
    assert state_from(device, "unknown", told) == DeviceState()


def test_a_sensor_with_two_states_says_what_people_say() -> None:
    told = {"friendly_name": "Back Door", "device_class": "door"}
    device = device_from("binary_sensor.back", told)
    assert device.domain is Domain.BINARY_SENSOR
    assert state_from(device, "on", told) == DeviceState(value="open")


@pytest.mark.parametrize(
    ("command", "value", "service", "data"),
    [
        (Command.SET_BRIGHTNESS, 40.0, "turn_on", {"brightness_pct": 40}),
        (Command.SET_COLOR, "red", "turn_on", {"color_name": "red"}),
        (Command.SET_COLOR_TEMPERATURE, 2700, "turn_on", {"color_temp_kelvin": 2700}),
        (Command.TURN_OFF, None, "turn_off", {}),
    ],
)
def test_a_command_to_a_light_is_a_service(
    command: Command, value: float | str | None, service: str, data: dict[str, float | str]
) -> None:
    (call,) = calls_for(Action("light.lamp", command, value))
    assert (call.domain, call.service, call.data) == ("light", service, data)


@pytest.mark.parametrize("command", Command)
def test_every_command_has_a_service(command: Command) -> None:
    assert calls_for(Action("fan.x", command, 1))


REGISTRIES = Registries(
    config={"location_name": "My House", "unit_system": {"temperature": "°F"}},
    floors=({"floor_id": "ground", "name": "Ground", "aliases": ["downstairs"]},),
    areas=({"area_id": "kitchen", "name": "Kitchen", "aliases": ["galley"], "floor_id": "ground"},),
    devices=({"id": "d1", "area_id": "kitchen"},),
    entities={"light.a": {"aliases": ["sunshine"], "device_id": "d1", "area_id": None}},
    exposed=("light.a", "camera.door", "light.gone"),
)


def test_areas_floors_aliases_and_units_come_from_the_registries() -> None:
    imported = home_from(REGISTRIES, {"light.a": {"friendly_name": "Lamp"}}, "KITCHEN")
    home = imported.home
    assert (home.unit, home.box_area, home.floors[0].aliases) == ("fahrenheit", "kitchen", ("downstairs",))
    assert home.devices[0] == Device("light.a", "Lamp", Domain.LIGHT, ("sunshine",), "kitchen")


def test_what_is_exposed_and_not_used_has_a_reason() -> None:
    imported = home_from(REGISTRIES, {"light.a": {"friendly_name": "Lamp"}}, "")
    assert [item.id for item in imported.skipped] == ["camera.door", "light.gone"]


def test_only_what_is_exposed_to_the_assistant_is_looked_at() -> None:
    told = {"light.a": {"conversation": True}, "light.b": {"cloud.alexa": True}, "light.c": {}}
    assert exposed_ids({"exposed_entities": told}) == ("light.a",)


def test_ids_that_could_not_be_told_are_passed_over() -> None:
    told = {"light.a": {"conversation": True}, "light.\ud800": {"conversation": True}}
    assert exposed_ids({"exposed_entities": told}) == ("light.a",)
    areas = ({"area_id": "kitchen", "name": "Kitchen"}, {"area_id": "\udfff", "name": "Attic"})
    home = home_from(Registries(areas=areas), {}, "").home
    assert [area.id for area in home.areas] == ["kitchen"]
