"""One paired caller that sends all it may: the gateway stays within its memory, and answers others."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from concurrent import futures
from contextlib import ExitStack, suppress
from pathlib import Path

import grpc
import pytest

from services.bench.virtual_sound import until
from services.proto.sotto.v1 import assistant_pb2 as pb
from services.proto.sotto.v1 import assistant_pb2_grpc as rpc
from tests.services.conftest import Box, free_port
from tests.services.gatewayd.conftest import Gate

#: MemoryMax= of sotto-gatewayd.service.
ALLOWED = 256 * 1024 * 1024
BODY = 5_900_000


class _Stuck(rpc.AssistantServicer):
    """Answers no recording before the test is over."""

    def __init__(self) -> None:
        self.over = threading.Event()

    def Transcribe(  # noqa: N802
        self, _request: pb.TranscribeRequest, _: grpc.ServicerContext
    ) -> pb.TranscribeResponse:
        self.over.wait(60)
        return pb.TranscribeResponse(text="done")


@pytest.fixture
def gate(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Gate]:
    """A gateway before an assistant that is stuck; its limits may be the parameter."""
    box = Box(tmp_path)
    box.state.mkdir()
    box.socket.parent.mkdir(mode=0o700)
    stuck = _Stuck()  # type: ignore[abstract]  # gRPC answers the rest
    server = grpc.server(futures.ThreadPoolExecutor(64), options=[("grpc.max_receive_message_length", -1)])
    rpc.add_AssistantServicer_to_server(stuck, server)
    server.add_insecure_port(f"unix:{box.socket}")
    server.start()
    gate = Gate(box, free_port(), free_port(), free_port(), free_port())
    gate.start(limits=getattr(request, "param", {}))
    yield gate
    stuck.over.set()
    status, log = gate.stop()
    server.stop(None)
    assert status == 0
    assert "Traceback" not in log, log


def _peak(gate: Gate) -> int:
    """The most memory that the gateway had resident since it started, in bytes."""
    assert gate.process is not None
    status = Path(f"/proc/{gate.process.pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


def _line(gate: Gate) -> ssl.SSLSocket:
    raw = socket.create_connection(("127.0.0.1", gate.port), timeout=20)
    return gate.tls.wrap_socket(raw, server_hostname="127.0.0.1")


def _head(token: str, length: int) -> bytes:
    return (
        f"POST /v1/transcribe HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: audio/wav\r\nContent-Length: {length}\r\n\r\n"
    ).encode()


def _answer(line: ssl.SSLSocket) -> bytes:
    """What came so far; nothing if the request is still held."""
    line.settimeout(0.3)
    try:
        return line.recv(65536)
    except TimeoutError:
        return b""


@pytest.mark.parametrize("missing", [1, 0], ids=["held open", "finished"])
def test_many_large_bodies(gate: Gate, missing: int) -> None:
    token, other = gate.pair("greedy", "talk"), gate.pair("other", "talk")
    with ExitStack() as stack:
        lines = [stack.enter_context(_line(gate)) for _ in range(30)]
        for line in lines:
            line.sendall(_head(token, BODY))
        answers = [_answer(line) for line in lines]
        for line, answer in zip(lines, answers, strict=True):
            if not answer:
                line.sendall(bytes(BODY - missing))
        refused = [answer for answer in answers if answer]
        assert 0 < len(refused) < len(lines)
        for answer in refused:
            assert answer.startswith(b"HTTP/1.1 429 ")
            assert b"retry-after: 5\r\n" in answer.lower()
        with _line(gate) as line:
            line.sendall(_head(other, BODY))
            assert _answer(line) == b""
        assert _peak(gate) < ALLOWED


def _websocket(gate: Gate, token: str) -> ssl.SSLSocket:
    line = _line(gate)
    line.sendall(
        f"GET /v1/converse HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n"
        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
        "Sec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    assert line.recv(4096).startswith(b"HTTP/1.1 101 ")
    return line


def _frame(opcode: int, data: bytes, *, last: bool = True) -> bytes:
    """A frame as clients send them, masked with zeros; up to 125 bytes."""
    return bytes([opcode | (0x80 if last else 0), 0x80 | len(data), 0, 0, 0, 0]) + data


@pytest.mark.parametrize(
    ("first", "frames"),
    [
        (b"", _frame(9, bytes(125)) * 250),
        (b"", _frame(10, bytes(125)) * 250),
        (_frame(2, b"", last=False), _frame(0, b"", last=False) * 5_000),
    ],
    ids=["pings", "pongs", "empty fragments"],
)
def test_frames_without_end(gate: Gate, first: bytes, frames: bytes) -> None:
    with _websocket(gate, gate.pair("greedy", "talk")) as line:
        line.sendall(first)
        sent = 0
        with suppress(OSError):
            while sent < 64 * 1024 * 1024:
                line.sendall(frames)
                sent += len(frames)
        assert sent < 4 * 1024 * 1024
    assert _peak(gate) < ALLOWED // 2


def test_a_client_may_ping(gate: Gate) -> None:
    with _websocket(gate, gate.pair("polite", "talk")) as line:
        for number in range(5):
            line.sendall(_frame(9, bytes([number])))
            assert line.recv(4096) == bytes([0x8A, 1, number])


@pytest.mark.parametrize("gate", [{"memory_bytes": 8 * 1024 * 1024}], indirect=True)
def test_many_websockets(gate: Gate) -> None:
    """Each may hold a message of 256 KiB, and a token has half of the memory."""
    token = gate.pair("greedy", "talk")
    with ExitStack() as stack:
        for _ in range(16):
            stack.enter_context(_websocket(gate, token))
        with pytest.raises(AssertionError, match="429"):
            _websocket(gate, token)


def test_many_large_messages_over_grpc(gate: Gate) -> None:
    metadata = (("authorization", f"Bearer {gate.pair('greedy', 'talk')}"),)
    trusted = grpc.ssl_channel_credentials(gate.certificate.read_bytes())
    with ExitStack() as stack:
        calls = []
        for _ in range(6):
            # Connections of their own: one carries 16 calls.
            options = [("grpc.use_local_subchannel_pool", 1)]
            channel = grpc.secure_channel(f"127.0.0.1:{gate.grpc_port}", trusted, options)
            stub = rpc.AssistantStub(stack.enter_context(channel))
            request = pb.TranscribeRequest(audio=bytes(8_000_000))
            calls += [stub.Transcribe.future(request, metadata=metadata, timeout=30) for _ in range(8)]
        # One is with the assistant, which is stuck; most others must have been refused.
        assert until(lambda: sum(call.done() for call in calls) >= len(calls) * 3 // 4, 20)
    assert _peak(gate) < ALLOWED * 3 // 4


def test_long_answers_that_nobody_reads(gate: Gate) -> None:
    token = gate.pair("greedy", "talk")
    with gate.client(token) as client:
        assert client.get("/v1/tokens").status_code == 403  # from now on this address is known
    question = f"GET /docs HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
    with ExitStack() as stack:
        for _ in range(100):
            stack.enter_context(_line(gate)).sendall(question * 20)
        assert _peak(gate) < ALLOWED // 2
