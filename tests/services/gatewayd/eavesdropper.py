"""A proxy between a client and the gateway, with a certificate of its own, that keeps all it reads."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from services.gatewayd.identity import Identity, make_identity

_Result = TypeVar("_Result")


class Eavesdropper:
    """Passes everything on between TLS of its own and the gateway's, until it is closed.

    Args:
        folder: for its key.
        target: port of the gateway.
        protocol: for ALPN; "" for none.
    """

    def __init__(self, folder: Path, target: int, protocol: str = "") -> None:
        self.identity = Identity(folder / "proxy.key", folder / "proxy.crt")
        make_identity(self.identity, "Kitchen", "sotto")
        self.read = bytearray()
        self._target = target
        self._server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._server.load_cert_chain(self.identity.certificate, self.identity.key)
        self._client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._client.check_hostname, self._client.verify_mode = False, ssl.CERT_NONE
        if protocol:
            self._server.set_alpn_protocols([protocol])
            self._client.set_alpn_protocols([protocol])
        # One thread has all connections: two threads must not read and write one TLS connection at once.
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._listener = self._do(asyncio.start_server(self._join, "127.0.0.1", 0, ssl=self._server))

    @property
    def port(self) -> int:
        return int(self._listener.sockets[0].getsockname()[1])

    def close(self) -> None:
        self._do(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _end(self) -> None:
        self._listener.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def _do(self, work: Coroutine[Any, Any, _Result]) -> _Result:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_box, to_box = await asyncio.open_connection("127.0.0.1", self._target, ssl=self._client)
        await asyncio.gather(self._pass(reader, to_box), self._pass(from_box, writer))

    async def _pass(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await source.read(65_536):
                self.read += data
                sink.write(data)
                await sink.drain()
        sink.close()
