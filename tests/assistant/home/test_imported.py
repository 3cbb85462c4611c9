from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from assistant.home.imported import MAX_REASONS, tidy
from assistant.home.limits import MAX_DEVICES
from assistant.home.model import RANGED, Area, Device, Domain, Floor, Home, Range
from assistant.home.names import home_names
from assistant.home.stored import home_from_json, home_to_json
from assistant.understanding.normalise import normalise
from assistant.understanding.sentences import build_grammar

KITCHEN, BEDROOM = Area("kitchen", "kitchen"), Area("bedroom", "bedroom")

texts = st.text(max_size=70) | st.sampled_from(["lamp", "Lamp", "kitchen lamp", "kitchen", "...", "{x}|[y]"])
ids = st.sampled_from(["a", "b", "c", "d", "", "no id", "x" * 200])
areas = st.builds(Area, ids, texts, st.lists(texts, max_size=3).map(tuple), st.none() | ids)
ranges = st.builds(Range, st.integers(-50, 0), st.floats(0, 100), st.none() | st.floats(0.1, 10))
devices = st.builds(
    Device,
    ids,
    texts,
    st.sampled_from(Domain),
    st.lists(texts, max_size=3).map(tuple),
    st.none() | ids,
    ranges=st.dictionaries(st.sampled_from(RANGED), ranges, max_size=2),
)
homes = st.builds(
    Home,
    unit=texts,
    box_area=st.none() | ids,
    floors=st.lists(st.builds(Floor, ids, texts), max_size=4).map(tuple),
    areas=st.lists(areas, max_size=4).map(tuple),
    devices=st.lists(devices, max_size=8).map(tuple),
)


def lamp(id_: str, area: str | None = None, domain: Domain = Domain.LIGHT, name: str = "lamp") -> Device:
    return Device(id_, name, domain, area=area)


def names(*devices: Device) -> dict[str, str]:
    home = tidy(Home(areas=(KITCHEN, BEDROOM), devices=devices)).home
    return {device.id: device.name for device in home.devices}


@given(homes)
def test_every_name_stands_for_one_thing(told: Home) -> None:
    home = tidy(told).home
    for things in (home.devices, home.areas, home.floors):
        spoken = [normalise(name) for thing in things for name in (thing.name, *thing.aliases)]
        assert len(set(spoken)) == len(spoken)
        assert all(spoken)


@given(homes)
def test_a_tidy_home_stays_as_it_is(told: Home) -> None:
    once = tidy(told).home
    assert tidy(once).home == once


@given(homes)
def test_a_tidy_home_is_remembered(told: Home) -> None:
    home = tidy(told).home
    assert home_from_json(json.loads(json.dumps(home_to_json(home)))) == home


def test_whatever_a_hub_calls_its_things_a_grammar_comes_of_it() -> None:
    wild = [
        "{area}",
        "[on|off]",
        "<rule>",
        "(a|b)",
        "Büro",
        "客厅灯",
        "TV/HiFi",
        "50% lamp",
        "7:30",
        "a\\b",
        "-",
    ]
    told = Home(areas=(KITCHEN,), devices=tuple(lamp(f"l{i}", name=name) for i, name in enumerate(wild)))
    grammar = build_grammar("en", True, [], home_names(tidy(told).home), frozenset({"HassTurnOn"}))
    assert grammar.parses("turn on the tv hifi")


def test_devices_of_one_name_are_told_apart_by_their_areas() -> None:
    found = names(lamp("a", "kitchen"), lamp("b", "bedroom"))
    assert found == {"a": "kitchen lamp", "b": "bedroom lamp"}


def test_an_area_that_a_name_begins_with_is_not_put_in_front() -> None:
    found = names(lamp("a", "kitchen", name="Kitchen Box"), lamp("b", "bedroom", name="Kitchen Box"))
    assert found == {"a": "Kitchen Box", "b": "bedroom Kitchen Box"}


def test_a_home_that_was_stored_before_there_were_ranges_is_remembered() -> None:
    stored = home_to_json(Home(devices=(lamp("a"),)))
    del stored["devices"][0]["ranges"]
    assert home_from_json(stored).devices == (lamp("a"),)


def test_what_they_share_stays_known() -> None:
    home = tidy(Home(areas=(KITCHEN, BEDROOM), devices=(lamp("a", "kitchen"), lamp("b", "bedroom")))).home
    assert [device.id for device in home.sharing("Lamp")] == ["a", "b"]
    assert home.sharing("kitchen lamp") == ()


def test_two_of_one_name_in_one_area_are_left_out() -> None:
    imported = tidy(Home(areas=(KITCHEN,), devices=(lamp("a", "kitchen"), lamp("b", "kitchen"))))
    assert imported.home.devices == ()
    assert "'lamp' is the name of several devices" in imported.skipped[0].reason


def test_a_sensor_gives_way_to_what_can_be_commanded() -> None:
    found = names(lamp("sensor.power", "kitchen", Domain.SENSOR), lamp("a", "bedroom"))
    assert found == {"sensor.power": "kitchen lamp", "a": "lamp"}


def test_too_many_devices_are_left_out_with_a_reason() -> None:
    told = Home(devices=tuple(lamp(f"l{i}", name=f"lamp {i}") for i in range(MAX_DEVICES + 300)))
    imported = tidy(told)
    assert len(imported.home.devices) == MAX_DEVICES
    assert len(imported.skipped) == MAX_REASONS + 1
    assert imported.skipped[-1].reason == "and 100 more"


def test_a_name_that_cannot_be_spoken_is_left_out_with_a_reason() -> None:
    imported = tidy(Home(devices=(lamp("a", name="***"), lamp("b", name="x" * 61))))
    assert [item.id for item in imported.skipped] == ["a", "b"]
    assert "no name that can be spoken" in imported.skipped[0].reason
