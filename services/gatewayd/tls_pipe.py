"""TLS in front of a server on a Unix socket, with limits on connections, handshakes and idle time.

On the network, gRPC's own server stops accepting after a few thousand connections that send garbage (seen
with grpcio 1.85); asyncio's server does not.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
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
#: Prefix of the abstract names that the connections to the server behind have.
_NAME = "sotto-gateway/"


def address_of(peer: str) -> str:
    """The address of a caller, from gRPC's name of the connection that `TlsPipe` made for it; "" for none.

    Only `TlsPipe` can connect to the socket behind: no other user may enter its folder.
    """
    _, found, name = peer.partition(f"unix-abstract:{_NAME}")
    return name.rpartition("/")[0] if found else ""


class TlsPipe:
    """Passes bytes between TLS connections and a Unix socket.

    Args:
        listener: bound, and listening.
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
        there, back = await self._connect(str(writer.get_extra_info("peername")[0]))
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

    async def _connect(self, address: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection to the server behind, which sees `address` in the name of its peer (`address_of`)."""
        line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            line.setblocking(False)
            line.bind(f"\0{_NAME}{address}/{secrets.token_hex(8)}")
            await asyncio.get_running_loop().sock_connect(line, str(self._target))
            return await asyncio.open_unix_connection(sock=line, limit=_PIECE)
        except BaseException:
            line.close()
            raise

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
