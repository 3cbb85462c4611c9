"""HTTP and WebSocket servers of the gateway: one over TLS for the network, one on a Unix socket."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import ssl
from asyncio import constants, sslproto
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

from common.errors import Conflict, StorageError, Unavailable
from services.daemon.socket import prepare_socket_path, socket_umask
from services.gatewayd.identity import Identity
from services.inbound.http import Server, http_protocol, websocket_protocol
from services.inbound.lines import BACKLOG, Door, Listener, listen
from services.settings.gateway import GatewaySettings, Limits

_GRACE_S = 3
_TLS_BUFFER = 32 * 1024
_FAREWELL_S = 5.0


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
        door = listener.door if isinstance(listener, Listener) else None
        config = uvicorn.Config(
            app,
            http=http_protocol(limits.head_s, limits.idle_s, door),
            ws=websocket_protocol(limits.idle_s, door),
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            # Behind a door a connection that was accepted has a place.
            limit_concurrency=None if door else limits.connections,
            backlog=BACKLOG,
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
        self._server = Server(config)
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


def tcp_listener(settings: GatewaySettings, port: int, door: Door) -> Listener:
    """A socket that listens on the address of the settings; on IPv4 and IPv6 if that is "".

    The network may give this machine the address later.

    Args:
        settings: have the address.
        port: of TCP.
        door: gives connections their places.

    Raises:
        Conflict: the port is in use.
        Unavailable: this process may not use the port or the address.
    """
    host = settings.host or ("::" if socket.has_dualstack_ipv6() else "0.0.0.0")
    try:
        return listen(host, port, door, both=not settings.host)
    except OSError as error:
        kind = Conflict if error.errno == errno.EADDRINUSE else Unavailable
        raise kind(
            f"port {port} on {host} cannot be listened on: {error.strerror}",
            hint="stop what has it, or set `host` and `port` in gateway.toml",
            code="gateway.port",
        ) from error


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
