from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.home.executor import Action, Command
from assistant.home.model import DeviceState, Domain, Feature, state_problem
from services.hubs.driver import HubRefused
from services.hubs.mqtt import discovery, zigbee2mqtt
from services.hubs.mqtt.components import COMPONENTS
from services.hubs.mqtt.entity import Entity, Message, is_topic
from services.hubs.mqtt.house import House
from services.hubs.mqtt.kind import MqttSettings
from services.hubs.mqtt.template import Payload
from tests.services.hubs.discovered import described, entity, sent, told

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=10,
)
config_keys = st.sampled_from(
    ["cmd_t", "stat_t", "val_tpl", "name", "dev", "avty", "schema", "brightness", "bri_cmd_t", "hs_cmd_t",
     "~", "set_pos_t", "pos_t", "modes", "temp_cmd_t", "pct_cmd_t", "cmps", "p", "uniq_id", "sup_clrm",
     "hum_cmd_t", "curr_hum_t", "mode_cmd_t", "act_stat_t", "sup_feat", "code", "reports_position"]
)  # fmt: skip
FEATURES = ["state", "brightness", "color_hs", "position", "occupied_heating_setpoint"]
plausible = st.sampled_from(["a/b", "~/c", "json", "{{ value_json.x }}", "{{ value }}", True, 0, -1])
configs = st.dictionaries(config_keys, plausible | json_values, max_size=12)
components = st.sampled_from([*COMPONENTS, "device", "radio"])


@given(components, configs, st.binary(max_size=30) | json_values.map(lambda v: json.dumps(v).encode()))
def test_whatever_a_device_says_of_itself_states_are_good_ones(
    component: str, config: dict[str, Any], payload: bytes
) -> None:
    topic = f"homeassistant/{component}/thing/config"
    found, _ = discovery.entities_from(topic, json.dumps(config).encode(), "homeassistant")
    for thing in found:
        assert all(is_topic(topic) for topic in thing.topics)
        for reading in thing.readings:
            for name, value in vars(reading.read(DeviceState(), Payload(payload))).items():
                assert value is None or state_problem(name, value) is None


@given(st.lists(json_values | st.fixed_dictionaries({
    "friendly_name": st.text(max_size=10), "ieee_address": st.text(max_size=10),
    "definition": st.fixed_dictionaries({"exposes": st.lists(json_values | st.fixed_dictionaries({
        "type": st.sampled_from(["light", "switch", "fan", "cover", "lock", "climate", "numeric", "binary"]),
        "name": st.sampled_from(["temperature", "contact", "x"]),
        "features": json_values | st.lists(st.fixed_dictionaries({
            "name": st.sampled_from(FEATURES),
            "access": st.integers(0, 7)}), max_size=3),
    }), max_size=3)})}), max_size=3))  # fmt: skip
def test_whatever_zigbee2mqtt_says_of_its_devices_nothing_is_raised(devices: list[Any]) -> None:
    house = House(MqttSettings(kind="mqtt"))
    house.take("zigbee2mqtt/bridge/devices", json.dumps(devices).encode())
    house.imported()


@given(
    st.lists(st.tuples(st.sampled_from(["homeassistant/light/x/config", "a", "b"]), st.binary(max_size=50)))
)
def test_whatever_comes_on_a_topic_nothing_is_raised(messages: list[tuple[str, bytes]]) -> None:
    house = House(MqttSettings(kind="mqtt"))
    config = {"name": "x", "cmd_t": "b", "stat_t": "a", "avty_t": "b"}
    house.take("homeassistant/light/y/config", json.dumps(config).encode())
    house.topics()
    for topic, data in messages:
        house.take(topic, data)
        house.news()
    house.imported()


def test_abbreviations_and_the_base_topic_are_written_out() -> None:
    lamp = entity("light", **{"~": "house/lamp", "cmd_t": "~/set", "stat_t": "~", "avty": [{"t": "~/up"}]})
    assert sent(lamp, Command.TURN_ON) == [("house/lamp/set", "ON")]
    assert lamp.topics == {"house/lamp", "house/lamp/up"}


@pytest.mark.parametrize(
    ("name", "hardware", "called"),
    [
        ("Power", "Desk", "Desk Power"),
        (None, "Desk", "Desk"),
        ("Desk Power", "Desk", "Desk Power"),
        ("A", "", "A"),
    ],
)
def test_a_device_is_called_as_home_assistant_calls_it(name: str | None, hardware: str, called: str) -> None:
    assert entity("switch", cmd_t="a", name=name, dev={"name": hardware}).device.name == called


def test_a_light_with_topics_of_its_own() -> None:
    lamp = entity(
        "light", cmd_t="l/set", stat_t="l", bri_cmd_t="l/b/set", bri_stat_t="l/b", bri_scl=100,
        hs_cmd_t="l/hs/set", clr_temp_cmd_t="l/ct/set",
    )  # fmt: skip
    assert lamp.device.features == {Feature.BRIGHTNESS, Feature.COLOR, Feature.COLOR_TEMPERATURE}
    assert sent(lamp, Command.SET_BRIGHTNESS, 30) == [("l/b/set", "30"), ("l/set", "ON")]
    assert sent(lamp, Command.SET_BRIGHTNESS, 0) == [("l/set", "OFF")]
    assert sent(lamp, Command.SET_COLOR, "blue") == [("l/hs/set", "240,100"), ("l/set", "ON")]
    assert sent(lamp, Command.SET_COLOR_TEMPERATURE, 4000) == [("l/ct/set", "250"), ("l/set", "ON")]
    assert told(lamp, "l/b", "55").brightness == 55


def test_a_light_that_takes_json() -> None:
    lamp = entity(
        "light", schema="json", cmd_t="s", stat_t="l", brightness=True, sup_clrm=["color_temp", "xy"]
    )
    assert sent(lamp, Command.SET_BRIGHTNESS, 50) == [("s", '{"state": "ON", "brightness": 128}')]
    assert sent(lamp, Command.SET_COLOR_TEMPERATURE, 2500) == [("s", '{"state": "ON", "color_temp": 400}')]
    red = json.loads(sent(lamp, Command.SET_COLOR, "red")[0][1])["color"]
    assert red == {"x": pytest.approx(0.64, abs=0.005), "y": pytest.approx(0.33, abs=0.005)}
    state = told(
        lamp, "l", '{"state": "ON", "brightness": 255, "color_mode": "hs", "color": {"h": 2, "s": 99}}'
    )
    assert (state.on, state.brightness, state.color) == (True, 100, "red")


def test_a_light_of_another_schema_is_left_out_with_a_reason() -> None:
    config = json.dumps({"schema": "template", "cmd_t": "a"}).encode()
    found, skipped = discovery.entities_from("homeassistant/light/a/config", config, "homeassistant")
    assert (found, skipped[0].id) == ((), "light.a")
    assert "schema" in skipped[0].reason


def test_a_cover_that_is_upside_down() -> None:
    blind = entity("cover", cmd_t="c", set_pos_t="c/p/set", pos_t="c/p", pos_open=0, pos_clsd=255)
    assert sent(blind, Command.SET_POSITION, 100) == [("c/p/set", "0")]
    assert told(blind, "c/p", "255").position == 0


def test_a_fan_with_steps() -> None:
    fan = entity("fan", cmd_t="f", stat_t="s", pct_cmd_t="f/p", pct_stat_t="f/s", spd_rng_max=3)
    assert sent(fan, Command.SET_SPEED, 67) == [("f/p", "2")]
    assert told(fan, "f/s", "3").speed == 100


def test_a_heating() -> None:
    heating = entity(
        "climate", temp_cmd_t="t/set", temp_stat_t="t", curr_temp_t="c", mode_cmd_t="m/set", mode_stat_t="m",
        modes=["off", "heat"],
    )  # fmt: skip
    assert sent(heating, Command.SET_TEMPERATURE, 21.5) == [("t/set", "21.5")]
    assert sent(heating, Command.TURN_ON) == [("m/set", "heat")]
    assert told(heating, "m", "off").on is False
    assert told(heating, "c", "19.8").current_temperature == 19.8


def test_a_lock_and_its_words() -> None:
    door = entity("lock", cmd_t="d/set", stat_t="d", pl_unlk="FREE", stat_unlocked="free")
    assert sent(door, Command.UNLOCK) == [("d/set", "FREE")]
    assert told(door, "d", "free").locked is False


def test_a_sensor_with_two_states() -> None:
    window = entity(
        "binary_sensor", stat_t="w", dev_cla="window", pl_on=True, pl_off=False, val_tpl="{{ value_json.o }}"
    )
    assert told(window, "w", '{"o": true}').value == "open"


def test_a_device_that_describes_all_its_parts_in_one() -> None:
    config = {
        "dev": {"name": "Bench", "ids": ["b"]},
        "~": "bench",
        "cmps": {
            "plug": {"p": "switch", "cmd_t": "~/set", "name": "Plug"},
            "t": {"p": "sensor", "stat_t": "~/t"},
        },
    }
    found, _ = discovery.entities_from(
        "homeassistant/device/bench/config", json.dumps(config).encode(), "homeassistant"
    )
    assert [(part.device.domain, part.device.name) for part in found] == [
        (Domain.SWITCH, "Bench Plug"),
        (Domain.SENSOR, "Bench Sensor"),
    ]
    assert sent(found[0], Command.TURN_OFF) == [("bench/set", "OFF")]


def zigbee(*exposes: dict[str, Any], name: str = "kitchen/ceiling_lamp") -> list[Entity]:
    device = {"friendly_name": name, "ieee_address": "0xab", "definition": {"exposes": list(exposes)}}
    found, skipped = zigbee2mqtt.entities_from(json.dumps([device]).encode(), "zigbee2mqtt")
    assert not skipped
    return list(found)


def feature(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "property": name, "access": 7, **more}


