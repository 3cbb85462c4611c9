"""`Announce`: what may be said, when it is said, and what is answered where nothing can speak."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import cast

import grpc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.audio.convert import level_dbfs
from assistant.turn.conversation import Conversation
from common.errors import SottoError, Unavailable
from services.assistantd.announce import MAX_TEXT, checked, speak_in_turn
from services.bench.virtual_sound import PulseServer
from services.proto.sotto.v1 import assistant_pb2 as pb
from services.proto.sotto.v1 import assistant_pb2_grpc as rpc
from services.wire.status import from_rpc
from tests.services.conftest import Box


class _Talk:
    """Stands for a conversation that is busy for some tries."""

    def __init__(self, busy: int) -> None:
        self.busy = busy
        self.said: list[tuple[str, bool]] = []
        self.waited = False

    def say(self, text: str, *, chime: bool = False) -> bool:
        self.busy -= 1
        if self.busy < 0:
            self.said.append((text, chime))
        return self.busy < 0

    def wait(self, timeout: float | None = None) -> None:
        self.waited = timeout is not None


def _speak(talk: _Talk, wanted: Callable[[], bool] = lambda: True, patience_s: float = 30.0) -> None:
    speak_in_turn(cast(Conversation, talk), "hello", chime=True, wanted=wanted, patience_s=patience_s)


@given(st.text(max_size=2 * MAX_TEXT))
def test_what_is_said_is_one_clean_line_or_refused(text: str) -> None:
    try:
        line = checked(text)
    except SottoError as error:
        assert error.code in ("announce.empty", "announce.too-long")
        assert error.hint
    else:
        assert line.isprintable()
        assert line == line.strip()


def test_it_waits_for_its_turn_and_until_it_is_spoken() -> None:
    talk = _Talk(busy=2)
    _speak(talk)
    assert talk.said == [("hello", True)]
    assert talk.waited


def test_a_box_that_is_busy_for_long_says_so() -> None:
    with pytest.raises(Unavailable) as caught:
        _speak(_Talk(busy=10**9), patience_s=0.2)
    assert caught.value.code == "announce.busy"


def test_what_nobody_wants_any_more_is_not_said() -> None:
    talk = _Talk(busy=1)
    _speak(talk, wanted=lambda: False)
    assert not talk.said


@pytest.mark.parametrize(("text", "code"), [("", "announce.empty"), ("x" * 1001, "announce.too-long")])
def test_a_bad_text_is_refused_with_its_reason(box: Box, text: str, code: str) -> None:
    with grpc.insecure_channel(f"unix:{box.socket}") as channel:
        with pytest.raises(grpc.RpcError) as caught:
            rpc.AssistantStub(channel).Announce(pb.AnnounceRequest(text=text))
    error = from_rpc(caught.value)
    assert error.code == code
    assert error.hint


def test_without_an_assistant_the_command_says_that_none_runs(own_box: Box) -> None:
    done = own_box.run("announce", "hello", check=False)
    assert done.returncode == 5
    assert "daemon.absent" in done.stderr


def test_without_a_loudspeaker_the_command_says_so(own_box: Box) -> None:
    if list(Path("/proc/asound").glob("card[0-9]*")):
        pytest.skip("this machine has a sound card, which would speak")
    own_box.extra.update({"PULSE_SERVER": "unix:/nonexistent"})
    own_box.start()
    done = own_box.run("announce", "hello", check=False)
    assert done.returncode == 5, done.stdout + done.stderr
    assert "audio.no-output" in done.stderr


def test_the_box_speaks_in_its_room(own_box: Box, sound: PulseServer) -> None:
    own_box.extra.update(sound.environment)
    own_box.start()
    tap = sound.tap()
    own_box.run("announce", "the set-up is complete", "--no-chime")
    tap.close()
    heard = tap.samples()
    blocks = heard[: len(heard) // 2205 * 2205].reshape(-1, 2205)
    loud = [block for block in blocks if level_dbfs(block) > -40]
    assert len(loud) >= 5, "half a second of speech must be audible"
