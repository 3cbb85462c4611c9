from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assistant.home.config import SAMPLE_HOME, load_home
from assistant.home.model import Domain, Feature, Range
from assistant.home.names import home_names
from common.errors import HomeError


def load(tmp_path: Path, text: str) -> None:
    path = tmp_path / "home.toml"
    path.write_text(text, encoding="utf-8")
    load_home(path)


def test_the_sample_home_has_a_kitchen_light() -> None:
    light = load_home(SAMPLE_HOME).device("Kitchen Light")
    assert light is not None
    assert (light.id, light.area, light.domain) == ("kitchen_light", "kitchen", Domain.LIGHT)


def test_the_sample_home_has_every_domain() -> None:
    assert {device.domain for device in load_home(SAMPLE_HOME).devices} == set(Domain)


def test_a_device_is_found_by_alias() -> None:
    device = load_home(SAMPLE_HOME).device("tv")
    assert device is not None
    assert device.id == "television"


def test_features_are_read() -> None:
    lamp = load_home(SAMPLE_HOME).device("desk lamp")
    assert lamp is not None
    assert Feature.COLOR in lamp.features


def test_names_for_the_grammar_hold_aliases_and_rooms() -> None:
    names = home_names(load_home(SAMPLE_HOME))
    lamp = next(device for device in names.devices if device.value == "floor lamp")
    assert (lamp.spoken, lamp.domain, lamp.area) == (
        ("floor lamp", "reading lamp"),
        "light",
        "living room",
    )
    assert ("living room", "lounge") in [area.spoken for area in names.areas]


def test_ranges_are_read(tmp_path: Path) -> None:
    path = tmp_path / "home.toml"
    path.write_text(
        '[[devices]]\nname = "heating"\ndomain = "climate"\n'
        "ranges = { temperature = { min = 7, max = 28, step = 0.5 }, humidity = { min = 30, max = 60 } }\n"
    )
    (device,) = load_home(path).devices
    assert device.ranges == {"temperature": Range(7, 28, 0.5), "humidity": Range(30, 60)}


LIGHT = '[[devices]]\nname = "lamp"\ndomain = "light"\n'
WRONG = [
    (LIGHT + LIGHT, "home.duplicate", "lamp"),
    (
        LIGHT + '[[devices]]\nname = "b"\naliases = ["LAMP"]\ndomain = "light"\n',
        "home.duplicate",
        "'lamp'",
    ),
    ('[[areas]]\nname = "den"\n[[areas]]\nname = "Den"\n', "home.duplicate", "areas"),
    (LIGHT + 'area = "attic"\n', "home.reference", "devices[1] (lamp).area"),
    (LIGHT + "colour = 1\n", "home.unknown", "devices[1] (lamp).colour"),
    ('[[devices]]\nname = "x"\ndomain = "toaster"\n', "home.domain", "toaster"),
    ('[[devices]]\ndomain = "light"\n', "home.missing-key", "devices[1].name"),
    ('[[devices]]\nname = "x"\n', "home.missing-key", "devices[1] (x).domain"),
    ('[[devices]]\nname = 7\ndomain = "light"\n', "home.kind", "devices[1].name"),
    ('[[devices]]\nname = "!?"\ndomain = "light"\n', "home.name", "'!?'"),
    (f'[[devices]]\nname = "{"a" * 61}"\ndomain = "light"\n', "home.name", "60"),
    (LIGHT + 'features = ["speed"]\n', "home.feature", "speed"),
    (LIGHT + "state = { brightness = 300 }\n", "home.state", "state.brightness"),
    (LIGHT + 'state = { on = "yes" }\n', "home.state", "state.on"),
    (LIGHT + "ranges = { mood = { min = 1, max = 2 } }\n", "home.unknown", "ranges.mood"),
    (LIGHT + "ranges = { brightness = { min = 1 } }\n", "home.missing-key", "ranges.brightness.max"),
    (LIGHT + "ranges = { brightness = { min = 9, max = 2 } }\n", "home.range", "ranges.brightness"),
    (LIGHT + 'ranges = { brightness = { min = "a", max = 2 } }\n', "home.kind", "brightness.min"),
    (LIGHT + "ranges = { brightness = { min = 0, max = 2, step = 0 } }\n", "home.range", "brightness"),
    ("[devices]\n", "home.kind", "devices"),
    ('[home]\nunit = "kelvin"\n', "home.unit", "kelvin"),
    ('[home]\nbox_area = "moon"\n', "home.reference", "home.box_area"),
    ("[[devices]\n", "home.syntax", "line 1"),
    ('[[devices]]\nid = "a b"\nname = "x"\ndomain = "light"\n', "home.name", "devices[1] (x).id"),
]


