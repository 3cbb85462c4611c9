"""Entities of discovery are called as Home Assistant calls them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.home.executor import Action, Command
from services.hubs.mqtt import zigbee2mqtt
from services.hubs.mqtt.names import Called, joined
from tests.services.hubs.discovered import described, devices, entity, house

ABSENT: Any = object()


@pytest.mark.parametrize(
    ("component", "name", "device_class", "hardware", "called"),
    [
        ("sensor", ABSENT, "temperature", "Cellar Sensor", "Cellar Sensor Temperature"),
        ("sensor", ABSENT, "humidity", "Cellar Sensor", "Cellar Sensor Humidity"),
        ("sensor", ABSENT, "carbon_dioxide", "Hall", "Hall Carbon dioxide"),
        ("sensor", ABSENT, "pm25", "Hall", "Hall PM2.5"),
        ("sensor", ABSENT, "aqi", "Hall", "Hall Air quality index"),
        ("sensor", ABSENT, None, "Hall", "Hall Sensor"),
        ("sensor", ABSENT, "temperature", "", "Temperature"),
        ("sensor", ABSENT, "temperature", "Cellar Temperature", "Cellar Temperature"),
        ("sensor", ABSENT, None, "Cellar Sensor", "Cellar Sensor"),
        ("sensor", None, "temperature", "Cellar Sensor", "Cellar Sensor"),
        ("sensor", "", "temperature", "Cellar Sensor", "Cellar Sensor"),
        ("sensor", "Outside", "temperature", "Cellar Sensor", "Cellar Sensor Outside"),
        ("binary_sensor", ABSENT, "garage_door", "Drive", "Drive Garage door"),
        ("binary_sensor", ABSENT, "battery", "Drive", "Drive Battery"),
        ("binary_sensor", ABSENT, "battery_charging", "Drive", "Drive Charging"),
        ("binary_sensor", ABSENT, None, "Drive", "Drive Binary sensor"),
        ("switch", ABSENT, None, "Desk", "Desk Switch"),
        ("switch", ABSENT, "outlet", "Desk", "Desk Switch"),
        ("light", ABSENT, None, "Desk Light", "Desk Light"),
        ("cover", ABSENT, "garage", "Drive", "Drive Cover"),
        ("light", None, None, "Desk", "Desk"),
        ("light", ABSENT, None, "", "thing"),
        ("light", None, None, "", "thing"),
        ("light", "Kitchen Box", None, "Kitchen Box", "Kitchen Box"),
        ("light", "Kitchen Box Lamp", None, "Kitchen Box", "Kitchen Box Lamp"),
        ("light", "kitchen box lamp", None, "Kitchen_Box", "kitchen box lamp"),
        ("light", "Kitchen Box: Lamp", None, "Kitchen Box", "Kitchen Box: Lamp"),
        ("light", "Desklamp", None, "Desk", "Desk Desklamp"),
        ("light", "Lamp", None, "Kitchen Box", "Kitchen Box Lamp"),
        ("light", 5, None, "Strip", "Strip 5"),
    ],
)
def test_an_entity_is_called_as_home_assistant_calls_it(
    component: str, name: Any, device_class: str | None, hardware: str, called: str
) -> None:
    config: dict[str, Any] = {"cmd_t": "a", "stat_t": "b", "dev": {"ids": "d", "name": hardware}}
    config |= {} if name is ABSENT else {"name": name}
    config |= {} if device_class is None else {"dev_cla": device_class}
    assert entity(component, **config).device.name == called


words = st.lists(st.sampled_from(["Desk", "desk", "Lamp", "Kitchen"]), max_size=3).map(" ".join)


@given(words, words)
def test_no_name_stands_twice_in_a_row(first: str, second: str) -> None:
    begins, own = first.casefold().split(), second.casefold().split()
    whole = joined(first, second).casefold().split()
    assert whole[: len(begins)] == begins
    assert whole[len(whole) - len(own) :] == own
    twice = 2 * begins
    assert not begins or whole[: len(twice)] != twice or own[: len(twice)] == twice


@given(
    st.none() | words,
    st.sampled_from(["sensor", "binary_sensor", "light"]),
    st.sampled_from(["", "door"]),
    words,
)
def test_every_entity_has_a_name(own: str | None, component: str, device_class: str, hardware: str) -> None:
    assert Called(own, component, device_class, hardware, "thing").name.strip()


CELLAR = {
    "dev": {"ids": "c", "name": "Cellar Sensor", "sa": "Cellar"},
    "stat_t": "c",
    "cmps": {
        "a": {"p": "sensor", "dev_cla": "temperature", "unique_id": "t"},
        "b": {"p": "sensor", "dev_cla": "humidity", "unique_id": "h"},
    },
}


def names(*payloads: tuple[str, Any]) -> dict[str, str]:
    return {id_: device.name for id_, device in devices(*payloads).items()}


def test_two_entities_without_names_have_those_of_their_device_classes() -> None:
    found = names(("device/c", CELLAR))
    assert found == {"sensor.t": "Cellar Sensor Temperature", "sensor.h": "Cellar Sensor Humidity"}


def test_two_entities_of_one_class_without_names_are_numbered() -> None:
    probe = {"p": "sensor", "dev_cla": "temperature"}
    config = {**CELLAR, "cmps": {"a": {**probe, "unique_id": "one"}, "b": {**probe, "unique_id": "two"}}}
    found = names(("device/c", config))
    assert found == {"sensor.one": "Cellar Sensor Temperature", "sensor.two": "Cellar Sensor Temperature 2"}


def test_hardware_that_another_payload_names_gives_its_name_and_area() -> None:
    first = {"stat_t": "a", "uniq_id": "t", "dev_cla": "temperature", "dev": CELLAR["dev"]}
    second = {"stat_t": "a", "uniq_id": "h", "dev_cla": "humidity", "dev": {"ids": ["c"]}}
    for payloads in ((first, second), (second, first)):
        rows = [(f"sensor/{row['uniq_id']}", row) for row in payloads]
        found = devices(*rows)
        assert found["sensor.h"].name == "Cellar Sensor Humidity"
        assert found["sensor.h"].area == "cellar"


def test_hardware_is_the_same_one_by_its_connections() -> None:
    mac = [["mac", "00:11"]]
    first = {"stat_t": "a", "uniq_id": "t", "dev_cla": "temperature", "dev": {"cns": mac, "name": "Attic"}}
    second = {"stat_t": "a", "uniq_id": "h", "dev_cla": "humidity", "dev": {"cns": mac}}
    assert names(("sensor/t", first), ("sensor/h", second))["sensor.h"] == "Attic Humidity"


def test_the_only_entity_without_a_name_is_found_by_that_of_its_hardware() -> None:
    plug = {"cmd_t": "a", "uniq_id": "p", "dev": {"ids": "d", "name": "Desk"}}
    assert devices(("switch/p", plug))["switch.p"].aliases == ("Desk",)
    lamp = {"cmd_t": "a", "uniq_id": "l", "dev": {"ids": "d", "name": "Desk"}}
    found = devices(("switch/p", plug), ("light/l", lamp))
    assert {device.name: device.aliases for device in found.values()} == {"Desk Switch": (), "Desk Light": ()}
    main = {"cmd_t": "a", "uniq_id": "m", "name": None, "dev": {"ids": "d", "name": "Desk"}}
    found = devices(("switch/p", plug), ("light/m", main))
    assert {device.name: device.aliases for device in found.values()} == {"Desk Switch": (), "Desk": ()}


def test_the_second_entity_of_one_unique_id_is_left_out_with_a_reason() -> None:
    first = {"cmd_t": "a", "uniq_id": "x", "name": "One"}
    second = {"cmd_t": "b", "uniq_id": "x", "name": "Two"}
    made = house(("switch/one", first), ("switch/two", second))
    imported = made.imported()
    assert [device.name for device in imported.home.devices] == ["One"]
    assert [(item.id, item.reason) for item in imported.skipped] == [
        ("switch.x", "another one has the same unique_id")
    ]
    assert made.messages(Action("switch.x", Command.TURN_ON))[0].topic == "a"


def test_one_unique_id_in_two_components_is_two_entities() -> None:
    row = {"cmd_t": "a", "stat_t": "a", "uniq_id": "x"}
    found = names(("switch/x", {**row, "name": "One"}), ("light/x", {**row, "name": "Two"}))
    assert found == {"switch.x": "One", "light.x": "Two"}


def test_long_unique_ids_that_differ_at_their_ends_are_two() -> None:
    rows = [
        (f"switch/{end}", {"cmd_t": "a", "name": f"Plug {end}", "uniq_id": "x" * 90 + end})
        for end in ("1", "2")
    ]
    assert sorted(names(*rows).values()) == ["Plug 1", "Plug 2"]


def test_an_area_that_a_name_begins_with_is_not_put_in_front() -> None:
    row = {"cmd_t": "a", "name": "Kitchen Box"}
    rows = [
        (f"switch/{area}", {**row, "uniq_id": area, "dev": {"ids": area, "sa": area}})
        for area in ("Kitchen", "Bedroom")
    ]
    assert sorted(names(*rows).values()) == ["Bedroom Kitchen Box", "Kitchen Box"]


@pytest.mark.parametrize(
    ("friendly", "called"),
    [
        ("kitchen/ceiling_lamp", "kitchen ceiling lamp"),
        ("kitchen/kitchen_box", "kitchen box"),
        ("kitchen/kitchenette", "kitchen kitchenette"),
        ("upstairs/bedroom/lamp", "upstairs bedroom lamp"),
        ("lamp", "lamp"),
    ],
)
def test_a_zigbee_device_that_begins_with_its_group(friendly: str, called: str) -> None:
    exposes = [{"type": "switch", "features": [{"name": "state", "property": "state", "access": 7}]}]
    row = {"friendly_name": friendly, "ieee_address": "0x1", "definition": {"exposes": exposes}}
    (found,), _ = zigbee2mqtt.entities_from(json.dumps([row]).encode(), "zigbee2mqtt")
    assert found.device.name == called


@pytest.mark.parametrize(
    "config",
    [{"obj_id": "reading_lamp"}, {"def_ent_id": "light.reading_lamp"}, {"object_id": "reading_lamp"}],
)
def test_an_entity_without_any_name_is_called_by_its_object_id(config: dict[str, str]) -> None:
    assert entity("light", cmd_t="a", **config).device.name == "reading lamp"


def test_a_name_that_is_no_text_leaves_the_entity() -> None:
    (found,), (skipped,) = described(
        "switch", {"cmd_t": "a", "name": {}, "dev": {"ids": "d", "name": "Desk"}}
    )
    assert (found.device.name, "name" in skipped.reason) == ("Desk", True)
