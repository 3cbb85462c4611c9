"""A power profile is one TOML file: with the others in power/profiles, or in an owner's folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.extending.copied import copy_tree, differences, python
from tests.services.powerd.conftest import World, world

__all__ = ["world"]

_NIGHT = 'based_on = "balanced"\nabout = "gentle nights"\nspeech_floor = 0.0\nthinking_floor = 0.7\n'


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    copy = copy_tree(tmp_path / "tree")
    (copy / "power/profiles/night.toml").write_text(_NIGHT)
    assert differences(copy) == {"power/profiles/night.toml"}
    return copy


def test_a_file_in_the_library_is_a_profile_on_the_bus_and_can_be_chosen(tree: Path, world: World) -> None:
    world.repository = tree
    world.start()
    assert 'string "night"' in world.get("Profiles")
    answer = world.set_profile("night")
    assert "error" not in answer.lower(), answer
    assert world.state()["profile"] == "night"


def test_it_is_simulated_beside_the_others(tree: Path) -> None:
    (tree / "short.toml").write_text('turns = [["07:10:00", 1.5, 1.0]]\n')
    printed = python(
        tree,
        *("-m", "services.cli.main", "power", "simulate", "short.toml", "--machine", "n100"),
        *("--governors", "sotto:balanced,sotto:night", "--json"),
    )
    results = json.loads(printed)["results"]
    assert [each["governor"] for each in results] == ["sotto:balanced", "sotto:night"]
    assert results[0]["cpu_j"] != results[1]["cpu_j"]


def test_an_owners_file_needs_no_change_of_the_tree(world: World) -> None:
    folder = world.folder / "profiles"
    folder.mkdir(exist_ok=True)
    (folder / "night.toml").write_text(_NIGHT)
    world.start()
    assert 'string "night"' in world.get("Profiles")
