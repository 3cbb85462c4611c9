"""The whole of sotto-sound against a real PipeWire and WirePlumber, with nodes for cards."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.services.sound.server import RATE, SoundServer, until, why_not

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not())

NOISE = np.random.default_rng(3).normal(0, 0.1, RATE * 60).astype(np.float32)


class Box:
    """A server, the daemon, and what it says."""

    def __init__(self, folder: Path) -> None:
        self.server = SoundServer(folder)
        self.run = folder / "sotto-sound"
        self.settings = folder / "settings"
        self.run.mkdir()
        self.settings.mkdir()

    def start(self, **extra: str) -> Any:
        """Start sotto-sound and wait for its first choice."""
        words = ("--folder", str(self.run), "--settings", str(self.settings))
        process = self.server.run(sys.executable, "-m", "services.sound.main", *words, extra=extra)
        assert until(lambda: (self.run / "choice.json").exists(), 30), self.server.log()
        return process

    def choice(self) -> dict[str, Any]:
        table: dict[str, Any] = json.loads((self.run / "choice.json").read_text("utf-8"))
        return table

    def microphone(self) -> str:
        return str((self.choice()["microphone"] or {}).get("name", ""))


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    box = Box(tmp_path)
    try:
        box.server.start()
        yield box
    finally:
        box.server.stop()


def test_the_living_microphone_is_chosen(box: Box) -> None:
    box.server.air("quiet")
    box.server.air("room")
    box.server.play("room", NOISE * 0.05)
    box.server.card("a_dead", hears="quiet")
    box.server.card("b_alive", hears="room", plays_to="quiet")
    box.start()
    assert until(lambda: box.microphone() == "alsa_input.b_alive"), box.choice()
    assert {m["name"]: m["health"] for m in box.choice()["microphones"]} == {
        "alsa_input.a_dead": "stuck",
        "alsa_input.b_alive": "alive",
    }
    chosen = ("alsa_input.b_alive", "alsa_output.b_alive")
    assert until(lambda: (box.server.default("source"), box.server.default("sink")) == chosen)


def test_cards_come_and_go_and_whoever_listens_moves_along(box: Box) -> None:
    box.server.air("room")
    box.server.play("room", NOISE * 0.05)
    sound = box.start()
    assert box.choice()["microphone"] is None
    listener = box.server.run(
        "pw-record", "-P", '{"node.name": "listener"}', str(box.server.folder / "heard.wav")
    )
    first = box.server.card("board", hears="room", bus="pci")
    assert until(lambda: box.microphone() == "alsa_input.board"), box.choice()
    assert until(lambda: box.server.heard_by("listener") == {"alsa_input.board"})
    second = box.server.card("stick", hears="room", plays_to="room")
    assert until(lambda: box.microphone() == "alsa_input.stick"), box.choice()
    assert until(lambda: box.server.heard_by("listener") == {"alsa_input.stick"})
    box.server.end(second)
    assert until(lambda: box.microphone() == "alsa_input.board"), box.choice()
    assert until(lambda: box.server.heard_by("listener") == {"alsa_input.board"})
    box.server.end(first)
    assert until(lambda: box.choice()["microphone"] is None), box.choice()
    assert listener.poll() is None
    assert box.server.end(sound) == 0


def test_the_owner_names_a_card_while_it_runs(box: Box) -> None:
    box.server.air("room")
    box.server.play("room", NOISE * 0.05)
    box.server.card("stick", hears="room", plays_to="room")
    box.server.card("board", hears="room", plays_to="room", bus="pci")
    box.start()
    assert until(lambda: box.microphone() == "alsa_input.stick"), box.choice()
    (box.settings / "sound.toml").write_text('microphone = "board"\n')
    assert until(lambda: box.microphone() == "alsa_input.board", 40), box.choice()
    assert "chosen by the owner" in box.choice()["reason"]
    assert until(lambda: box.server.default("source") == "alsa_input.board")
