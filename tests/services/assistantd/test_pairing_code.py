"""The pairing code is said in the room when somebody asks for it, and told in no other way."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

from common.errors import SottoError
from services.assistantd.pairing_code import PairingCode
from services.bench.virtual_sound import SPEAKER_RATE, PulseServer, until
from tests.hearsay import was_said
from tests.services.conftest import Box

CODE = "24054595"


class _Room:
    """Stands for the room; remembers what was said."""

    def __init__(self, *, speaks: bool = True) -> None:
        self.speaks = speaks
        self.said: list[str] = []
        self.done = threading.Event()

    def say_in_turn(self, text: str) -> None:
        self.said.append(text)
        self.done.set()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "pairing-code"
    path.write_text(f"{CODE}\n")
    return path


def test_it_is_said_twice_digit_by_digit(file: Path) -> None:
    room = _Room()
    PairingCode(file, room).say()
    assert room.done.wait(5)
    spoken = "two four zero five, four five nine five"
    assert room.said == [f"The pairing code is {spoken}. Once more: {spoken}."]


@pytest.mark.parametrize("content", [None, "", "soon\n"])
def test_without_a_code_it_says_so(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "pairing-code"
    if content is not None:
        path.write_text(content)
    with pytest.raises(SottoError) as caught:
        PairingCode(path, _Room()).say()
    assert caught.value.code == "pairing.none"


def test_without_a_loudspeaker_it_says_where_else_it_is(file: Path) -> None:
    with pytest.raises(SottoError) as caught:
        PairingCode(file, _Room(speaks=False)).say()
    assert (caught.value.code, "sotto pair" in (caught.value.hint or "")) == ("pairing.mute", True)


def test_who_asks_hears_it_in_the_room_and_reads_it_nowhere(own_box: Box, sound: PulseServer) -> None:
    own_box.extra.update(sound.environment)
    (own_box.state / "gateway").mkdir(parents=True)
    (own_box.state / "gateway" / "pairing-code").write_text(f"{CODE}\n")
    own_box.start()
    tap = sound.tap()
    (told,) = own_box.lines("ask", "--json", "what is the pairing code")
    assert told["reply"] == "I am saying the pairing code in the room."

    def silent() -> bool:
        heard = np.abs(tap.samples().astype(np.int32)) > 500
        return bool(heard.any()) and not heard[-SPEAKER_RATE * 2 :].any()

    assert until(silent, 40)
    tap.close()
    heard = own_box.words_of(tap.samples())
    assert was_said(heard, "pairing code"), heard
    kept = "".join(path.read_text(errors="replace") for path in own_box.state.glob("turns*"))
    assert "two four" not in kept and CODE not in kept
    assert own_box.stop() == 0
