"""HTTP and WebSocket servers of the gateway: one over TLS for the network, one on a Unix socket."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import socket
import ssl
from asyncio import constants, sslproto
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from weakref import WeakSet

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from common.errors import Conflict, StorageError, Unavailable
from services.daemon.socket import prepare_socket_path, socket_umask
from services.gatewayd.identity import Identity
from services.settings.gateway import GatewaySettings, Limits

log = logging.getLogger(__name__)

_GRACE_S = 3
_TLS_BUFFER = 32 * 1024
_FAREWELL_S = 5.0
#: Bytes of an unread answer that the kernel keeps, per connection, doubled. Its default is up to 4 MiB.
_SEND_BUFFER = 128 * 1024
_BACKLOG = 64
#: From linux/in.h: bind to an address that this machine does not have yet.
_IP_FREEBIND = 15
#: Seconds. A peer that has vanished is noticed after about two minutes.
_KEEPALIVE = ((socket.TCP_KEEPIDLE, 60), (socket.TCP_KEEPINTVL, 15), (socket.TCP_KEEPCNT, 4))


def http_protocol(limits: Limits) -> type[asyncio.Protocol]:
    """uvicorn's HTTP protocol with two more limits: on the time for the head of a request, and on the time in
    which the peer reads nothing of an answer.

    uvicorn bounds the bytes of the head and the time between requests. A peer that sends or reads one byte a
    minute would hold its connection for ever.
    """

    class Impatient(H11Protocol):
        _timer: asyncio.TimerHandle | None = None
        _unread: asyncio.TimerHandle | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            self._wait()

        def data_received(self, data: bytes) -> None:
            if not self._is_answering():
                self._wait()
            super().data_received(data)
            if self._is_answering():
                self._stop_waiting()

        def connection_lost(self, exc: Exception | None) -> None:
            self._stop_waiting()
            self._is_read()
            super().connection_lost(exc)

        def handle_websocket_upgrade(self, event: Any) -> None:
            self._stop_waiting()
            super().handle_websocket_upgrade(event)

        def pause_writing(self) -> None:
            super().pause_writing()
            self._unread = self._unread or self.loop.call_later(limits.idle_s, self._cut)

        def resume_writing(self) -> None:
            self._is_read()
            super().resume_writing()

        def _is_read(self) -> None:
            if self._unread is not None:
                self._unread.cancel()
                self._unread = None

        def _cut(self) -> None:
            log.info("a connection is aborted: the caller does not read the answer")
            self.transport.abort()

        def _is_answering(self) -> bool:
            return self.cycle is not None and not self.cycle.response_complete

        def _wait(self) -> None:
            if self._timer is None:
                self._timer = self.loop.call_later(limits.head_s, self.transport.abort)

        def _stop_waiting(self) -> None:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None

    return Impatient


class _Server(uvicorn.Server):
    """A server that leaves signals to the daemon."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture no signals."""
        yield


def bound_tls(handshake_s: float) -> None:
    """Set limits of all TLS connections: a buffer of 32 KiB instead of asyncio's 256 KiB, all of which is
    resident; `handshake_s` for the handshake instead of 60 s; 5 s for the shutdown instead of 30 s.

    A record has little more than 16 KiB (RFC 8446, 5.2), so the smaller buffer splits none.
    """
    sslproto.SSLProtocol.max_size = _TLS_BUFFER
    constants.SSL_HANDSHAKE_TIMEOUT = handshake_s
    constants.SSL_SHUTDOWN_TIMEOUT = _FAREWELL_S


