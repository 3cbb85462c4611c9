"""Frames that cannot be read, on both of Wyoming's ports."""

from __future__ import annotations

import random
import socket
import time
from collections.abc import Iterator

import psutil
import pytest
from wyoming.ping import Ping

from services.bench.virtual_sound import until
from tests.services.gatewayd.conftest import Gate
from tests.services.gatewayd.random_bytes import throw_bytes
from tests.services.gatewayd.satellite.hub import ScriptedHub


@pytest.fixture(scope="module")
def hub(gate: Gate) -> Iterator[Gate]:
    """A gateway that is paired with a hub on this machine."""
    gate.box.run("hubs", "add", "127.0.0.1")
    yield gate


DOORS = pytest.mark.parametrize("door", ["wyoming_port", "satellite_port"])


def test_an_event_without_its_fields_is_told(hub: Gate) -> None:
    with socket.create_connection(("127.0.0.1", hub.wyoming_port), timeout=20) as line:
        line.sendall(b'{"type": "synthesize", "data": {}}\n{"type": "audio-chunk"}\n')
        answer = b""
        while b"wyoming.event" not in answer:
            piece = line.recv(65536)
            assert piece, answer
            answer += piece


def _answer_to(hub: Gate, door: str, sent: bytes, *, stay: bool = True) -> bytes:
    """All that is answered to some bytes until the box closes the connection."""
    with socket.create_connection(("127.0.0.1", getattr(hub, door)), timeout=40) as line:
        line.sendall(sent)
        if not stay:
            line.shutdown(socket.SHUT_WR)
        answer = b""
        while piece := line.recv(65536):
            answer += piece
        return answer


@DOORS
@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (b'{"type": "audio-chunk", "payload_length": 99999999999}\n', b"wyoming.too-large"),
        (b'{"type": "transcript", "data_length": 999999}\n', b"wyoming.too-large"),
        (b"x" * 70_000, b"wyoming.too-large"),
        (b'{"type": "ping", "data_length": -1}\n', b"wyoming.length"),
        (b"no json\n", b"wyoming.json"),
        (b"[]\n", b"wyoming.json"),
        (b"{}\n", b"wyoming.event"),
    ],
)
def test_a_frame_that_cannot_be_read_ends_the_connection(
    hub: Gate, door: str, sent: bytes, code: bytes
) -> None:
    assert code in _answer_to(hub, door, sent)


@DOORS
@pytest.mark.parametrize(
    "sent", [b'{"type": "pi', b'{"type": "audio-chunk", "payload_length": 100}\nxyz'], ids=["line", "payload"]
)
def test_a_frame_that_ends_in_the_middle_does(hub: Gate, door: str, sent: bytes) -> None:
    assert b"wyoming.cut" in _answer_to(hub, door, sent, stay=False)


@DOORS
def test_a_frame_that_drips_is_given_up(own_gate: Gate, door: str) -> None:
    own_gate.box.state.mkdir(parents=True)
    own_gate.start(limits={"idle_s": 1.0})
    own_gate.box.run("hubs", "add", "127.0.0.1")
    started = time.monotonic()
    with socket.create_connection(("127.0.0.1", getattr(own_gate, door)), timeout=0.2) as line:
        while time.monotonic() - started < 15:
            try:
                line.sendall(b" ")
                if not line.recv(100):
                    break
            except TimeoutError:
                continue
            except OSError:
                break
    assert time.monotonic() - started < 10


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize("door", ["wyoming_port", "satellite_port"])
def test_ten_thousand_random_strings_leave_it_alive_and_small(hub: Gate, door: str) -> None:
    assert hub.process is not None
    chance, port = random.Random(door), getattr(hub, door)
    process = psutil.Process(hub.process.pid)

    def line() -> socket.socket:
        return socket.create_connection(("127.0.0.1", port), timeout=10)

    throw_bytes(chance, 1_000, line)
    before = process.memory_info().rss
    throw_bytes(chance, 9_000, line)
    grown = process.memory_info().rss - before

    def answers() -> bool:
        # While the last of them are being closed there may be no place for one more.
        asking = ScriptedHub(port, run=False)
        try:
            asking.say(Ping())
            return until(lambda: asking.saw("pong"), 5)
        except OSError:
            return False
        finally:
            asking.stop()

    assert until(answers)
    assert grown < 10 * 1024 * 1024, f"{grown / 2**20:.1f} MB more"
