"""A box of its own for each test, and one pair of keys for all."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.gnupg import end_agent
from tests.services.updated.sysupdates import StandIn
from tests.services.updated.world import Key, World, make_key


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Key, Key]]:
    """The owner's key and a stranger's."""
    for program in ("gpg", "gpgv"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    folder = tmp_path_factory.mktemp("k")
    yield make_key(folder / "a"), make_key(folder / "b")
    for name in ("a", "b"):
        end_agent(folder / name)


@pytest.fixture
def key(keys: tuple[Key, Key]) -> Key:
    """The owner's."""
    return keys[0]


@pytest.fixture
def world(tmp_path: Path, key: Key) -> World:
    """A box that runs version 1 in slot A, with an empty slot B."""
    world = World(tmp_path, key)
    world.sysupdate = StandIn(world)
    return world
