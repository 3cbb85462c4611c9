"""The whole box in a room: a virtual microphone and loudspeaker, everything else real."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import grpc
import numpy as np
import pytest

from assistant.audio.convert import level_dbfs
from assistant.audio.format import FRAME_SAMPLES, Samples
from assistant.settings import Settings
from services.assistantd.room import Room
from services.bench.virtual_sound import PulseServer, until
from services.proto.sotto.v1 import assistant_pb2 as pb
from services.proto.sotto.v1 import assistant_pb2_grpc as rpc
from tests.services.conftest import Box

#: A sound server on a busy machine loses samples; a person, too, says it again.
TRIES = 4


class _Watcher:
    """Collects the box's events in a thread of its own."""

    def __init__(self, channel: grpc.Channel) -> None:
        self.events: list[pb.Event] = []
        self._call = rpc.AssistantStub(channel).Watch(pb.WatchRequest())
        self._call.initial_metadata()
        threading.Thread(target=self._collect, daemon=True).start()

    def _collect(self) -> None:
        with contextlib.suppress(grpc.RpcError):
            for event in self._call:
                self.events.append(event)

    def saw(self, kind: str, seconds: float = 20, **data: object) -> bool:
        """Whether such an event came, or comes within some seconds."""
        return until(
            lambda: any(
                event.kind == kind and all(event.data[name] == value for name, value in data.items())
                for event in list(self.events)
            ),
            seconds,
        )


def _say_until_answered(sound: PulseServer, path: Path, watcher: _Watcher) -> None:
    watcher.events.clear()
    for _ in range(TRIES):
        sound.speak(path).wait(30)
        if watcher.saw("turn", seconds=8, accepted=True):
            return
    pytest.fail(f"nothing was understood: {[event.kind for event in watcher.events]}")


def test_somebody_speaks_and_the_box_answers(
    own_box: Box, sound: PulseServer, wav: Callable[..., Path]
) -> None:
    own_box.extra.update(sound.environment)
    own_box.start(microphone=True)
    path = wav("okay nabu what time is it", lead=1.0, tail=1.5)
    with grpc.insecure_channel(f"unix:{own_box.socket}") as channel:
        watcher = _Watcher(channel)
        tap = sound.tap()
        _say_until_answered(sound, path, watcher)
        tap.close()
        assert watcher.saw("wake")
        heard = tap.samples()
        blocks = heard[: len(heard) // 2205 * 2205].reshape(-1, 2205)
        assert max(level_dbfs(block) for block in blocks) > -30, "the answer must be audible"
        clocks = own_box.lines("turns", "-n", "1", "--json")[0]["clocks_ms"]
        assert isinstance(clocks, dict)
        assert 0 < clocks["decided"] <= clocks["heard"]

        # Both, because a sound server would quietly move the stream to the loudspeaker's monitor.
        sound.unplug("microphone")
        sound.unplug("speaker")
        assert watcher.saw("microphone", state="lost")
        sound.plug_microphone()
        sound.plug_speaker()
        assert watcher.saw("microphone", state="reopened", seconds=40)
        _say_until_answered(sound, path, watcher)
    assert own_box.stop() == 0


class _Driver:
    """A microphone whose driver fails once in a way that nobody foresaw."""

    def __init__(self) -> None:
        self.opened = 0
        self.relaxed = False

    def frames(self) -> Iterator[Samples]:
        self.opened += 1
        if self.opened == 1:
            raise ValueError("cannot convert float NaN to integer")
        yield np.zeros(FRAME_SAMPLES, np.int16)

    def close_for_rescan(self) -> bool:
        return True


class _Ears:
    """Counts what is heard."""

    is_alert = False

    def __init__(self) -> None:
        self.frames = 0

    def feed(self, _frame: Samples) -> None:
        self.frames += 1


def test_a_microphone_that_fails_is_opened_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.assistantd.room._RETRY_S", 0.0)
    room = Room(Settings(), tmp_path, microphone=False)
    driver, ears = _Driver(), _Ears()
    room._microphone, room._conversation = driver, ears  # type: ignore[assignment]
    room._listen()
    assert (driver.opened, ears.frames) == (2, 1)
