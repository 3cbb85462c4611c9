"""How a daemon ends, and what is still there afterwards."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import grpc
import pytest

from assistant.audio.files import read_audio
from assistant.skills.rings import LATE_AFTER
from services.proto.sotto.v1 import assistant_pb2 as pb
from services.proto.sotto.v1 import assistant_pb2_grpc as rpc
from tests.services.conftest import Box


def test_stopped_in_mid_sentence_it_ends_cleanly_and_keeps_its_timers(
    own_box: Box, wav: Callable[..., Path]
) -> None:
    own_box.start()
    own_box.run("ask", "set a pizza timer for 50 minutes")
    audio = read_audio(wav("what time is it"))
    speaking, hold = threading.Event(), threading.Event()

    def requests() -> Iterator[pb.ConverseRequest]:
        yield pb.ConverseRequest(start=pb.ConverseStart(realtime=True))
        yield pb.ConverseRequest(audio=audio.tobytes() + bytes(32_000))
        hold.wait(20)

    def converse() -> None:
        with grpc.insecure_channel(f"unix:{own_box.socket}") as channel:
            try:
                for response in rpc.AssistantStub(channel).Converse(requests()):
                    if response.event.kind == "reply-started":
                        speaking.set()
            except grpc.RpcError:
                pass

    client = threading.Thread(target=converse)
    client.start()
    assert speaking.wait(20)
    assert own_box.stop() == 0
    hold.set()
    client.join(20)
    assert not own_box.socket.exists()
    own_box.start()
    (line,) = own_box.lines("ask", "how much time is left on the pizza timer", "--json")
    assert "orty nine minutes" in str(line["reply"])


def test_killed_it_leaves_nothing_that_stops_the_next_one(own_box: Box) -> None:
    process = own_box.start()
    own_box.run("ask", "turn on the kitchen light")
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    own_box.start()
    (line,) = own_box.lines("ask", "is the kitchen light on", "--json")
    assert str(line["reply"]).lower().startswith("yes")


def test_sentence_files_keep_it_neither_from_starting_nor_from_stopping(own_box: Box) -> None:
    folder = own_box.folder / "config" / "sentences"
    folder.mkdir(parents=True)
    own = "intents: {HassNevermind: {data: [{sentences: ['%s']}]}}"
    (folder / "loop.yaml").write_text("expansion_rules: {a: 'x <a>'}")
    (folder / "many.yaml").write_text(own % ("forget " + "[a] " * 90 + "b"))
    (folder / "unknown.yaml").write_text("2001-99-99: x")
    own_box.start()
    (many, light) = (
        own_box.lines("ask", text, "--json")[0]
        for text in ("forget " + "a " * 30, "turn on the kitchen light")
    )
    assert (many["accepted"], light["accepted"]) == (False, True)
    process = own_box.process
    assert process is not None
    process.send_signal(signal.SIGTERM)
    _, log = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "loop.yaml:1: rules lead in a circle: a -> a" in log
    assert "unknown.yaml:1: the file has the unknown key" in log


@pytest.mark.slow
def test_a_timer_that_was_due_while_it_was_down_rings_late_and_says_so(own_box: Box) -> None:
    process = own_box.start()
    own_box.run("ask", "set a tea timer for 1 second")
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    time.sleep(LATE_AFTER.total_seconds() + 3)
    own_box.start()
    with grpc.insecure_channel(f"unix:{own_box.socket}") as channel:
        watching = rpc.AssistantStub(channel).Watch(pb.WatchRequest(), timeout=20)
        with contextlib.suppress(grpc.RpcError):
            for event in watching:
                if event.kind == "reply-started":
                    break
    (line,) = own_box.lines("ask", "repeat that", "--json")
    assert "tea" in str(line["reply"])
    assert "ago" in str(line["reply"])


def test_a_full_disk_costs_the_record_not_the_answer(own_box: Box) -> None:
    own_box.state.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(own_box.state)],
        capture_output=True,
    )
    if mounted.returncode != 0:
        pytest.skip("a small disk cannot be mounted here (needs root)")
    try:
        own_box.start()
        own_box.run("ask", "turn on the kitchen light")
        with (own_box.state / "filler").open("wb", buffering=0) as filler:
            try:
                while True:
                    filler.write(bytes(4096))
            except OSError:
                pass
        (line,) = own_box.lines("ask", "what time is it", "--json")
        assert line["accepted"] is True
        (own_box.state / "filler").unlink()
        own_box.run("ask", "what day is it")
        stored = own_box.lines("turns", "-n", "1", "--json")
        assert stored[0]["intent"] == "HassGetCurrentDate"
        assert own_box.stop() == 0
    finally:
        if own_box.process is not None and own_box.process.poll() is None:
            own_box.process.kill()
            own_box.process.communicate()
        subprocess.run(["umount", str(own_box.state)], check=True)
