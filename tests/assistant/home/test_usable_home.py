"""A mistake in home.toml costs a key, a device or an area, and only a file that is no TOML costs the home."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given

from assistant.home.config import SAMPLE_HOME, load_home, load_usable_home
from assistant.home.limits import MAX_ALIASES
from assistant.home.model import Home
from common.errors import HomeError
from common.faults import Fault
from tests.bad_files import NO_FILES, contents, in_its_place

LIGHT = '[[devices]]\nname = "lamp"\ndomain = "light"\n'
FAN = '[[devices]]\nname = "fan"\ndomain = "fan"\n'
DEN = '[[areas]]\nname = "den"\n'


def load(folder: Path, text: str) -> tuple[Home, tuple[Fault, ...]]:
    path = folder / "home.toml"
    path.write_text(text, encoding="utf-8")
    return load_usable_home(path)


@pytest.mark.parametrize(
    ("text", "names", "code"),
    [
        (LIGHT + "colour = 1\n" + FAN, ["lamp", "fan"], "home.unknown"),
        ('[[devices]]\nname = "x"\ndomain = "toaster"\n' + FAN, ["fan"], "home.domain"),
        ('[[devices]]\nname = 7\ndomain = "light"\n' + FAN, ["fan"], "home.kind"),
        ('[[devices]]\ndomain = "light"\n' + FAN, ["fan"], "home.missing-key"),
        (LIGHT + FAN + LIGHT, ["lamp", "fan"], "home.duplicate"),
        (LIGHT + 'aliases = ["!?", "light"]\n', ["lamp"], "home.name"),
        (LIGHT + 'features = ["speed"]\n', ["lamp"], "home.feature"),
        (LIGHT + "state = { brightness = 300, on = true }\n", ["lamp"], "home.state"),
        (LIGHT + "state = 5\n", ["lamp"], "home.kind"),
        (LIGHT + 'area = "attic"\n' + DEN, ["lamp"], "home.reference"),
        ("colour = 1\n" + LIGHT, ["lamp"], "home.unknown"),
        ('[home]\nunit = "kelvin"\n' + LIGHT, ["lamp"], "home.unit"),
        ("areas = 5\n" + LIGHT, ["lamp"], "home.kind"),
        ("devices = 5\n", [], "home.kind"),
    ],
)
def test_the_rest_of_the_home_is_there(tmp_path: Path, text: str, names: list[str], code: str) -> None:
    home, faults = load(tmp_path, text)
    assert [device.name for device in home.devices] == names
    assert [fault.code for fault in faults] == [code]
    assert faults[0].file == "home.toml"
    assert faults[0].effect
    assert faults[0].hint


def test_what_is_right_of_a_device_is_kept(tmp_path: Path) -> None:
    home, faults = load(
        tmp_path,
        DEN + LIGHT + 'area = "den"\naliases = ["!?", "light"]\nfeatures = ["color", "speed"]\n'
        "state = { on = true, brightness = 300 }\ncolour = 1\n",
    )
    (lamp,) = home.devices
    assert (lamp.area, lamp.aliases, sorted(lamp.features)) == ("den", ("light",), ["color"])
    assert (lamp.initial.on, lamp.initial.brightness) == (True, None)
    assert [fault.key for fault in faults] == [
        "devices[1] (lamp).colour",
        "devices[1] (lamp).features",
        "devices[1] (lamp).aliases",
        "devices[1] (lamp).state.brightness",
    ]


def test_too_many_aliases_are_cut(tmp_path: Path) -> None:
    many = [f"lamp {number}" for number in range(MAX_ALIASES + 5)]
    home, faults = load(tmp_path, LIGHT + f"aliases = {many}\n")
    assert len(home.devices[0].aliases) == MAX_ALIASES
    assert [fault.code for fault in faults] == ["home.too-many"]


def test_too_many_devices_are_cut(tmp_path: Path) -> None:
    text = "".join(f'[[devices]]\nname = "lamp {n}"\ndomain = "light"\n' for n in range(502))
    home, faults = load(tmp_path, text)
    assert len(home.devices) == 500
    assert [fault.code for fault in faults] == ["home.too-many"]


@pytest.mark.parametrize("text", ["[[devices]\n", "\0", "#" * 2_000_000])
def test_a_file_that_is_none_of_ours_leaves_the_sample_home(tmp_path: Path, text: str) -> None:
    home, faults = load(tmp_path, text)
    assert home == load_home(SAMPLE_HOME)
    assert [(fault.file, fault.key) for fault in faults] == [("home.toml", "")]


@pytest.mark.parametrize("what", NO_FILES)
def test_what_is_no_file_leaves_the_sample_home(tmp_path: Path, what: str) -> None:
    in_its_place(tmp_path / "home.toml", what)
    home, faults = load_usable_home(tmp_path / "home.toml")
    assert home == load_home(SAMPLE_HOME)
    assert [fault.code for fault in faults] == ["home.missing"]


_SOUND = DEN + LIGHT + 'area = "den"\naliases = ["light", "bulb"]\nstate = { on = true }\n' + FAN + "[home]\n"
_KEYS = ("home", "home.unit", "home.box_area", "floors", "areas", "devices", "x")


@given(contents(_SOUND, _KEYS))
def test_any_file_gives_a_home_and_has_faults_if_it_is_refused(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "home.toml"
    path.write_bytes(data)
    home, faults = load_usable_home(path)
    try:
        assert load_home(path) == home
        assert not faults
    except HomeError:
        assert faults