class HttpServer:
    """One listening socket.

    Args:
        app: handles the requests.
        listener: bound, and listening.
        limits: of connections, frames and times.
        identity: for TLS; None for none.
    """

    def __init__(
        self, app: ASGIApp, listener: socket.socket, limits: Limits, identity: Identity | None = None
    ) -> None:
        config = uvicorn.Config(
            app,
            http=http_protocol(limits),
            ws="websockets-sansio",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            limit_concurrency=limits.connections,
            backlog=_BACKLOG,
            timeout_keep_alive=int(limits.idle_s),
            timeout_graceful_shutdown=_GRACE_S,
            ws_max_size=limits.frame_bytes,
            ws_ping_interval=limits.silent_s,
            ws_ping_timeout=limits.silent_s,
            ws_per_message_deflate=False,
            ssl_keyfile=str(identity.key) if identity else None,
            ssl_certfile=str(identity.certificate) if identity else None,
            ssl_version=ssl.PROTOCOL_TLS_SERVER,
        )
        config.load()
        if config.ssl is not None:
            config.ssl.minimum_version = ssl.TLSVersion.TLSv1_2
        self._server = _Server(config)
        self._listener = listener
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to serve; returns when it does."""
        self._task = asyncio.create_task(self._server.serve([self._listener]))
        while not self._server.started:
            if self._task.done():
                self._task.result()
                raise Unavailable("the HTTP server ended while it started")
            await asyncio.sleep(0.01)

    async def stop(self) -> None:
        """Refuse new connections, give running answers a moment."""
        self._server.should_exit = True
        if self._task is not None:
            await self._task


class _Listener(socket.socket):
    """A listening socket with at most `most` connections at once, from the first packet on.

    The servers count a connection after its TLS handshake; one that never begins it would not be counted.
    """

    most = 0

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._lines: WeakSet[socket.socket] = WeakSet()

    def accept(self) -> tuple[socket.socket, Any]:
        """See `socket.socket`.

        Raises:
            ConnectionAbortedError: one too many; it is closed, and asyncio ignores the error.
        """
        line, address = super().accept()
        if sum(other.fileno() >= 0 for other in self._lines) >= self.most:
            line.close()
            raise ConnectionAbortedError(errno.ECONNABORTED, "too many connections")
        self._lines.add(line)
        return line, address


def tcp_listener(settings: GatewaySettings, port: int) -> socket.socket:
    """A socket that listens on the address of the settings; on IPv4 and IPv6 if that is "".

    The network may give this machine the address later.

    Raises:
        Conflict: the port is in use.
        Unavailable: this process may not use the port or the address.
    """
    host = settings.host or ("::" if socket.has_dualstack_ipv6() else "0.0.0.0")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is named because asyncio switches Nagle's algorithm off only for sockets that name TCP;
    # with it on, the second half of an answer waits 40 ms.
    listener = _Listener(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.most = settings.limits.connections
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.IPPROTO_IP, _IP_FREEBIND, 1)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
        for option, value in _KEEPALIVE:
            listener.setsockopt(socket.IPPROTO_TCP, option, value)
        if family is socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0 if not settings.host else 1)
        listener.bind((host, port))
        # Of two sockets that are bound to one port, only one can listen: find that out now.
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        kind = Conflict if error.errno == errno.EADDRINUSE else Unavailable
        raise kind(
            f"port {port} on {host} cannot be listened on: {error.strerror}",
            hint="stop what has it, or set `host` and `port` in gateway.toml",
            code="gateway.port",
        ) from error
    return listener


def unix_listener(path: Path) -> socket.socket:
    """A Unix socket. The group of its folder may use it if it may enter the folder, as with assistantd's.

    Raises:
        Conflict: another gateway answers there.
        StorageError: it cannot be made.
    """
    prepare_socket_path(path, "SOTTO_GATEWAY_SOCKET")
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    mask = os.umask(socket_umask(path.parent.stat().st_mode))
    try:
        listener.bind(str(path))
    except OSError as error:
        listener.close()
        raise StorageError(
            f"the socket {path} cannot be made: {error.strerror or error}",
            hint="check the rights of its folder, or set SOTTO_GATEWAY_SOCKET to another path",
            code="gateway.socket",
        ) from error
    finally:
        os.umask(mask)
    return listener