def test_a_zigbee_light() -> None:
    color = feature("color_xy", property="color")
    (lamp,) = zigbee(
        {"type": "light", "features": [feature("state"), feature("brightness", value_max=254), color]}
    )
    assert (lamp.device.name, lamp.area) == ("kitchen ceiling lamp", "kitchen")
    topic = "zigbee2mqtt/kitchen/ceiling_lamp"
    assert sent(lamp, Command.SET_BRIGHTNESS, 100) == [(f"{topic}/set", '{"state": "ON", "brightness": 254}')]
    assert told(lamp, topic, '{"state": "ON", "brightness": 127}').brightness == 50


def test_zigbee_sensors() -> None:
    found = zigbee(
        {"type": "numeric", "unit": "°C", **feature("temperature")},
        {"type": "binary", "value_on": False, "value_off": True, **feature("contact")},
        {"type": "numeric", **feature("linkquality")},
        name="back door",
    )
    assert [(part.device.name, part.device.device_class) for part in found] == [
        ("back door temperature", "temperature"),
        ("back door", "door"),
    ]
    assert told(found[1], "zigbee2mqtt/back door", '{"contact": false}').value == "open"
    assert [
        told(part, "zigbee2mqtt/back door", '{"contact": null, "temperature": null}').value for part in found
    ] == [
        None,
        None,
    ]


def test_a_zigbee_heating_and_a_blind() -> None:
    heating, blind = zigbee(
        {"type": "climate", "features": [
            feature("occupied_heating_setpoint"), feature("local_temperature", access=5),
            feature("system_mode", values=["off", "auto"])]},
        {"type": "cover", "features": [feature("state"), feature("position")]},
    )  # fmt: skip
    topic = "zigbee2mqtt/kitchen/ceiling_lamp/set"
    assert sent(heating, Command.SET_TEMPERATURE, 20.0) == [(topic, '{"occupied_heating_setpoint": 20}')]
    assert sent(heating, Command.TURN_ON) == [(topic, '{"system_mode": "auto"}')]
    assert sent(blind, Command.SET_POSITION, 40) == [(topic, '{"position": 40}')]


def test_a_zigbee_device_that_is_described_twice_is_one() -> None:
    house = House(MqttSettings(kind="mqtt"))
    exposes = [{"type": "switch", "features": [feature("state")]}]
    device = {"friendly_name": "plug", "ieee_address": "0xab", "definition": {"exposes": exposes}}
    house.take("zigbee2mqtt/bridge/devices", json.dumps([device]).encode())
    again = {"cmd_t": "a", "name": None, "dev": {"name": "plug", "ids": ["zigbee2mqtt_0xab"]}}
    house.take("homeassistant/switch/0xab/switch/config", json.dumps(again).encode())
    assert [thing.id for thing in house.imported().home.devices] == ["switch.0xab"]


@pytest.mark.parametrize(
    ("mode", "first", "second", "reached"),
    [
        ("all", "online", "offline", False),
        ("any", "online", "offline", True),
        ("latest", "offline", "online", True),
        ("latest", "online", "offline", False),
    ],
)
def test_availability_is_honoured(mode: str, first: str, second: str, reached: bool) -> None:
    house = House(MqttSettings(kind="mqtt"))
    config = {"cmd_t": "a", "name": "plug", "avty": [{"t": "one"}, {"t": "two"}], "avty_mode": mode}
    house.take("homeassistant/switch/plug/config", json.dumps(config).encode())
    house.topics()
    house.take("one", first.encode())
    house.take("two", second.encode())
    assert ("switch.plug" not in house.states().unreachable) == reached


def test_what_is_left_out_can_be_told_whatever_it_calls_itself() -> None:
    payload = json.dumps({"cmps": {"one": {"p": "\ud800"}}}).encode()
    _, (skipped,) = discovery.entities_from("homeassistant/device/thing/config", payload, "homeassistant")
    assert f"{skipped.id}: {skipped.reason}".encode()


def test_a_command_that_a_device_lacks_is_refused() -> None:
    house = House(MqttSettings(kind="mqtt"))
    house.take("homeassistant/cover/x/config", b'{"name": "x", "set_pos_t": "p"}')
    house.topics()
    assert house.messages(Action("cover.x", Command.OPEN)) == (Message("p", "100"),)
    with pytest.raises(HubRefused):
        house.messages(Action("cover.x", Command.LOCK))
    with pytest.raises(HubRefused):
        house.messages(Action("cover.x", Command.SET_POSITION, "far"))


def test_a_scene_is_activated_by_its_message() -> None:
    found = entity("scene", cmd_t="home/scene", pl_on="movie", name="Movie")
    assert (found.device.domain, sent(found, Command.TURN_ON)) == (Domain.SCENE, [("home/scene", "movie")])


def test_a_button_is_pressed_by_its_message() -> None:
    found = entity("button", cmd_t="gate/press", pl_prs="GO", name="Gate")
    assert (found.device.domain, sent(found, Command.PRESS)) == (Domain.BUTTON, [("gate/press", "GO")])


def test_a_button_that_is_a_setting_of_its_device_is_passed_over() -> None:
    assert described("button", {"cmd_t": "plug/restart", "name": "Restart", "ent_cat": "config"}) == ((), ())
