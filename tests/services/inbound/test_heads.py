"""Requests that could be read in two ways are refused; all others are read as before."""

from __future__ import annotations

from typing import Any

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.inbound.heads import strict_connection

HOST = b"Host: box\r\n"


def _events(data: bytes, *, size: int = 0) -> list[Any]:
    """What a server makes of `data`, which comes in pieces of `size` bytes; 0 for one piece."""
    connection = strict_connection(16 * 1024)
    events: list[Any] = []
    for at in range(0, len(data), size or len(data)):
        connection.receive_data(data[at : at + (size or len(data))])
        while (event := connection.next_event()) not in (h11.NEED_DATA, h11.PAUSED):
            events.append(event)
    return events


@pytest.mark.parametrize(
    "data",
    [
        b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 4\r\nContent-Length: 4\r\n\r\nabcd",
        b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcde",
        b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 4, 4\r\n\r\nabcd",
        b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: +4\r\n\r\nabcd",
        b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length : 4\r\n\r\nabcd",
        b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length:\r\n 4\r\n\r\nabcd",
        b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: identity\r\n\r\n",
        b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.0\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + HOST + b"X: a\r\n b\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + HOST + b"X: a\r\n\tb\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + HOST + b"X: a\nContent-Length: 4\r\n\r\nabcd",
        b"GET / HTTP/1.1\n" + HOST + b"\n",
        b"GET / HTTP/1.1\r\n" + HOST + b"Host: other\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
    ],
)
@pytest.mark.parametrize("size", [0, 1])
def test_what_has_two_readings_is_refused(data: bytes, size: int) -> None:
    with pytest.raises(h11.RemoteProtocolError):
        _events(data, size=size)


@pytest.mark.parametrize("length", [b"zz", b"0x4", b"-4", b"+4", b"4 4", b"", b"4\n", b"f" * 30])
def test_bad_sizes_of_chunks_are_refused(length: bytes) -> None:
    head = b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n"
    with pytest.raises(h11.RemoteProtocolError):
        _events(head + length + b"\r\nabcd\r\n0\r\n\r\n")


@given(
    st.lists(st.binary(min_size=1, max_size=40), max_size=5),
    st.booleans(),
    st.sampled_from([0, 1, 7, 100]),
)
def test_what_has_one_reading_is_read(pieces: list[bytes], chunked: bool, size: int) -> None:
    body = b"".join(pieces)
    if chunked:
        framing = b"Transfer-Encoding: chunked\r\n\r\n"
        sent = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\nX: y\r\n\r\n"
    else:
        framing, sent = b"Content-Length: %d\r\n\r\n" % len(body), body
    head = b"POST /v1/pair HTTP/1.1\r\n" + HOST + b"Accept: */*\r\n"
    request, *rest = _events(head + framing + sent, size=size)
    assert isinstance(request, h11.Request)
    assert b"".join(bytes(event.data) for event in rest if isinstance(event, h11.Data)) == body
    assert isinstance(rest[-1], h11.EndOfMessage)
