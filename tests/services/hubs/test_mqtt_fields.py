"""One field of discovery that is not understood costs its part alone."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.home.executor import Command
from assistant.home.model import Feature
from services.hubs.mqtt.entity import Entity
from tests.services.hubs.discovered import described, entity, house, sent, told

#: A template that does more than pick a value.
PROGRAM = "{{ value_json.Color.split(',')[0:3] | join(',') }}"
BASIC: dict[str, Any] = {
    "cmd_t": "l/set", "stat_t": "l", "bri_cmd_t": "l/b/set", "bri_stat_t": "l/b", "rgb_cmd_t": "l/rgb/set",
    "rgb_stat_t": "l/rgb", "clr_temp_cmd_t": "l/ct/set", "clr_temp_stat_t": "l/ct", "min_mirs": 153,
    "max_mirs": 370,
}  # fmt: skip
JSON: dict[str, Any] = {
    "schema": "json", "cmd_t": "l/set", "stat_t": "l", "brightness": True, "sup_clrm": ["color_temp", "rgb"],
}  # fmt: skip
SWITCH = {"cmd_t": "l/set", "stat_t": "l"}
COVER = {"cmd_t": "l/set", "stat_t": "l", "set_pos_t": "l/p/set", "pos_t": "l/p"}
FAN = {"cmd_t": "l/set", "stat_t": "l", "pct_cmd_t": "l/p/set", "pct_stat_t": "l/p"}
CLIMATE: dict[str, Any] = {
    "mode_cmd_t": "l/m/set", "mode_stat_t": "l/m", "modes": ["off", "heat"], "temp_cmd_t": "l/set",
    "temp_stat_t": "l", "curr_temp_t": "l/c", "min_temp": 7, "max_temp": 28,
}  # fmt: skip
LOCK = {"cmd_t": "l/set", "stat_t": "l"}
SENSOR = {"stat_t": "l", "unit_of_meas": "%", "dev_cla": "humidity"}
WATCHER = {"stat_t": "l", "dev_cla": "door"}
ON_OFF = {Command.TURN_ON, Command.TURN_OFF}
COVERS = {Command.OPEN, Command.CLOSE}

CASES: list[tuple[str, dict[str, Any], dict[str, Any], set[Command], str]] = [
    # component, what is sound, what is not, what works still, what is told
    ("light", BASIC, {"rgb_val_tpl": PROGRAM}, {*ON_OFF, Command.SET_BRIGHTNESS}, "colour: rgb_value"),
    ("light", BASIC, {"rgb_cmd_tpl": "{{ red }}"}, {*ON_OFF, Command.SET_BRIGHTNESS}, "colour: rgb_command"),
    ("light", BASIC, {"rgb_cmd_t": "a/#"}, {*ON_OFF, Command.SET_BRIGHTNESS}, "colour: rgb_command_topic"),
    ("light", BASIC, {"bri_val_tpl": PROGRAM}, {*ON_OFF, Command.SET_COLOR}, "brightness: brightness_value"),
    ("light", BASIC, {"bri_cmd_tpl": "{% x %}"}, {*ON_OFF, Command.SET_COLOR}, "brightness: "),
    ("light", BASIC, {"bri_scl": "bright"}, {*ON_OFF, Command.SET_COLOR}, "brightness: brightness_scale"),
    ("light", BASIC, {"bri_scl": 0}, {*ON_OFF, Command.SET_COLOR}, "brightness: brightness_scale"),
    ("light", BASIC, {"on_cmd_type": "soon"}, {*ON_OFF, Command.SET_COLOR}, "brightness: on_command_type"),
    ("light", BASIC, {"clr_temp_val_tpl": PROGRAM}, {*ON_OFF, Command.SET_COLOR}, "colour temperature: "),
    ("light", BASIC, {"clr_temp_k": "maybe"}, {*ON_OFF, Command.SET_COLOR}, "colour temperature: "),
    ("light", BASIC, {"max_mirs": "warm"}, {*ON_OFF, Command.SET_COLOR_TEMPERATURE}, "range of colour temp"),
    ("light", BASIC, {"min_mirs": 400}, {*ON_OFF, Command.SET_COLOR_TEMPERATURE}, "range of colour temp"),
    ("light", BASIC, {"stat_val_tpl": PROGRAM}, {*ON_OFF, Command.SET_COLOR}, "whether it is on: "),
    ("light", BASIC, {"stat_t": "a/+"}, {*ON_OFF, Command.SET_COLOR}, "whether it is on: state_topic"),
    ("light", BASIC, {"pl_on": ["ON"]}, {Command.TURN_OFF, Command.SET_BRIGHTNESS}, "turn on: payload_on"),
    ("light", BASIC, {"cmd_t": ["a"]}, {Command.SET_BRIGHTNESS, Command.SET_COLOR}, "on and off: command"),
    ("light", JSON, {"sup_clrm": ["rgb", "smell"]}, {*ON_OFF, Command.SET_COLOR}, "'smell'"),
    ("light", JSON, {"sup_clrm": 7}, {*ON_OFF, Command.SET_BRIGHTNESS}, "colour modes: "),
    ("light", JSON, {"bri_scl": "x"}, {*ON_OFF, Command.SET_COLOR}, "brightness: brightness_scale"),
    ("light", JSON, {"clr_temp_k": "maybe"}, {*ON_OFF, Command.SET_COLOR}, "colour temperature: "),
    ("switch", SWITCH, {"val_tpl": PROGRAM}, ON_OFF, "whether it is on: value_template"),
    ("switch", SWITCH, {"stat_on": {"a": 1}}, ON_OFF, "whether it is on: state_on"),
    ("cover", COVER, {"set_pos_tpl": "{% x %}"}, COVERS, "position: "),
    ("cover", COVER, {"pos_open": "up"}, COVERS, "position: position_open"),
    ("cover", COVER, {"pos_open": 0}, COVERS, "position: position_open"),
    ("cover", COVER, {"pos_tpl": PROGRAM}, COVERS, "position: position_template"),
    ("cover", {"set_pos_t": "p", "pos_t": "q"}, {"pos_tpl": PROGRAM}, COVERS, "position: position_template"),
    ("cover", COVER, {"pl_open": []}, {Command.CLOSE, Command.SET_POSITION}, "open: payload_open"),
    ("fan", FAN, {"pct_val_tpl": PROGRAM}, ON_OFF, "speed: percentage_value_template"),
    ("fan", FAN, {"spd_rng_max": "fast"}, ON_OFF, "speed: speed_range_max"),
    ("fan", FAN, {"spd_rng_min": 9, "spd_rng_max": 3}, ON_OFF, "speed: speed_range_min"),
    ("climate", CLIMATE, {"modes": 7}, {Command.SET_TEMPERATURE}, "on and off: modes"),
    ("climate", CLIMATE, {"mode_cmd_tpl": "{% x %}"}, {Command.SET_TEMPERATURE}, "on and off: "),
    ("climate", CLIMATE, {"temp_stat_tpl": PROGRAM}, {*ON_OFF, Command.SET_TEMPERATURE}, "what it is set to"),
    ("climate", CLIMATE, {"curr_temp_t": "#"}, {*ON_OFF, Command.SET_TEMPERATURE}, "what it measures: "),
    ("climate", CLIMATE, {"max_temp": 5}, {*ON_OFF, Command.SET_TEMPERATURE}, "range of temperature: "),
    ("climate", CLIMATE, {"temp_unit": "K"}, ON_OFF, "setting the temperature: temperature_unit"),
    ("lock", LOCK, {"val_tpl": PROGRAM}, {Command.LOCK, Command.UNLOCK}, "whether it is locked: "),
    ("sensor", SENSOR, {"exp_aft": "soon"}, set(), "expiry: expire_after"),
    ("sensor", SENSOR, {"unit_of_meas": ["%"]}, set(), "unit of measurement: "),
    ("sensor", SENSOR, {"dev_cla": {}}, set(), "device class: "),
    ("binary_sensor", WATCHER, {"pl_on": []}, set(), "open: payload_on"),
    ("binary_sensor", WATCHER, {"off_dly": "later"}, set(), "off delay: off_delay"),
    ("switch", SWITCH, {"avty_t": "up", "avty_tpl": PROGRAM}, ON_OFF, "availability: availability_template"),
    ("switch", SWITCH, {"avty": [{"t": "a/#"}]}, ON_OFF, "availability: topic"),
    ("switch", SWITCH, {"avty_mode": "most"}, ON_OFF, "availability mode: "),
    ("switch", SWITCH, {"dev": "plug"}, ON_OFF, "device: "),
    ("switch", SWITCH, {"dev": {"ids": "x", "sa": ["Attic"]}}, ON_OFF, "suggested area: "),
    ("switch", SWITCH, {"name": ["plug"]}, ON_OFF, "name: "),
]  # fmt: skip


@pytest.mark.parametrize(("component", "sound", "bad", "works", "reason"), CASES)
def test_a_field_that_is_not_understood_costs_its_part_alone(
    component: str, sound: dict[str, Any], bad: dict[str, Any], works: set[Command], reason: str
) -> None:
    (whole,), none = described(component, {**sound, "uniq_id": "x"})
    (found,), skipped = described(component, {**sound, "uniq_id": "x", **bad})
    assert not none
    assert {item.id for item in skipped} == {f"{component}.x"}
    assert any(reason in item.reason for item in skipped)
    assert works <= found.writes.keys()
    for command in works - {Command.OPEN, Command.CLOSE}:
        value: float | str = "red" if command is Command.SET_COLOR else 20.0
        if command is Command.SET_COLOR_TEMPERATURE:
            value = 4000
        if "cmd_t" not in bad and "pl_on" not in bad:
            assert sent(found, command, value) == sent(whole, command, value)


def test_what_is_missing_is_missing() -> None:
    (lamp,), _ = described("light", {**BASIC, "rgb_val_tpl": PROGRAM})
    assert lamp.device.features == {Feature.BRIGHTNESS, Feature.COLOR_TEMPERATURE}
    assert Command.SET_COLOR not in lamp.writes


def test_a_colour_that_can_be_set_in_one_way_of_two_is_not_missing() -> None:
    lamp = entity("light", **BASIC, hs_cmd_t="l/hs/set", hs_val_tpl="{{ x }}", hs_stat_t="l/hs")
    assert sent(lamp, Command.SET_COLOR, "red")[0] == ("l/rgb/set", "255,0,0")


junk = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.just(PROGRAM)
    | st.lists(st.text(max_size=5), max_size=3)
    | st.dictionaries(st.text(max_size=5), st.integers(), max_size=2)
)  # fmt: skip
EXTRAS = {
    "light": ["rgb_val_tpl", "rgb_cmd_tpl", "rgb_cmd_t", "rgb_stat_t", "bri_val_tpl", "bri_scl", "bri_cmd_t",
              "bri_stat_t", "clr_temp_cmd_t", "clr_temp_k", "min_mirs", "max_mirs", "min_k", "max_k",
              "hs_cmd_t", "xy_cmd_t", "on_cmd_type", "stat_t", "stat_val_tpl", "val_tpl", "fx_list"],
    "cover": ["pos_t", "pos_tpl", "set_pos_t", "set_pos_tpl", "pos_open", "pos_clsd", "stat_t", "stat_open"],
    "fan": ["pct_cmd_t", "pct_stat_t", "pct_val_tpl", "pct_cmd_tpl", "spd_rng_min", "spd_rng_max", "stat_t"],
    "climate": ["min_temp", "max_temp", "temp_step", "temp_cmd_t", "temp_stat_t", "temp_stat_tpl",
                "curr_temp_t", "temp_cmd_tpl"],
    "lock": ["stat_t", "val_tpl", "stat_locked"],
    "switch": ["stat_t", "val_tpl", "stat_on"],
}  # fmt: skip
COMMON = ["name", "dev", "dev_cla", "avty", "avty_t", "avty_tpl", "avty_mode", "o", "qos", "ret", "ic"]
BASES: dict[str, dict[str, Any]] = {
    "light": BASIC,
    "cover": COVER,
    "fan": FAN,
    "climate": CLIMATE,
    "lock": LOCK,
    "switch": SWITCH,
}
SURE = {"light": ON_OFF, "cover": COVERS, "lock": {Command.LOCK, Command.UNLOCK}}


@given(st.data(), st.sampled_from(sorted(BASES)), junk)
def test_no_field_takes_a_whole_device_with_it(data: st.DataObject, component: str, value: Any) -> None:
    key = data.draw(st.sampled_from(EXTRAS[component] + COMMON))
    (whole,), _ = described(component, {**BASES[component], "uniq_id": "x"})
    found, _ = described(component, {**BASES[component], "uniq_id": "x", key: value})
    assert len(found) == 1
    for command in SURE.get(component, ON_OFF):
        assert sent(found[0], command) == sent(whole, command)


DEVICE = {"dev": {"ids": "d", "name": "Bench"}, "stat_t": "d"}
GOOD = {"p": "switch", "cmd_t": "d/set", "name": "Plug"}


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (None, "no table"),
        ("sensor", "no table"),
        ([], "no table"),
        ({"p": "radio", "name": "x"}, "'radio' is none of"),
        ({"name": "x"}, "'' is none of"),
        ({"p": 5, "name": "x"}, "'5' is none of"),
        ({"p": "sensor", "val_tpl": PROGRAM}, "value_template"),
        ({"p": "sensor", "stat_t": "a/#"}, "state_topic"),
        ({"p": "light", "schema": "strange", "cmd_t": "a"}, "schema"),
        ({"p": "switch", "cmd_tpl": "{% x %}", "cmd_t": "a", "val_tpl": PROGRAM}, "turn on: "),
        ({"p": "lock", "cmd_t": None, "stat_t": None}, "command_topic is missing"),
        ({"p": "climate", "name": "x"}, "it has no topic"),
    ],
)
def test_a_bad_component_leaves_the_others_of_its_device(bad: Any, reason: str) -> None:
    found, skipped = described("device", {**DEVICE, "cmps": {"a": bad, "b": GOOD}})
    assert [part.device.name for part in found] == ["Bench Plug"]
    assert any(reason in item.reason for item in skipped), skipped


def test_a_component_that_was_taken_back_is_nothing_to_tell() -> None:
    found, skipped = described("device", {**DEVICE, "cmps": {"a": {"p": "sensor"}, "b": GOOD}})
    assert (len(found), skipped) == (1, ())


@pytest.mark.parametrize("key", ["migr_discvry", "migrate_discovery"])
def test_what_moves_to_the_payload_of_its_device_is_nothing_to_tell(key: str) -> None:
    assert described("switch", {key: True}) == ((), ())


@pytest.mark.parametrize("components", [None, [GOOD], "switch", 5])
def test_components_that_are_no_table_are_told(components: Any) -> None:
    found, skipped = described("device", {**DEVICE, "cmps": components})
    assert (found, skipped[0].reason) == ((), "its components are no table")


def test_components_beyond_the_limit_are_told() -> None:
    rows = {f"c{number}": {**GOOD, "name": f"Plug {number}"} for number in range(51)}
    found, skipped = described("device", {**DEVICE, "cmps": rows})
    assert (len(found), [item.reason for item in skipped]) == (50, ["only 50 components are looked at"])


def test_what_is_left_out_is_part_of_the_home() -> None:
    lamp = {**BASIC, "name": "Strip", "uniq_id": "x", "rgb_val_tpl": PROGRAM}
    imported = house(("light/x", lamp)).imported()
    assert [device.name for device in imported.home.devices] == ["Strip"]
    assert [item.id for item in imported.skipped] == ["light.x"]


@pytest.mark.parametrize(
    ("on", "off", "commands"),
    [
        ("on", "off", ON_OFF),
        ('{"s": "on"}', '{"s": "off"}', ON_OFF),
        ("on{%- if brightness is defined -%},{{ brightness }}{%- endif -%}", "off", ON_OFF),
        ("on,{{ brightness }}", "off", {Command.TURN_OFF}),
        (["on"], "off", {Command.TURN_OFF}),
    ],
)
def test_a_light_of_templates_is_switched_as_far_as_they_are_plain(
    on: Any, off: str, commands: set[Command]
) -> None:
    config = {"schema": "template", "cmd_t": "s", "cmd_on_tpl": on, "cmd_off_tpl": off, "stat_t": "l"}
    (lamp,), _ = described("light", config)
    assert lamp.writes.keys() == commands
    assert told(lamp, "l", "on").on is True
    if Command.TURN_ON in commands:
        assert sent(lamp, Command.TURN_ON)[0][1] in ("on", '{"s": "on"}')


def only(component: str, **config: Any) -> Entity:
    (found,), _ = described(component, config)
    return found


def test_availability_may_be_one_table() -> None:
    plug = entity("switch", **{"~": "d", "cmd_t": "~/set", "avty": {"t": "~/up", "pl_avail": "yes"}})
    assert [(row.topic, row.online) for row in plug.availability] == [("d/up", "yes")]


def test_a_cover_that_only_opens() -> None:
    assert entity("cover", cmd_t="a", pl_cls=None).writes.keys() == {Command.OPEN}


def test_long_payloads_are_not_cut() -> None:
    assert Command.TURN_ON not in only("switch", cmd_t="a", stat_t="b", pl_on="x" * 2000).writes
