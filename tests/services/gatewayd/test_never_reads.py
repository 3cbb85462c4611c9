"""A peer that never reads what it asked for: it loses its connection or its call, and costs little memory."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import grpc
import psutil
import pytest
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from services.bench.virtual_sound import until
from services.proto.sotto.v1 import assistant_pb2 as pb
from services.proto.sotto.v1 import assistant_pb2_grpc as rpc
from tests.services.conftest import Box, free_port
from tests.services.gatewayd.conftest import Gate

#: It may hold what the kernel did not take, and what is being made.
MEMORY = 20 * 1024 * 1024
LIMITS = {"idle_s": 1.0, "silent_s": 1.0}


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gate]:
    """A gateway with little patience, its assistant, and a hub on this machine."""
    box = Box(tmp_path_factory.mktemp("never"))
    box.start()
    gate = Gate(box, free_port(), free_port(), free_port(), free_port())
    gate.start(limits=LIMITS)
    box.run("hubs", "add", "127.0.0.1")
    yield gate
    status, log = gate.stop()
    box.stop()
    assert status == 0
    assert "Traceback" not in log, log


def _deaf(port: int) -> socket.socket:
    """A line of which the kernel keeps as little as it can for us."""
    line = socket.socket()
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    line.settimeout(10)
    line.connect(("127.0.0.1", port))
    return line


def _open_lines(gate: Gate, port: int) -> int:
    """Connections that the gateway holds on a port."""
    assert gate.process is not None
    lines = psutil.Process(gate.process.pid).net_connections("tcp")
    return sum(line.laddr.port == port and line.status == psutil.CONN_ESTABLISHED for line in lines)


def _never_read(gate: Gate, port: int, ask: Callable[[socket.socket], socket.socket]) -> None:
    """Ask for much, read nothing, and see the line cut and the memory bounded.

    Args:
        gate: who is asked.
        port: where.
        ask: asks on a line; gives the line, which may have become another one by TLS.
    """
    assert gate.process is not None
    process = psutil.Process(gate.process.pid)
    before, most = process.memory_info().rss, 0

    def cut() -> bool:
        nonlocal most
        most = max(most, process.memory_info().rss)
        return _open_lines(gate, port) == 0

    with _deaf(port) as line:
        assert until(lambda: _open_lines(gate, port) == 1)
        asking = ask(line)
        assert until(cut, 60)
        asking.close()
    assert most - before < MEMORY, f"{(most - before) / 2**20:.1f} MB more"


def _ask_often(line: socket.socket, asked: bytes, count: int) -> socket.socket:
    """Send it until nothing more is taken."""
    line.settimeout(0.5)
    with suppress(OSError):
        for _ in range(count):
            line.sendall(asked)
    return line


def _tls(gate: Gate, line: socket.socket, *protocols: str) -> ssl.SSLSocket:
    context = gate.tls
    if protocols:
        context.set_alpn_protocols(list(protocols))
    return context.wrap_socket(line, server_hostname="127.0.0.1")


def test_over_http(gate: Gate) -> None:
    question = b"GET /docs HTTP/1.1\r\nHost: localhost\r\n\r\n"
    _never_read(gate, gate.port, lambda line: _ask_often(_tls(gate, line), question, 2_000))


def test_over_http_one_long_answer(gate: Gate) -> None:
    token = gate.pair("deaf")
    body = b'{"text": "' + b"The quick brown fox jumps over the lazy dog. " * 40 + b'"}'
    head = f"POST /v1/synthesize HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n"

    question = f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
    _never_read(gate, gate.port, lambda line: _ask_often(_tls(gate, line), question, 1))


def test_over_a_websocket(gate: Gate) -> None:
    token = gate.pair("deaf websocket")
    head = (
        f"GET /v1/converse HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n"
        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
        "Sec-WebSocket-Version: 13\r\n\r\n"
    )

    _never_read(gate, gate.port, lambda line: _ask_often(_tls(gate, line), head.encode(), 1))


def test_over_grpc_a_line(gate: Gate) -> None:
    """HTTP/2's preface, and pings without an end, whose answers nobody takes."""
    preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes.fromhex("000000040000000000")
    ping = bytes.fromhex("000008060000000000") + bytes(8)

    def ask(line: socket.socket) -> socket.socket:
        asking = _tls(gate, line, "h2")
        asking.sendall(preface)
        return _ask_often(asking, ping * 100, 2_000)

    _never_read(gate, gate.grpc_port, ask)


def test_over_grpc_a_call(gate: Gate) -> None:
    metadata = (("authorization", f"Bearer {gate.pair('deaf caller')}"),)
    trusted = grpc.ssl_channel_credentials(gate.certificate.read_bytes())
    question = reflection_pb2.ServerReflectionRequest(file_containing_symbol="sotto.v1.Assistant")
    with grpc.secure_channel(f"127.0.0.1:{gate.grpc_port}", trusted) as channel:
        stub = reflection_pb2_grpc.ServerReflectionStub(channel)
        call = stub.ServerReflectionInfo((question for _ in range(20_000)), metadata=metadata)
        time.sleep(LIMITS["idle_s"] * 4)
        with pytest.raises(grpc.RpcError) as caught:
            list(call)
        assert caught.value.code() is grpc.StatusCode.ABORTED
        answers = rpc.AssistantStub(channel).Ask(pb.AskRequest(query="what day is it"), metadata=metadata)
        assert list(answers)


@pytest.mark.parametrize("door", ["wyoming_port", "satellite_port"])
def test_over_wyoming(gate: Gate, door: str) -> None:
    question = b'{"type": "describe"}\n' * 100
    _never_read(gate, getattr(gate, door), lambda line: _ask_often(line, question, 500))


def test_the_others_are_served_meanwhile(gate: Gate) -> None:
    with gate.client() as client:
        assert client.get("/v1/health").status_code == 200
