"""Vacuums, lawn mowers, valves, humidifiers, water heaters, sirens and alarm panels of a broker."""

from __future__ import annotations

import pytest

from assistant.home.executor import Command
from assistant.home.model import DeviceState, Domain, Feature, Range
from tests.services.hubs.discovered import described, entity, sent, told


def test_a_vacuum() -> None:
    vacuum = entity(
        "vacuum",
        name="Rosie",
        cmd_t="v/cmd",
        stat_t="v/state",
        sup_feat=["start", "pause", "stop", "return_home", "locate", "battery", "fan_speed"],
    )
    assert vacuum.device.domain is Domain.VACUUM
    assert sent(vacuum, Command.START) == [("v/cmd", "start")]
    assert sent(vacuum, Command.DOCK) == [("v/cmd", "return_to_base")]
    assert told(vacuum, "v/state", '{"state": "cleaning", "battery_level": 61}') == DeviceState(
        activity="cleaning"
    )
    assert told(vacuum, "v/state", "no JSON") == DeviceState()


def test_a_vacuum_that_does_not_say_what_it_can_do_has_the_usual() -> None:
    assert entity("vacuum", cmd_t="v/cmd").device.features == {Feature.START, Feature.STOP, Feature.DOCK}


def test_a_lawn_mower() -> None:
    mower = entity(
        "lawn_mower",
        name="Mower",
        strt_mw_cmd_t="m/start",
        dock_cmd_t="m/dock",
        dock_command_template='{"do": "{{ value }}"}',
        act_stat_t="m/activity",
    )
    assert mower.device.features == {Feature.START, Feature.DOCK}
    assert sent(mower, Command.START) == [("m/start", "start_mowing")]
    assert sent(mower, Command.DOCK) == [("m/dock", '{"do": "dock"}')]
    assert told(mower, "m/activity", "mowing") == DeviceState(activity="mowing")


def test_a_valve_that_only_opens_and_closes() -> None:
    valve = entity("valve", name="Water", cmd_t="w/set", stat_t="w/state", dev_cla="water")
    assert sent(valve, Command.CLOSE) == [("w/set", "CLOSE")]
    assert told(valve, "w/state", "open") == DeviceState(position=100)
    assert Command.SET_POSITION not in valve.writes


def test_a_valve_that_reports_where_it_is() -> None:
    valve = entity("valve", name="Water", cmd_t="w/set", stat_t="w/state", reports_position=True)
    assert sent(valve, Command.SET_POSITION, 40) == [("w/set", "40")]
    assert sent(valve, Command.OPEN) == [("w/set", "100")]
    assert told(valve, "w/state", "25") == DeviceState(position=25)


def test_a_humidifier() -> None:
    thing = entity(
        "humidifier",
        name="Humidifier",
        cmd_t="h/on",
        stat_t="h/on/state",
        hum_cmd_t="h/target",
        hum_stat_t="h/target/state",
        curr_hum_t="h/now",
        min_hum=30,
        max_hum=70,
        mode_cmd_t="h/mode",
        modes=["normal", "sleep"],
    )
    assert thing.device.ranges == {"humidity": Range(30, 70)}
    assert sent(thing, Command.SET_HUMIDITY, 45) == [("h/target", "45")]
    assert sent(thing, Command.SET_MODE, "sleep") == [("h/mode", "sleep")]
    assert told(thing, "h/now", "44") == DeviceState(current_humidity=44)
    with pytest.raises(ValueError, match="none of its words"):
        sent(thing, Command.SET_MODE, "party")


def test_a_water_heater() -> None:
    heater = entity(
        "water_heater",
        name="Boiler",
        temp_cmd_t="b/temp",
        temp_stat_t="b/temp/state",
        curr_temp_t="b/now",
        mode_cmd_t="b/mode",
        mode_stat_t="b/mode/state",
        modes=["off", "eco", "performance"],
        min_temp=30,
        max_temp=65,
    )
    assert heater.device.features == {Feature.POWER, Feature.MODE}
    assert sent(heater, Command.SET_TEMPERATURE, 55) == [("b/temp", "55")]
    assert sent(heater, Command.TURN_ON) == [("b/mode", "eco")]
    assert told(heater, "b/now", "53.5") == DeviceState(current_temperature=53.5)
    assert told(heater, "b/mode/state", "off") == DeviceState(on=False, mode="off")


def test_a_siren_gets_json_as_home_assistant_sends_it() -> None:
    siren = entity("siren", name="Siren", cmd_t="s/set", stat_t="s/state")
    assert sent(siren, Command.TURN_ON) == [("s/set", '{"state": "ON"}')]
    assert told(siren, "s/state", "OFF") == DeviceState(on=False)


def test_a_siren_with_a_template() -> None:
    siren = entity("siren", name="Siren", cmd_t="s/set", cmd_tpl="{{ value }}")
    assert sent(siren, Command.TURN_OFF) == [("s/set", "OFF")]


def test_a_panel_checks_its_code_here() -> None:
    panel = entity("alarm_control_panel", name="Alarm", cmd_t="a/set", stat_t="a/state", code="4711")
    assert {Feature.DISARM, Feature.CODE, Feature.ARM_AWAY} <= panel.device.features
    assert sent(panel, Command.DISARM, "4711") == [("a/set", "DISARM")]
    assert told(panel, "a/state", "armed_home") == DeviceState(activity="armed_home")
    for command in (Command.DISARM, Command.ARM_AWAY):
        with pytest.raises(ValueError, match="wrong"):
            sent(panel, command, "1234")
        with pytest.raises(ValueError, match="wrong"):
            sent(panel, command)


def test_a_panel_that_checks_its_code_itself_gets_it() -> None:
    panel = entity(
        "alarm_control_panel",
        name="Alarm",
        cmd_t="a/set",
        code="REMOTE_CODE",
        cmd_tpl='{"action": "{{ action }}", "code": "{{ code }}"}',
        cod_arm_req=False,
    )
    assert Feature.CODE not in panel.device.features
    assert sent(panel, Command.DISARM, "99") == [("a/set", '{"action": "DISARM", "code": "99"}')]
    assert sent(panel, Command.ARM_HOME) == [("a/set", '{"action": "ARM_HOME", "code": ""}')]


def test_a_panel_without_a_code_is_only_armed() -> None:
    panel = entity("alarm_control_panel", name="Alarm", cmd_t="a/set", sup_feat=["arm_away"])
    assert set(panel.writes) == {Command.ARM_AWAY}
    assert sent(panel, Command.ARM_AWAY) == [("a/set", "ARM_AWAY")]


def test_a_panel_that_would_not_get_its_code_is_left_out() -> None:
    found, skipped = described(
        "alarm_control_panel", {"name": "Alarm", "cmd_t": "a/set", "stat_t": "a/state", "code": "REMOTE_CODE"}
    )
    assert not found[0].writes
    assert "does not name the code" in skipped[0].reason
