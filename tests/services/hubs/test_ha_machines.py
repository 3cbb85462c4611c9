"""Vacuums, lawn mowers, valves, humidifiers, water heaters, sirens and alarm panels of Home Assistant."""

from __future__ import annotations

from typing import Any

import pytest

from assistant.home.executor import Action, Command
from assistant.home.model import DeviceState, Domain, Feature, Range
from services.hubs.homeassistant.entities import device_from, state_from
from services.hubs.homeassistant.services import ServiceCall, calls_for


@pytest.mark.parametrize(
    ("entity", "told", "domain", "features"),
    [
        (
            "vacuum.rosie",
            {"supported_features": 4 | 8 | 16 | 8192},
            Domain.VACUUM,
            {Feature.PAUSE, Feature.STOP, Feature.DOCK, Feature.START},
        ),
        ("vacuum.eve", {"supported_features": 16384}, Domain.VACUUM, {Feature.CLEAN_AREA}),
        ("lawn_mower.x", {"supported_features": 5}, Domain.LAWN_MOWER, {Feature.START, Feature.DOCK}),
        ("valve.x", {"supported_features": 7}, Domain.VALVE, {Feature.POSITION}),
        ("cover.x", {"supported_features": 11}, Domain.COVER, {Feature.STOP}),
        ("humidifier.x", {"supported_features": 1}, Domain.HUMIDIFIER, {Feature.MODE}),
        ("water_heater.x", {"supported_features": 11}, Domain.WATER_HEATER, {Feature.MODE, Feature.POWER}),
        ("siren.x", {"supported_features": "many"}, Domain.SIREN, set()),
        (
            "alarm_control_panel.x",
            {"supported_features": 3, "code_format": "number", "code_arm_required": False},
            Domain.ALARM_PANEL,
            {Feature.ARM_HOME, Feature.ARM_AWAY, Feature.DISARM},
        ),
        (
            "alarm_control_panel.x",
            {"supported_features": 4, "code_format": "text", "code_arm_required": True},
            Domain.ALARM_PANEL,
            {Feature.ARM_NIGHT, Feature.DISARM, Feature.CODE},
        ),
        (
            "alarm_control_panel.open",
            {"supported_features": 2, "code_format": None},
            Domain.ALARM_PANEL,
            {Feature.ARM_AWAY},
        ),
    ],
)
def test_what_an_entity_can_do_is_told_by_its_bits(
    entity: str, told: dict[str, Any], domain: Domain, features: set[Feature]
) -> None:
    device = device_from(entity, told)
    assert device.domain is domain
    assert device.features == features


@pytest.mark.parametrize(
    ("entity", "state", "told", "expected"),
    [
        ("vacuum.x", "cleaning", {}, DeviceState(activity="cleaning")),
        ("lawn_mower.x", "docked", {}, DeviceState(activity="docked")),
        ("valve.x", "open", {"current_position": 30}, DeviceState(position=30)),
        ("valve.x", "closed", {}, DeviceState(position=0)),
        (
            "humidifier.x",
            "on",
            {"humidity": 50, "current_humidity": 44, "mode": "eco"},
            DeviceState(on=True, target_humidity=50, current_humidity=44, mode="eco"),
        ),
        ("humidifier.x", "off", {"humidity": "wet"}, DeviceState(on=False)),
        (
            "water_heater.x",
            "eco",
            {"temperature": 55, "current_temperature": 50.5, "operation_mode": "eco"},
            DeviceState(on=True, mode="eco", target_temperature=55, current_temperature=50.5),
        ),
        ("siren.x", "off", {}, DeviceState(on=False)),
        ("alarm_control_panel.x", "armed_away", {}, DeviceState(activity="armed_away")),
        ("alarm_control_panel.x", "unknown", {}, DeviceState()),
    ],
)
def test_a_state_is_ours(entity: str, state: str, told: dict[str, Any], expected: DeviceState) -> None:
    assert state_from(device_from(entity, told), state, told) == expected


def test_bounds_are_taken() -> None:
    assert device_from("humidifier.x", {"min_humidity": 30, "max_humidity": 70}).ranges == {
        "humidity": Range(30, 70)
    }
    assert device_from("water_heater.x", {"min_temp": 30, "max_temp": 65}).ranges == {
        "temperature": Range(30, 65)
    }
    assert device_from("humidifier.x", {"min_humidity": 70, "max_humidity": 30}).ranges == {}


@pytest.mark.parametrize(
    ("action", "service", "data"),
    [
        (Action("vacuum.x", Command.START), "start", {}),
        (Action("vacuum.x", Command.PAUSE), "pause", {}),
        (Action("vacuum.x", Command.STOP), "stop", {}),
        (Action("vacuum.x", Command.DOCK), "return_to_base", {}),
        (Action("vacuum.x", Command.CLEAN_AREA, "kitchen"), "clean_area", {"cleaning_area_id": ["kitchen"]}),
        (Action("lawn_mower.x", Command.START), "start_mowing", {}),
        (Action("lawn_mower.x", Command.DOCK), "dock", {}),
        (Action("valve.x", Command.OPEN), "open_valve", {}),
        (Action("valve.x", Command.SET_POSITION, 40.0), "set_valve_position", {"position": 40}),
        (Action("cover.x", Command.CLOSE), "close_cover", {}),
        (Action("cover.x", Command.STOP), "stop_cover", {}),
        (Action("humidifier.x", Command.SET_HUMIDITY, 45), "set_humidity", {"humidity": 45}),
        (Action("humidifier.x", Command.SET_MODE, "sleep"), "set_mode", {"mode": "sleep"}),
        (Action("water_heater.x", Command.SET_MODE, "eco"), "set_operation_mode", {"operation_mode": "eco"}),
        (Action("alarm_control_panel.x", Command.ARM_AWAY), "alarm_arm_away", {}),
        (Action("alarm_control_panel.x", Command.DISARM, "4711"), "alarm_disarm", {"code": "4711"}),
    ],
)
def test_a_command_is_a_service(action: Action, service: str, data: dict[str, Any]) -> None:
    domain = action.device_id.partition(".")[0]
    assert calls_for(action) == (ServiceCall(domain, service, action.device_id, data),)
