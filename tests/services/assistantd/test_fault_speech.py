"""Each new fault is said in the room once, also over a restart."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from assistant.turn.store import TurnStore
from common.errors import Unavailable
from common.faults import MAX_FAULTS, Fault, Faults
from services.assistantd.fault_speech import SETTLE_S, FaultSpeech, stored
from services.bench.virtual_sound import SPEAKER_RATE, PulseServer
from services.bench.virtual_sound import until as sound_until
from tests.hearsay import was_said
from tests.services.conftest import Box
from tests.services.connectord.conftest import until

ONE, TWO = Fault("a", "one"), Fault("b", "two")


class _Room:
    """Stands for the room; is busy as long as it is told."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.busy = False

    def say(self, text: str) -> None:
        if self.busy:
            raise Unavailable("busy", code="announce.busy")
        self.said.append(text)


def _text(faults: Sequence[Fault]) -> str:
    return " and ".join(fault.message for fault in faults)


@pytest.fixture
def faults() -> Faults:
    return Faults()


@pytest.fixture
def room() -> _Room:
    return _Room()


def speech(faults: Faults, room: _Room, folder: Path) -> FaultSpeech:
    return FaultSpeech(faults, _text, room.say, folder / "told.json", settle_s=0.0)


def test_what_is_new_is_said_once_and_together(faults: Faults, room: _Room, tmp_path: Path) -> None:
    speaking = speech(faults, room, tmp_path)
    faults.report("home", [ONE])
    faults.report("gatewayd", [TWO])
    assert speaking.say_new()
    assert speaking.say_new()
    assert room.said == ["one and two"]


def test_a_restart_says_only_what_is_new(faults: Faults, room: _Room, tmp_path: Path) -> None:
    faults.report("home", [ONE])
    speech(faults, room, tmp_path).say_new()
    after = Faults()
    again = speech(after, room, tmp_path)
    again.say_new()  # before anything is reported
    after.report("home", [ONE])
    again.say_new()
    assert room.said == ["one"]
    after.report("home", [ONE, TWO])
    again.say_new()
    assert room.said == ["one", "two"]


def test_what_comes_back_after_it_was_mended_is_said_again(
    faults: Faults, room: _Room, tmp_path: Path
) -> None:
    speaking = speech(faults, room, tmp_path)
    for found in ([ONE], [], [ONE]):
        faults.report("home", found)
        speaking.say_new()
    assert room.said == ["one", "one"]


def test_what_could_not_be_said_is_said_later(faults: Faults, room: _Room, tmp_path: Path) -> None:
    speaking = speech(faults, room, tmp_path)
    faults.report("home", [ONE])
    room.busy = True
    assert not speaking.say_new()
    room.busy = False
    assert speaking.say_new()
    assert room.said == ["one"]


@pytest.mark.parametrize("content", ["", "[]", '{"home": 5, "x": [5]}', "{" * 9999])
def test_a_damaged_memory_says_it_again(faults: Faults, room: _Room, tmp_path: Path, content: str) -> None:
    (tmp_path / "told.json").write_text(content)
    faults.report("home", [ONE])
    speech(faults, room, tmp_path).say_new()
    assert room.said == ["one"]


def test_the_memory_is_bounded(faults: Faults, room: _Room, tmp_path: Path) -> None:
    speaking = speech(faults, room, tmp_path)
    for round_ in range(5):
        faults.report("home", [Fault("a", f"{round_}-{n}") for n in range(1000)])
        speaking.say_new()
    assert (tmp_path / "told.json").stat().st_size < 40 * MAX_FAULTS


def test_a_report_is_said_by_the_thread(faults: Faults, room: _Room, tmp_path: Path) -> None:
    speaking = speech(faults, room, tmp_path)
    speaking.start()
    faults.report("home", [ONE])
    until(lambda: room.said == ["one"], "it is said")
    speaking.stop()


def test_what_was_said_is_among_the_turns(tmp_path: Path) -> None:
    said: list[str] = []
    turns = TurnStore(tmp_path)
    stored(turns, said.append)("the timers are lost")
    (turn,) = turns.newest()
    assert (turn.reply, turn.transcript, turn.label, said) == (
        "the timers are lost",
        "",
        "fault",
        [turn.reply],
    )


@pytest.mark.slow
def test_the_room_hears_it_and_not_again_after_a_restart(own_box: Box, sound: PulseServer) -> None:
    own_box.extra.update(sound.environment)
    config = own_box.folder / "config"
    config.mkdir()
    (config / "assistant.toml").write_text("[voice]\nspeed = 99\n")
    own_box.start()
    tap = sound.tap()

    def loud() -> NDArray[np.bool_]:
        return np.abs(tap.samples().astype(np.int32)) > 500

    assert sound_until(lambda: bool(loud().any()) and not loud()[-SPEAKER_RATE * 2 :].any(), 60)
    tap.close()
    heard = own_box.words_of(tap.samples())
    # Names of files are no words that a recogniser knows; the rest of the sentence is.
    assert was_said(heard, "cannot be used so I left it out"), heard
    assert own_box.stop() == 0
    own_box.start()
    tap = sound.tap()
    assert not sound_until(lambda: bool(loud().any()), SETTLE_S + 10)
    tap.close()
    assert own_box.stop() == 0