KITCHEN, BEDROOM = (
    '[[areas]]\nid = "kitchen"\nname = "Kitchen"\n',
    '[[areas]]\nid = "bed"\nname = "Bedroom"\n',
)
ROOMS = KITCHEN + BEDROOM


def lamps(tmp_path: Path, *entries: str) -> dict[str, str]:
    path = tmp_path / "home.toml"
    path.write_text(ROOMS + "".join(LIGHT + entry for entry in entries), encoding="utf-8")
    return {device.id: device.name for device in load_home(path).devices}


def test_one_name_in_two_rooms_has_the_room_in_front(tmp_path: Path) -> None:
    found = lamps(tmp_path, 'area = "kitchen"\n', 'area = "bed"\n')
    assert found == {"lamp": "Kitchen lamp", "lamp_2": "Bedroom lamp"}


def test_ids_that_are_written_down_stay(tmp_path: Path) -> None:
    found = lamps(tmp_path, 'area = "kitchen"\n', 'id = "lamp"\narea = "bed"\n')
    assert found == {"lamp_2": "Kitchen lamp", "lamp": "Bedroom lamp"}


def test_names_that_make_one_id_get_two(tmp_path: Path) -> None:
    text = "".join(f'[[devices]]\nname = "{name}"\ndomain = "light"\n' for name in ("tv & co", "tv/co"))
    path = tmp_path / "home.toml"
    path.write_text(text)
    assert [device.id for device in load_home(path).devices] == ["tv_co", "tv_co_2"]


@pytest.mark.parametrize(
    ("entries", "where"),
    [
        (('area = "kitchen"\n', 'area = "kitchen"\n'), "devices[2] (lamp).name"),
        (('area = "kitchen"\nid = "a"\n', 'area = "kitchen"\nid = "b"\n'), "devices[2] (lamp).name"),
        (("", ""), "devices[2] (lamp).name"),
        (
            ('area = "kitchen"\n', 'area = "bed"\naliases = ["kitchen-lamp"]\n'),
            "devices[2] (lamp).aliases",
        ),
        (('id = "a"\narea = "bed"\n', 'id = "a"\narea = "kitchen"\n'), "devices[2] (lamp).id"),
    ],
)
def test_what_nobody_could_tell_apart_is_an_error_that_says_what_to_do(
    tmp_path: Path, entries: tuple[str, ...], where: str
) -> None:
    with pytest.raises(HomeError) as caught:
        lamps(tmp_path, *entries)
    assert caught.value.code == "home.duplicate"
    assert f"home.toml: {where}: " in caught.value.message
    assert "devices[1] (lamp)" in caught.value.message
    assert "`id" in caught.value.hint


def test_the_name_in_an_error_is_the_one_that_is_written_down(tmp_path: Path) -> None:
    with pytest.raises(HomeError, match="the name 'lamp' stands for"):
        lamps(tmp_path, *['area = "kitchen"\n'] * 2)


@pytest.mark.parametrize(("text", "code", "named"), WRONG)
def test_a_mistake_is_named_with_file_and_key(tmp_path: Path, text: str, code: str, named: str) -> None:
    with pytest.raises(HomeError) as caught:
        load(tmp_path, text)
    assert caught.value.code == code
    assert named in caught.value.message
    assert "home.toml" in caught.value.message
    assert caught.value.hint


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(HomeError, match=r"nowhere\.toml"):
        load_home(tmp_path / "nowhere.toml")


def test_a_huge_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(HomeError, match="larger than 1024 kB"):
        load(tmp_path, "#" * (1024 * 1024 + 1))


def test_too_many_devices_are_refused(tmp_path: Path) -> None:
    text = "".join(f'[[devices]]\nname = "lamp {n}"\ndomain = "light"\n' for n in range(501))
    with pytest.raises(HomeError, match="the limit is 500"):
        load(tmp_path, text)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_a_home_or_a_home_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "home.toml"
    path.write_bytes(content)
    try:
        load_home(path)
    except HomeError as error:
        assert str(path) in error.message
