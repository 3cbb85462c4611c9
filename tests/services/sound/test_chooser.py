"""The daemon's rounds, with the sound server and the microphones played by the test."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from services.sound import chooser
from services.sound.choose import Device
from services.sound.chooser import AGAIN_S, Chooser
from services.sound.reading import Health, MicReading
from tests.services.sound.test_graph import card, node

ALIVE, STUCK = (
    MicReading(Health.ALIVE, "alive", distinct=1),
    MicReading(Health.STUCK, "silence"),
)


class World:
    """What is plugged in, what is heard, and what was asked for."""

    def __init__(self, folder: Path) -> None:
        self.objects: list[dict[str, Any]] = []
        self.heard: dict[str, MicReading] = {}
        self.listened: list[str] = []
        self.dumps = 0
        self.defaults: dict[str, str] = {}
        self.chooser = Chooser(folder, folder, self.listen)
        self.folder = folder

    def listen(self, microphones: Sequence[Device]) -> Mapping[Device, MicReading]:
        self.listened += [one.name for one in microphones]
        return {one: self.heard.get(one.name, ALIVE) for one in microphones}

    def dump(self) -> list[Any]:
        self.dumps += 1
        return self.objects

    def look(self, now: float, *, changed: bool = True) -> dict[str, Any]:
        self.chooser.look(now, changed=changed)
        table: dict[str, Any] = json.loads((self.folder / "choice.json").read_text("utf-8"))
        return table


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    world = World(tmp_path)
    monkeypatch.setattr(chooser, "dump", world.dump)
    monkeypatch.setattr(chooser, "set_default", world.defaults.__setitem__)
    return world


def test_without_a_card_nothing_is_set(world: World) -> None:
    assert world.look(0)["microphone"] is None
    assert world.defaults == {}
    assert not world.chooser.has_card


def test_only_what_is_new_is_listened_to(world: World) -> None:
    world.objects = [node("a")]
    world.look(0)
    world.objects = [node("a"), node("b", **{"device.bus": "usb"})]
    assert world.look(1)["microphone"]["name"] == "b"
    assert world.listened == ["a", "b"]
    assert world.defaults == {"source": "b"}


def test_a_server_that_says_nothing_new_is_not_asked(world: World) -> None:
    world.objects = [node("a")]
    world.look(0)
    world.look(1, changed=False)
    assert world.dumps == 1


def test_a_new_wish_is_followed_without_a_word_of_the_server(world: World) -> None:
    world.objects = [node("a"), node("b")]
    assert world.look(0)["microphone"]["name"] == "a"
    (world.folder / "sound.toml").write_text('microphone = "b"\n')
    assert world.look(1, changed=False)["microphone"]["name"] == "b"


def test_a_silent_microphone_is_listened_to_again_ever_more_rarely(world: World) -> None:
    world.objects, world.heard = [node("a")], {"a": STUCK}
    assert not world.look(0)["settled"]
    now, waits = 0.0, []
    for _ in range(len(AGAIN_S) + 1):
        waits.append(world.chooser.wait_s(now, 10_000))
        now += waits[-1]
        world.look(now, changed=False)
    assert waits == [*AGAIN_S, AGAIN_S[-1]]
    assert len(world.listened) == 1 + len(waits)
    world.heard = {"a": ALIVE}
    now += world.chooser.wait_s(now, 10_000)
    assert world.look(now, changed=False)["settled"]
    assert world.chooser.wait_s(now, 20) == 20


def test_a_loopback_cable_has_no_echo(world: World) -> None:
    world.objects = [node("a"), node("b", "Audio/Sink"), card(**{"alsa.driver_name": "snd_aloop"})]
    assert world.look(0)["echo"] is False
    assert world.defaults == {"source": "a", "sink": "b"}
    world.objects = [node("a"), node("b", "Audio/Sink")]
    assert world.look(1)["echo"] is True


def test_problems_in_the_owners_files_are_told(world: World) -> None:
    (world.folder / "sound.toml").write_text("microphone = 3\n")
    assert "sound.toml" in world.look(0)["problems"][0]
