"""Requests that mean no good, as they are sent: each is refused at once, and none fills the log."""

from __future__ import annotations

import socket
import ssl
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress

import pytest

from services.daemon.log_limit import PER_WINDOW
from tests.services.conftest import Box, free_port
from tests.services.gatewayd.conftest import Gate

POST = b"POST /v1/pair HTTP/1.1\r\nHost: localhost\r\n"


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gate]:
    """A gateway without an assistant, which logs all that it can."""
    box = Box(tmp_path_factory.mktemp("requests"))
    box.state.mkdir()
    gate = Gate(box, free_port(), free_port(), free_port(), free_port(), ("-v",))
    gate.start()
    yield gate
    status, log = gate.stop()
    assert status == 0
    assert "Traceback" not in log, log
    kinds = Counter(line for line in log.splitlines())
    # The tests may take longer than one window.
    assert max(kinds.values()) <= 2 * PER_WINDOW, kinds


def _line(gate: Gate) -> ssl.SSLSocket:
    raw = socket.create_connection(("127.0.0.1", gate.port), timeout=10)
    return gate.tls.wrap_socket(raw, server_hostname="127.0.0.1")


def _all_of(line: ssl.SSLSocket) -> bytes:
    """What comes until the connection is closed."""
    answer = b""
    with suppress(ConnectionError, ssl.SSLError):
        while piece := line.recv(65536):
            answer += piece
    return answer


@pytest.mark.parametrize(
    "request_",
    [
        POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        POST + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
        POST + b"X: a\r\n b\r\n\r\n",
        POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        POST + b"X: a\nY: b\r\n\r\n",
    ],
)
def test_what_has_two_readings_is_refused_and_the_connection_closed(gate: Gate, request_: bytes) -> None:
    with _line(gate) as line:
        line.sendall(request_ + b"GET /v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        answer = _all_of(line)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.count(b"HTTP/1.1 ") == 1


def test_a_bad_body_after_the_answer_closes_the_connection(gate: Gate) -> None:
    with _line(gate) as line:
        head = b"POST /v1/query HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
        line.sendall(head)
        answer = line.recv(65536)
        line.sendall(b"zz\r\n")
        assert (answer + _all_of(line)).count(b"HTTP/1.1 ") == 1


def test_strangers_do_not_fill_the_log(gate: Gate) -> None:
    """The fixture counts the lines."""
    for request in (b"GET /v1/turns HTTP/1.1\r\nHost: localhost\r\n\r\n", b"garbage\r\n\r\n"):
        for _ in range(6 * PER_WINDOW):
            with _line(gate) as line:
                line.sendall(request)
                assert line.recv(65536)
