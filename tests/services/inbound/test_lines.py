"""Places on real sockets, by the address that a connection comes from."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import ExitStack, suppress

import pytest

from services.inbound.admission import Admission, KnownAddresses, Shares
from services.inbound.lines import Door, Line, Listener, listen


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def _listener(stack: ExitStack, shares: Shares, known: KnownAddresses | None = None) -> Listener:
    known = known or KnownAddresses()
    door = Door(Admission(shares, known.__contains__), known)
    listener = stack.enter_context(listen("127.0.0.1", 0, door))
    listener.listen()
    listener.settimeout(0.05)
    return listener


def _come(stack: ExitStack, listener: Listener, source: str = "127.0.0.1") -> socket.socket:
    line = socket.create_connection(listener.getsockname(), 10, source_address=(source, 0))
    return stack.enter_context(line)


def _accept(stack: ExitStack, listener: Listener) -> Line | None:
    try:
        line, _ = listener.accept()
    except (ConnectionAbortedError, TimeoutError):
        return None
    assert isinstance(line, Line)
    return stack.enter_context(line)


def test_connections_count_from_the_first_packet_until_they_are_closed(stack: ExitStack) -> None:
    listener = _listener(stack, Shares(2, 2, 2, 2))
    for _ in range(2):
        _come(stack, listener)
    first, second = _accept(stack, listener), _accept(stack, listener)
    assert first is not None
    assert second is not None
    surplus = _come(stack, listener)
    assert _accept(stack, listener) is None
    with suppress(ConnectionResetError):
        assert surplus.recv(1) == b""
    first.close()
    _come(stack, listener)
    assert _accept(stack, listener) is not None


def test_one_address_has_a_share(stack: ExitStack) -> None:
    listener = _listener(stack, Shares(8, 8, 2, 2))
    for _ in range(4):
        _come(stack, listener, "127.0.0.2")
    taken = [_accept(stack, listener) for _ in range(4)]
    assert sum(line is not None for line in taken) == 2
    _come(stack, listener, "127.0.0.3")
    assert _accept(stack, listener) is not None


def test_who_is_known_takes_the_place_of_a_stranger_whose_line_is_cut(stack: ExitStack) -> None:
    known = KnownAddresses()
    listener = _listener(stack, Shares(2, 2, 2, 2), known)
    stranger = _come(stack, listener, "127.0.0.2")
    _come(stack, listener, "127.0.0.2")
    lines = [_accept(stack, listener) for _ in range(2)]
    known.add("127.0.0.9")
    _come(stack, listener, "127.0.0.9")
    assert _accept(stack, listener) is not None
    assert stranger.recv(1) == b""
    assert lines[0] is not None
    lines[0].close()
    assert len(listener.door.admission) == 2


def test_a_valid_token_makes_the_network_known(stack: ExitStack) -> None:
    known = KnownAddresses()
    listener = _listener(stack, Shares(2, 2, 2, 2), known)
    _come(stack, listener, "127.0.0.2")
    line = _accept(stack, listener)
    assert line is not None
    line.vouch()
    assert "127.0.0.2" in known


def test_a_line_that_lost_its_place_ends_its_server_too(stack: ExitStack) -> None:
    """Also one whose server does not read now, and would not see its end."""
    known = KnownAddresses()
    listener = _listener(stack, Shares(1, 1, 1, 1), known)

    async def case() -> bool:
        ended = asyncio.Event()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            transport = writer.transport
            assert listener.door.line_of(transport) is not None
            if "127.0.0.9" in known:
                return
            assert isinstance(transport, asyncio.ReadTransport)
            transport.pause_reading()
            known.add("127.0.0.9")
            later = socket.create_connection(listener.getsockname(), 10, source_address=("127.0.0.9", 0))
            stack.enter_context(later)
            with suppress(OSError):
                await writer.wait_closed()
            ended.set()

        listener.setblocking(False)
        async with asyncio.timeout(10), await asyncio.start_server(serve, sock=listener):
            _come(stack, listener, "127.0.0.2")
            await ended.wait()
        return True

    assert asyncio.run(case())
