"""Binary sensors of discovery: their classes, words, and how long their states hold."""

from __future__ import annotations

import json
from typing import Any

import pytest

from assistant.home import binary
from assistant.home.model import DeviceState, Domain
from services.hubs.homeassistant.entities import device_from, state_from
from services.hubs.mqtt.house import House
from services.hubs.mqtt.kind import MqttSettings
from services.hubs.mqtt.template import Payload
from tests.services.hubs.discovered import entity, told

CLASSES = [
    ("door", "open", "closed"), ("window", "open", "closed"), ("opening", "open", "closed"),
    ("garage_door", "open", "closed"), ("lock", "unlocked", "locked"), ("motion", "detected", "clear"),
    ("occupancy", "detected", "clear"), ("moisture", "wet", "dry"), ("smoke", "detected", "clear"),
    ("gas", "detected", "clear"), ("carbon_monoxide", "detected", "clear"), ("battery", "low", "normal"),
    ("battery_charging", "charging", "not charging"), ("plug", "plugged in", "unplugged"),
    ("connectivity", "connected", "disconnected"), ("presence", "home", "away"), ("cold", "cold", "normal"),
    ("heat", "hot", "normal"), ("moving", "moving", "not moving"), ("tamper", "detected", "clear"),
    ("light", "detected", "clear"), ("power", "detected", "clear"), ("update", "outdated", "up to date"),
    ("vibration", "detected", "clear"), ("", "on", "off"),
]  # fmt: skip


@pytest.mark.parametrize(("device_class", "on", "off"), CLASSES)
def test_a_sensor_of_a_class_is_the_same_one_from_both_hubs(device_class: str, on: str, off: str) -> None:
    here = entity("binary_sensor", stat_t="s", name="x", dev_cla=device_class or None)
    attributes = {"friendly_name": "x", "device_class": device_class or None}
    there = device_from("binary_sensor.thing", attributes)
    assert here.device == there
    assert here.device.domain is Domain.BINARY_SENSOR
    for word, state, value in (("ON", "on", on), ("OFF", "off", off)):
        assert told(here, "s", word) == state_from(there, state, attributes) == DeviceState(value=value)


@pytest.mark.parametrize(
    ("config", "payload", "value"),
    [
        ({}, "ON", "open"),
        ({}, "OFF", "closed"),
        ({}, "on", None),
        ({}, "", None),
        ({"pl_on": "1", "pl_off": "0"}, "1", "open"),
        ({"pl_on": 1, "pl_off": 0}, "0", "closed"),
        ({"pl_on": "open"}, "open", "open"),
        ({"pl_on": "open"}, "OFF", "closed"),
        (
            {"pl_on": False, "pl_off": True, "val_tpl": "{{ value_json.contact }}"},
            '{"contact": false}',
            "open",
        ),
        (
            {"pl_on": False, "pl_off": True, "val_tpl": "{{ value_json.contact }}"},
            '{"contact": true}',
            "closed",
        ),
        ({"pl_on": True, "pl_off": False, "val_tpl": "{{ value_json.open }}"}, '{"open": true}', "open"),
        ({"pl_on": "open", "val_tpl": "{{ value_json['a b'] | lower }}"}, '{"a b": "OPEN"}', "open"),
        ({"val_tpl": "{{ value_json.contact }}"}, '{"battery": 5}', None),
    ],
)
def test_a_state_is_what_the_payloads_and_the_template_say(
    config: dict[str, Any], payload: str, value: str | None
) -> None:
    assert told(entity("binary_sensor", stat_t="s", dev_cla="door", **config), "s", payload).value == value


@pytest.mark.parametrize("component", ["binary_sensor", "sensor"])
def test_a_sensor_that_says_none_knows_nothing_any_more(component: str) -> None:
    sensor = entity(component, stat_t="s")
    before = DeviceState(value="on")
    (reading,) = sensor.readings
    assert reading.read(before, Payload(b"None")).value is None


def test_a_sensor_that_says_null_knows_nothing_any_more() -> None:
    sensor = entity("binary_sensor", stat_t="s", val_tpl="{{ value_json.contact }}")
    (reading,) = sensor.readings
    assert reading.read(DeviceState(value="on"), Payload(b'{"contact": null}')).value is None
    assert reading.read(DeviceState(value="on"), Payload(b"{}")).value == "on"


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def watched(component: str = "binary_sensor", **config: Any) -> tuple[House, Clock]:
    clock = Clock()
    house = House(MqttSettings(kind="mqtt"), clock=clock)
    row = {"stat_t": "s", "name": "x", "uniq_id": "x", "dev_cla": "motion", **config}
    house.take(f"homeassistant/{component}/x/config", json.dumps(row).encode())
    house.topics()
    house.news()
    return house, clock


def test_a_sensor_goes_off_by_itself_after_its_delay() -> None:
    house, clock = watched(off_dly=30)
    house.take("s", b"ON")
    assert house.news().states["binary_sensor.x"].value == "detected"
    clock.now += 20
    house.take("s", b"ON")
    house.news()
    clock.now += 20
    assert house.news().states == {}
    clock.now += 10
    assert house.news().states["binary_sensor.x"].value == "clear"
    assert house.news().states == {}


def test_a_sensor_that_is_off_before_its_delay_is_not_reported_twice() -> None:
    house, clock = watched(off_dly=30)
    house.take("s", b"ON")
    house.take("s", b"OFF")
    assert house.news().states["binary_sensor.x"].value == "clear"
    clock.now += 60
    assert house.news().states == {}


@pytest.mark.parametrize("component", ["binary_sensor", "sensor"])
def test_a_state_expires(component: str) -> None:
    house, clock = watched(component, exp_aft=60)
    assert house.states().unreachable == {f"{component}.x"}
    house.take("s", b"ON")
    assert house.news().unreachable == frozenset()
    clock.now += 59
    assert house.news().unreachable == frozenset()
    clock.now += 1
    assert house.news().unreachable == {f"{component}.x"}
    assert house.states().unreachable == {f"{component}.x"}
    house.take("s", b"OFF")
    assert house.news().unreachable == frozenset()


def test_without_an_expiry_a_state_holds() -> None:
    house, clock = watched()
    house.take("s", b"ON")
    clock.now += 1e6
    assert house.states().states["binary_sensor.x"].value == "detected"


def test_what_is_taken_back_does_not_end_any_more() -> None:
    house, clock = watched(exp_aft=60, off_dly=30)
    house.take("s", b"ON")
    house.take("homeassistant/binary_sensor/x/config", b"")
    house.topics()
    house.news()
    clock.now += 100
    assert (house.news().states, house.news().unreachable) == ({}, frozenset())


def test_a_class_that_is_not_known_says_on_and_off() -> None:
    assert (binary.state_word("strange", True), binary.state_word("strange", False)) == ("on", "off")
