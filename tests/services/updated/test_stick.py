"""A USB stick with an update, through a running updated."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from services.updated.main import serve
from services.updated.stick import install_from, say
from tests.services.updated.world import World


@pytest.fixture
def daemon(world: World) -> Iterator[World]:
    """The box with updated serving, within this process so that its sysupdate is the test's."""
    world.places.socket.parent.mkdir(parents=True)
    server = serve(world.updater(), world.places.socket)
    yield world
    server.stop(1.0).wait(5)


def test_a_stick_without_an_update_is_passed_over(daemon: World, tmp_path: Path) -> None:
    (tmp_path / "song.mp3").write_bytes(b"la la la")
    assert install_from(tmp_path, daemon.places.socket) == ""


def test_an_update_on_a_stick_is_installed_and_told(daemon: World, tmp_path: Path) -> None:
    daemon.publish("2")
    daemon.source.rename(tmp_path / "sotto-update")
    told = install_from(tmp_path, daemon.places.socket)
    assert told == "Version 2 is installed from the stick. Switch me off and on to try it."
    assert daemon.updater().overview().state.staged == "2"


def test_the_version_that_runs_is_no_news(daemon: World) -> None:
    daemon.publish("1")
    assert install_from(daemon.source, daemon.places.socket) == ""


def test_a_damaged_update_on_a_stick_is_told(daemon: World) -> None:
    name = next(name for name in daemon.publish("2") if name.endswith(".efi"))
    (daemon.source / name).write_bytes(b"changed")
    told = install_from(daemon.source, daemon.places.socket)
    assert told.startswith("The update on the stick was not installed: ")
    assert daemon.updater().overview().state.staged == ""


def test_it_is_said_again_until_somebody_speaks_it() -> None:
    answers = [False, True]
    pauses: list[float] = []
    assert say("Hello.", lambda _text: answers.pop(0), pauses.append)
    assert len(pauses) == 1
    assert not say("Hello.", lambda _text: False, pauses.append)
