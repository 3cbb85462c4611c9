"""The whole of sotto-sound against a real PipeWire and WirePlumber, with nodes for cards."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.services.sound.server import RATE, SoundServer, until, why_not

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not())

NOISE = np.random.default_rng(3).normal(0, 0.1, RATE * 60).astype(np.float32)


def cancellers(parent: int) -> list[int]:
    """Process ids of the echo cancellers that `parent` started."""
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return [int(pid) for pid in children if b"echo-cancel.conf" in Path(f"/proc/{pid}/cmdline").read_bytes()]


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


def test_the_living_microphone_is_chosen_and_its_echo_cancelled(box: Box) -> None:
    box.server.air("quiet")
    box.server.air("room")
    box.server.play("room", NOISE * 0.05)
    box.server.card("a_dead", hears="quiet")
    box.server.card("b_alive", hears="room", plays_to="quiet")
    box.start()
    assert until(lambda: box.choice()["echo_cancellation"]["active"]), box.choice()
    assert box.choice()["microphone"]["name"] == "alsa_input.b_alive"
    assert {m["name"]: m["health"] for m in box.choice()["microphones"]} == {
        "alsa_input.a_dead": "stuck",
        "alsa_input.b_alive": "alive",
    }
    assert (box.server.default("source"), box.server.default("sink")) == ("sotto_mic", "sotto_speaker")
    assert box.server.heard_by("sotto_mic_in") == {"alsa_input.b_alive"}


def test_cards_come_and_go_and_whoever_listens_moves_along(box: Box) -> None:
    box.server.air("room")
    box.server.play("room", NOISE * 0.05)
    sound = box.start()
    assert box.choice()["microphone"] is None
    assert not box.choice()["echo_cancellation"]["active"]
    listener = box.server.run(
        "pw-record", "-P", '{"node.name": "listener"}', str(box.server.folder / "heard.wav")
    )
    first = box.server.card("board", hears="room", bus="pci")
    assert until(lambda: box.microphone() == "alsa_input.board"), box.choice()
    assert until(lambda: box.server.heard_by("listener") == {"alsa_input.board"})
    second = box.server.card("stick", hears="room", plays_to="room")
    assert until(lambda: box.choice()["default_source"] == "sotto_mic"), box.choice()
    assert until(lambda: box.server.heard_by("listener") == {"sotto_mic"})
    box.server.end(second)
    assert until(lambda: box.choice()["default_source"] == "alsa_input.board"), box.choice()
    assert until(lambda: box.server.heard_by("listener") == {"alsa_input.board"})
    box.server.end(first)
    assert until(lambda: box.choice()["microphone"] is None), box.choice()
    assert listener.poll() is None
    assert box.server.end(sound) == 0


def test_echo_is_much_lower_behind_the_canceller(box: Box) -> None:
    box.server.air("room")
    box.server.card("stick", hears="room", plays_to="room")
    box.start()
    assert until(lambda: box.choice()["echo_cancellation"]["active"]), box.choice()
    box.server.play("sotto_speaker", NOISE)
    box.server.record("sotto_mic", 5)  # time to learn the way of the echo
    with_echo = box.server.record("alsa_input.stick", 2)[RATE:]
    without = box.server.record("sotto_mic", 2)[RATE:]
    lower_db = 20 * np.log10(with_echo.std() / max(float(without.std()), 1e-9))
    assert with_echo.std() > 0.01
    assert lower_db > 15


def test_without_its_plugin_sound_works_without_cancelling(box: Box, tmp_path: Path) -> None:
    box.server.air("room")
    box.server.play("room", NOISE * 0.05)
    box.server.card("stick", hears="room", plays_to="room")
    installed = next(Path("/usr/lib").glob("**/spa-0.2"))
    plugins = tmp_path / "plugins"
    plugins.mkdir()
    for folder in installed.iterdir():
        if folder.name != "aec":
            (plugins / folder.name).symlink_to(folder)
    box.start(SPA_PLUGIN_DIR=str(plugins))
    assert until(lambda: box.choice()["default_source"] == "alsa_input.stick"), box.choice()
    assert box.server.default("sink") == "alsa_output.stick"
    assert not box.choice()["echo_cancellation"]["active"]
    assert "echo canceller" in box.choice()["echo_cancellation"]["reason"]


def test_the_owner_switches_cancelling_off_and_names_a_card_while_it_runs(box: Box) -> None:
    box.server.air("room")
    box.server.play("room", NOISE * 0.05)
    box.server.card("stick", hears="room", plays_to="room")
    box.server.card("board", hears="room", plays_to="room", bus="pci")
    box.start()
    assert until(lambda: box.microphone() == "alsa_input.stick"), box.choice()
    (box.settings / "sound.toml").write_text('microphone = "board"\necho_cancellation = false\n')
    assert until(lambda: box.choice()["default_source"] == "alsa_input.board", 40), box.choice()
    assert "chosen by the owner" in box.choice()["reason"]
    assert box.choice()["echo_cancellation"]["reason"] == "switched off by the owner"
    assert "sotto_mic" not in box.server.nodes()


def test_a_canceller_that_is_killed_comes_back(box: Box) -> None:
    box.server.air("room")
    box.server.card("stick", hears="room", plays_to="room")
    sound = box.start()
    assert until(lambda: box.choice()["echo_cancellation"]["active"]), box.choice()
    (before,) = cancellers(sound.pid)
    os.kill(before, signal.SIGKILL)
    assert until(lambda: cancellers(sound.pid) not in ([], [before])), box.server.log()
    assert until(lambda: {"sotto_mic", "sotto_speaker"} <= box.server.nodes()), box.server.log()
    assert until(lambda: box.server.heard_by("sotto_mic_in") == {"alsa_input.stick"})
