"""Listening sockets whose connections need a place (`services.inbound.admission`), from the first packet on.

The servers count a connection after its TLS handshake; one that never begins it would not be counted.
"""

from __future__ import annotations

import asyncio
import errno
import itertools
import socket
import struct
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from services.inbound.addresses import plain
from services.inbound.admission import Admission, KnownAddresses, Shares

#: Connections that are refused in one go before other work is done.
_REFUSED_AT_ONCE = 64
#: Connections that have lost their place and are not closed yet, each of which has a file descriptor: so many
#: may there be before nobody gets a place, and before no stranger does.
_MAX_LINGERING, _MAX_LINGERING_STRANGERS = 128, 32
#: For SO_LINGER: a closed connection is reset at once.
_RESET = struct.pack("ii", 1, 0)
#: Connections that the kernel keeps until they are accepted; with few, a crowd leaves no room for others.
BACKLOG = 4096
#: Bytes of an unread answer that the kernel keeps, per connection, doubled. Its default is up to 4 MiB.
_SEND_BUFFER = 128 * 1024
#: From linux/in.h: bind to an address that this machine does not have yet.
_IP_FREEBIND = 15
#: Seconds. A peer that has vanished is noticed after about two minutes.
_KEEPALIVE = ((socket.TCP_KEEPIDLE, 60), (socket.TCP_KEEPINTVL, 15), (socket.TCP_KEEPCNT, 4))
#: Bytes that may wait in this process for a peer to read, before it is sent no more.
WRITE_BUFFER = 32 * 1024


class Line(socket.socket):
    """One connection that has a place; closing it leaves the place.

    Args:
        accepted: the connection, which this takes over.
        address: of its peer.
        number: of the place.
        door: what it came through.
    """

    def __init__(self, accepted: socket.socket, address: str, number: int, door: Door) -> None:
        super().__init__(accepted.family, accepted.type, accepted.proto, accepted.detach())
        self.address = address
        self.number = number
        self._door = door
        self._abort: Callable[[], None] | None = None

    def joined(self, transport: asyncio.BaseTransport) -> None:
        """A server has taken it over, which then sends no more than the peer reads."""
        assert isinstance(transport, asyncio.Transport)
        transport.set_write_buffer_limits(high=WRITE_BUFFER)
        self._abort = transport.abort

    def heard(self) -> None:
        """Its peer sent something."""
        self._door.admission.heard(self.number, self._door.now())

    def vouch(self) -> None:
        """Its peer sent a valid token: the line keeps its place, and the address of the peer is known."""
        self._door.admission.vouch(self.number)
        if self._door.known is not None:
            self._door.known.add(self.address)

    def cut(self) -> None:
        """End it: it has lost its place."""
        if self._abort is not None:
            self._abort()
            return
        # Its TLS handshake is not over. asyncio has the socket, and sees its end.
        with suppress(OSError):
            self.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """See `socket.socket`."""
        if self.fileno() >= 0:
            self._door.left(self)
        super().close()


class Door:
    """The connections of one port.

    Args:
        admission: gives the places.
        known: learns of addresses from which a valid token comes; None where tokens do not matter.
        now: seconds of a clock that never goes back.
    """

    def __init__(
        self,
        admission: Admission,
        known: KnownAddresses | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.admission = admission
        self.known = known
        self.now = now
        self._numbers = itertools.count()
        self._lines: dict[int, Line] = {}
        self._by_descriptor: dict[int, Line] = {}

    @classmethod
    def for_tokens(cls, places: int, known: KnownAddresses) -> Door:
        """The door of a port whose callers have tokens."""
        return cls(Admission(Shares.of(places), known.__contains__), known)

    def admit(self, accepted: socket.socket, address: str) -> Line | None:
        """A new connection with its place, or None if it gets none. One that loses its place to it is cut."""
        address = plain(address)
        lingering = len(self._by_descriptor) - len(self._lines)
        if lingering >= (_MAX_LINGERING if self.admission.is_known(address) else _MAX_LINGERING_STRANGERS):
            return None
        number = next(self._numbers)
        verdict = self.admission.arrive(number, address, self.now())
        if verdict.dropped is not None:
            self._lines.pop(verdict.dropped).cut()
        if not verdict.admitted:
            return None
        line = Line(accepted, address, number, self)
        self._lines[number] = self._by_descriptor[line.fileno()] = line
        return line

    def left(self, line: Line) -> None:
        """A connection is closed."""
        del self._by_descriptor[line.fileno()]
        if self._lines.pop(line.number, None) is not None:
            self.admission.leave(line.number)

    def line_of(self, transport: asyncio.BaseTransport) -> Line | None:
        """The line that a transport serves, in the hands of its server from now on; None if it has none."""
        connection = transport.get_extra_info("socket")
        line = self._by_descriptor.get(connection.fileno()) if connection is not None else None
        if line is not None:
            line.joined(transport)
            if line.number not in self._lines:
                # It lost its place during the TLS handshake.
                line.cut()
        return line


class Listener(socket.socket):
    """A listening socket. What gets no place is closed before anything is read of it."""

    door: Door

    def accept(self) -> tuple[socket.socket, Any]:
        """See `socket.socket`.

        Raises:
            ConnectionAbortedError: the next ones got no place; asyncio ignores the error.
        """
        for _ in range(_REFUSED_AT_ONCE):
            accepted, address = super().accept()
            line = self.door.admit(accepted, address[0] if isinstance(address, tuple) else "")
            if line is not None:
                return line, address
            # Reset, so that nothing is kept of it here.
            accepted.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            accepted.close()
        raise ConnectionAbortedError(errno.ECONNABORTED, "no place is left")


def listen(host: str, port: int, door: Door, *, both: bool = False) -> Listener:
    """A TCP socket that listens on an address; the network may give this machine the address later.

    Args:
        host: the address.
        port: of TCP; 0 for a free one.
        door: gives connections their places.
        both: an address of IPv6 takes IPv4, too.

    Raises:
        OSError: it cannot be bound, or another one listens there.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is named because asyncio switches Nagle's algorithm off only for sockets that name TCP;
    # with it on, the second half of an answer waits 40 ms.
    listener = Listener(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.door = door
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.IPPROTO_IP, _IP_FREEBIND, 1)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
        for option, value in _KEEPALIVE:
            listener.setsockopt(socket.IPPROTO_TCP, option, value)
        if family is socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0 if both else 1)
        listener.bind((host, port))
        # Of two sockets that are bound to one port, only one can listen: find that out now.
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener
