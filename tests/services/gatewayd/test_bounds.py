"""Callers that mean no good, or know no better: each costs the box little, and others nothing."""

from __future__ import annotations

import asyncio
import random
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import psutil
import pytest

from services.bench.virtual_sound import until
from services.gatewayd.server import tcp_listener
from services.inbound.admission import KnownAddresses
from services.inbound.lines import Door
from services.settings.gateway import GatewaySettings
from tests.services.gatewayd.conftest import Gate
from tests.services.gatewayd.random_bytes import throw_bytes

#: Within so many seconds the gateway gives back what it needed for a moment.
SETTLE_S = 8
LIMITS = {"tls_s": 1.0, "head_s": 1.0, "idle_s": 1.0, "body_s": 2.0, "connections": 40}


@pytest.fixture
def strict(own_gate: Gate) -> Iterator[Gate]:
    """A gateway with short patience; its assistant is not there, which it must not need for this."""
    own_gate.box.state.mkdir(parents=True)
    own_gate.start(limits=LIMITS)
    yield own_gate
    status, log = own_gate.stop()
    assert status == 0
    assert "Traceback" not in log, log


def _connect(gate: Gate) -> ssl.SSLSocket:
    raw = socket.create_connection(("127.0.0.1", gate.port), timeout=10)
    return gate.tls.wrap_socket(raw, server_hostname="127.0.0.1")


def _seconds_until_closed(line: ssl.SSLSocket, drip: bytes = b"", every_s: float = 0.2) -> float:
    """How long the gateway bears a caller that sends `drip` now and then."""
    started = time.monotonic()
    line.settimeout(every_s)
    while time.monotonic() - started < 15:
        try:
            if drip:
                line.sendall(drip)
            if not line.recv(4096):
                break
        except TimeoutError:
            continue
        except OSError:
            break
    return time.monotonic() - started


def _is_alive(gate: Gate) -> bool:
    with gate.client() as client:
        # Its own words: a plain 503 would mean that there was no room for the question.
        return bool(client.get("/v1/health").json().get("code") == "daemon.gone")


def _answers(gate: Gate) -> bool:
    try:
        return _is_alive(gate)
    except httpx.TransportError:
        return False


def test_a_caller_that_says_nothing_is_let_go(strict: Gate) -> None:
    with _connect(strict) as line:
        assert _seconds_until_closed(line) < 10


def test_a_head_that_drips_is_given_up(strict: Gate) -> None:
    with _connect(strict) as line:
        line.sendall(b"GET /v1/health HTTP/1.1\r\n")
        assert _seconds_until_closed(line, b"X: y\r\n") < 10


