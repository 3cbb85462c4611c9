"""TLS in front of a server on a Unix socket, with limits on connections, handshakes and idle time.

On the network, gRPC's own server stops accepting after a few thousand connections that send garbage (seen
with grpcio 1.85); asyncio's server does not.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from contextlib import suppress
from pathlib import Path

from services.gatewayd.identity import Identity
from services.inbound.lines import BACKLOG, WRITE_BUFFER, Line, Listener
from services.settings.gateway import Limits

log = logging.getLogger(__name__)

_PIECE = 64 * 1024
#: gRPC's keep-alive is more frequent than this, so a connection that is silent for so long is dead.
_SILENT_S = 300.0


class TlsPipe:
    """Passes bytes between TLS connections and a Unix socket.

    Args:
        listener: bound, and listening; its door gives the connections their places.
        target: socket of the server behind.
        identity: of TLS.
        protocol: for ALPN.
        limits: of times.
    """

    def __init__(
        self, listener: Listener, target: Path, identity: Identity, protocol: str, limits: Limits
    ) -> None:
        self._listener = listener
        self._target = target
        self._limits = limits
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.minimum_version = ssl.TLSVersion.TLSv1_2
        self._context.load_cert_chain(identity.certificate, identity.key)
        self._context.set_alpn_protocols([protocol])
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()
        #: The line of each connection, by the name that its socket to the server behind has there.
        self.lines: dict[str, Line] = {}

    async def start(self) -> None:
        """Begin to listen."""
        self._server = await asyncio.start_server(
            self._serve,
            sock=self._listener,
            ssl=self._context,
            ssl_handshake_timeout=self._limits.tls_s,
            limit=_PIECE,
            backlog=BACKLOG,
        )

    async def stop(self) -> None:
        """Close the port and all connections."""
        if self._server is not None:
            self._server.close()
        tasks = list(self._open)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = self._listener.door.line_of(writer.transport)
        if line is None:
            writer.transport.abort()
            return
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            await self._join(reader, writer, line)
        except (OSError, TimeoutError, asyncio.CancelledError) as error:
            log.debug("a connection ended: %s", type(error).__name__)
        finally:
            self._open.discard(task)
            writer.transport.abort()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, line: Line) -> None:
        connection, name = await self._connect()
        there, back = await asyncio.open_unix_connection(sock=connection, limit=_PIECE)
        back.transport.set_write_buffer_limits(high=WRITE_BUFFER)
        self.lines[name] = line
        ways = [
            asyncio.create_task(self._pass(reader, back, line)),
            asyncio.create_task(self._pass(there, writer)),
        ]
        try:
            done, _ = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            for way in done:
                way.result()
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            del self.lines[name]
            back.transport.abort()

    async def _connect(self) -> tuple[socket.socket, str]:
        """A socket to the server behind, and the name by which that server knows it, as gRPC writes names."""
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.setblocking(False)
            # The kernel chooses a name that no other socket has.
            connection.bind("")
            await asyncio.get_running_loop().sock_connect(connection, str(self._target))
        except BaseException:
            connection.close()
            raise
        return connection, f"unix-abstract:{connection.getsockname()[1:].decode()}"

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, line: Line | None = None
    ) -> None:
        while True:
            async with asyncio.timeout(_SILENT_S):
                piece = await reader.read(_PIECE)
            if not piece:
                break
            if line is not None:
                line.heard()
            writer.write(piece)
            async with asyncio.timeout(self._limits.idle_s):
                await writer.drain()
        # The last bytes must still arrive; the other direction ends with this one.
        with suppress(OSError, RuntimeError):
            if writer.can_write_eof():
                writer.write_eof()
        async with asyncio.timeout(self._limits.idle_s):
            await writer.drain()
