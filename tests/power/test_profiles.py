from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from power.errors import ProfileError
from power.profiles.load import BUILT_IN, load, read_built_in


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