def test_a_second_head_that_drips_is_given_up_too(strict: Gate) -> None:
    with _connect(strict) as line:
        line.sendall(b"GET /v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert line.recv(65536)
        line.sendall(b"GET /v1/health HTTP/1.1\r\n")
        assert _seconds_until_closed(line, b"X: y\r\n") < 10


def test_a_body_that_drips_is_given_up(strict: Gate) -> None:
    with _connect(strict) as line:
        line.sendall(b"POST /v1/pair HTTP/1.1\r\nHost: localhost\r\nContent-Length: 60000\r\n\r\n")
        assert _seconds_until_closed(line, b"x") < 10


@pytest.mark.parametrize(
    "head",
    [
        b"POST /v1/pair HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999\r\n\r\n",
        b"POST /v1/pair HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n",
    ],
)
def test_a_body_above_the_limit_is_refused(strict: Gate, head: bytes) -> None:
    with _connect(strict) as line:
        line.sendall(head)
        answer = b""
        try:
            for _ in range(200):
                line.sendall(b"1000\r\n" + bytes(0x1000) + b"\r\n")
        except OSError:
            pass
        try:
            answer = line.recv(4096)
        except OSError:
            return  # cut off while sending, which is an answer, too
        assert answer.startswith(b"HTTP/1.1 413")


def test_a_head_above_the_limit_is_refused(strict: Gate) -> None:
    with _connect(strict) as line:
        try:
            line.sendall(b"GET / HTTP/1.1\r\nX: " + b"y" * 1_000_000)
            answer = line.recv(4096)
        except OSError:
            answer = b""
        assert answer == b"" or answer.startswith(b"HTTP/1.1 4")
    assert _is_alive(strict)


def test_a_crowd_that_does_nothing_leaves_room_after_a_while(strict: Gate) -> None:
    lines = []
    for _ in range(LIMITS["connections"] * 2):  # type: ignore[call-overload]
        with suppress(OSError):  # one too many is cut off
            lines.append(_connect(strict))
    time.sleep(LIMITS["head_s"] * 2)
    assert _is_alive(strict)
    for line in lines:
        line.close()


@pytest.mark.parametrize("door", ["http", "grpc"])
def test_a_line_that_never_speaks_tls_is_let_go(strict: Gate, door: str) -> None:
    port = strict.grpc_port if door == "grpc" else strict.port
    with socket.create_connection(("127.0.0.1", port), timeout=30) as line:
        assert line.recv(1) == b""


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("door", ["http", "tls", "grpc"])
def test_ten_thousand_random_strings_leave_it_alive_and_small(strict: Gate, door: str) -> None:
    assert strict.process is not None
    chance = random.Random(door)
    process = psutil.Process(strict.process.pid)
    assert _is_alive(strict)

    def line() -> socket.socket:
        port = strict.grpc_port if door == "grpc" else strict.port
        raw = socket.create_connection(("127.0.0.1", port), timeout=10)
        return strict.tls.wrap_socket(raw, server_hostname="127.0.0.1") if door == "http" else raw

    throw_bytes(chance, 1_000, line)
    before = process.memory_info().rss
    throw_bytes(chance, 9_000, line)
    # The last of them may still hold the share of this address.
    assert until(lambda: _answers(strict), 30)
    time.sleep(SETTLE_S)
    grown = process.memory_info().rss - before
    assert grown < 10 * 1024 * 1024, f"{grown / 2**20:.1f} MB more"


def test_an_assistant_that_is_not_there_is_told(strict: Gate) -> None:
    with strict.client(strict.pair("early")) as client:
        answer = client.get("/v1/turns")
        assert (answer.status_code, answer.json()["code"]) == (503, "daemon.gone")
        assert client.post("/v1/query", json={"query": "hello"}).status_code == 503


def test_pairings_and_identity_survive_both_restarts(own_gate: Gate) -> None:
    box = own_gate.box
    box.start()
    own_gate.start()
    token = own_gate.pair("hub")
    before = own_gate.certificate.read_bytes()
    with own_gate.client(token) as client:
        assert client.get("/v1/turns").status_code == 200
        assert box.process is not None
        box.process.kill()
        box.process.communicate()
        assert client.get("/v1/turns").status_code == 503
        box.start()
        assert _comes_back(client)
    assert own_gate.stop()[0] == 0
    own_gate.start()
    assert own_gate.certificate.read_bytes() == before
    with own_gate.client(token) as client:
        assert client.get("/v1/turns").status_code == 200


def _comes_back(client: httpx.Client) -> bool:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        if client.get("/v1/turns").status_code == 200:
            return True
        time.sleep(0.1)
    return False


def test_a_port_that_is_taken_is_named(own_gate: Gate, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", own_gate.port))
        taken.listen()
        (own_gate.box.folder / "config").mkdir()
        with pytest.raises(pytest.fail.Exception, match=r"gateway\.port"):
            own_gate.start()


def test_a_mistake_in_the_settings_is_named_and_left_out(own_gate: Gate) -> None:
    own_gate.start(colour="blue")
    status, log = own_gate.stop()
    assert status == 0
    assert "unknown setting colour [settings.unknown]" in log


def test_small_answers_do_not_wait_for_each_other() -> None:
    listener = tcp_listener(GatewaySettings(host="127.0.0.1"), 0, Door.for_tokens(8, KnownAddresses()))
    port = listener.getsockname()[1]

    async def accepted() -> int:
        seen: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        async def serve(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            line = writer.get_extra_info("socket")
            seen.set_result(line.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        async with await asyncio.start_server(serve, sock=listener):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            nodelay = await seen
            writer.close()
        return nodelay

    assert asyncio.run(accepted()) != 0
