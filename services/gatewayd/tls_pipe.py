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
from services.settings.gateway import Limits

log = logging.getLogger(__name__)

_PIECE = 64 * 1024
#: gRPC's keep-alive is more frequent than this, so a connection that is silent for so long is dead.
_SILENT_S = 300.0


class TlsPipe:
    """Passes bytes between TLS connections and a Unix socket.

    Args:
        listener: bound, not yet listening.
        target: socket of the server behind.
        identity: of TLS.
        protocol: for ALPN.
        limits: of connections and times.
    """

    def __init__(
        self, listener: socket.socket, target: Path, identity: Identity, protocol: str, limits: Limits
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

    async def start(self) -> None:
        """Begin to listen."""
        self._server = await asyncio.start_server(
            self._serve,
            sock=self._listener,
            ssl=self._context,
            ssl_handshake_timeout=self._limits.head_s,
            limit=_PIECE,
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
        if len(self._open) >= self._limits.connections:
            writer.transport.abort()
            return
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            await self._join(reader, writer)
        except (OSError, TimeoutError, asyncio.CancelledError) as error:
            log.debug("a connection ended: %s", type(error).__name__)
        finally:
            self._open.discard(task)
            writer.transport.abort()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_unix_connection(str(self._target), limit=_PIECE)
        ways = [
            asyncio.create_task(self._pass(reader, back)),
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
            back.transport.abort()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            async with asyncio.timeout(_SILENT_S):
                piece = await reader.read(_PIECE)
            if not piece:
                break
            writer.write(piece)
            async with asyncio.timeout(self._limits.idle_s):
                await writer.drain()
        # The last bytes must still arrive; the other direction ends with this one.
        with suppress(OSError, RuntimeError):
            if writer.can_write_eof():
                writer.write_eof()
        async with asyncio.timeout(self._limits.idle_s):
            await writer.drain()
