from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from power.errors import ProfileError
from power.profiles.load import BUILT_IN, load, load_usable, read_built_in
from tests.bad_files import NO_FILES, contents, in_its_place


def test_without_a_folder_there_are_the_three_built_in(tmp_path: Path) -> None:
    assert set(load(tmp_path / "nowhere")) == {"power-saver", "balanced", "performance"}


def test_a_profile_of_ones_own_changes_what_it_names_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "night.toml").write_text(
        'based_on = "power-saver"\nlatency_us = 50\non_battery = "balanced"\n'
    )
    night = load(tmp_path)["night"]
    saver = BUILT_IN["power-saver"]
    assert (night.latency_us, night.thinking_floor, night.name) == (50, saver.thinking_floor, "night")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("speech_floor = 2.0", "out of range"),
        ("speech_floor = nan", "out of range"),
        ('speech_floor = "full"', "is not a float"),
        ("park = 1", "is not a bool"),
        ("latency_us = true", "is not a int"),
        ("turbo = true", "unknown key turbo"),
        ('based_on = "fast"', "no built-in profile"),
        ("based_on = []", "no built-in profile"),
        ('idle_hint = "lazy"', "is unknown"),
        ('on_battery = "none"', "is no profile"),
        ("speech_floor = ", "not valid TOML"),
        ("\xff\xfe", "not valid TOML"),
        ("x = 1\n" * 20_000, "larger than"),
    ],
)
def test_a_mistake_in_a_profile_names_file_and_key(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "own.toml").write_bytes(text.encode("latin-1"))
    with pytest.raises(ProfileError, match=said) as caught:
        load(tmp_path)
    assert "own.toml" in str(caught.value)
    assert caught.value.hint


@pytest.mark.parametrize("name", ["balanced", "Night", "a b", "-x", "x" * 40])
def test_a_profile_cannot_take_such_a_name(tmp_path: Path, name: str) -> None:
    (tmp_path / f"{name}.toml").write_text("")
    with pytest.raises(ProfileError, match="cannot be called"):
        load(tmp_path)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_profile_or_an_error(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    folder = tmp_path_factory.mktemp("profiles")
    (folder / "own.toml").write_bytes(data)
    try:
        assert "own" in load(folder)
    except ProfileError as error:
        assert "own.toml" in str(error)


def test_a_built_in_folder_needs_a_complete_base(tmp_path: Path) -> None:
    (tmp_path / "balanced.toml").write_text('about = "half"\n')
    with pytest.raises(ProfileError, match=r"balanced.toml: accelerators is missing"):
        read_built_in(tmp_path)


def test_the_built_in_profile_that_saves_most_comes_first() -> None:
    assert list(read_built_in()) == ["power-saver", "balanced", "performance"]


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("speech_floor = nan\nlatency_us = 50", "speech_floor"),
        ("turbo = true\nlatency_us = 50", "turbo"),
        ('on_battery = "none"\nlatency_us = 50', "on_battery"),
        ('idle_hint = "lazy"\nlatency_us = 50', "idle_hint"),
        ('about = "a\\nb"\nlatency_us = 50', "about"),
        (f"latency_us = 50\nhot_c = 0x{'f' * 5000}", "hot_c"),
    ],
)
def test_a_profile_is_used_without_the_key_that_is_wrong(tmp_path: Path, text: str, key: str) -> None:
    (tmp_path / "night.toml").write_text(text)
    profiles, faults = load_usable(tmp_path)
    assert [(fault.file, fault.key) for fault in faults] == [("night.toml", key)]
    assert all(fault.hint and fault.effect for fault in faults)
    usual = replace(BUILT_IN["balanced"], name="night", about="like balanced", latency_us=50)
    assert profiles["night"] == (replace(usual, on_battery="") if key == "on_battery" else usual)


@pytest.mark.parametrize("name", ["balanced.toml", "Night.toml", "a b.toml", f"{'x' * 40}.toml"])
def test_a_profile_that_cannot_be_called_so_is_left_out(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("latency_us = 50")
    (tmp_path / "night.toml").write_text("latency_us = 50")
    profiles, faults = load_usable(tmp_path)
    assert set(profiles) == {*BUILT_IN, "night"}
    assert profiles["balanced"] == BUILT_IN["balanced"]
    assert [fault.file for fault in faults] == [name]


def test_of_too_many_profiles_the_first_are_used(tmp_path: Path) -> None:
    for number in range(40):
        (tmp_path / f"own-{number:02}.toml").write_text("")
    profiles, faults = load_usable(tmp_path)
    assert len(profiles) == 32 + len(BUILT_IN)
    assert len(faults) == 1


@pytest.mark.parametrize("what", [*NO_FILES, "file"])
def test_what_is_no_folder_or_no_file_leaves_the_built_in_profiles(tmp_path: Path, what: str) -> None:
    folder = tmp_path / "power.d"
    if what == "file":
        folder.write_text("")
    else:
        folder.mkdir()
        in_its_place(folder / "own.toml", what)
    profiles, faults = load_usable(folder)
    assert profiles == BUILT_IN
    assert [fault.file for fault in faults] == ["power.d" if what == "file" else "own.toml"]


_KEYS = ("based_on", "about", "idle_ceiling", "park", "latency_us", "idle_hint", "on_battery", "turbo")


@given(contents('based_on = "power-saver"\nlatency_us = 50\npark = true\nidle_hint = "power"\n', _KEYS))
def test_any_file_gives_profiles_and_has_faults_if_it_is_refused(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    folder = tmp_path_factory.getbasetemp() / "own-profiles"
    folder.mkdir(exist_ok=True)
    (folder / "own.toml").write_bytes(data)
    profiles, faults = load_usable(folder)
    assert set(BUILT_IN) <= set(profiles)
    try:
        assert load(folder) == profiles
        assert not faults
    except ProfileError:
        assert faults
