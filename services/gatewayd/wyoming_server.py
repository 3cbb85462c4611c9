"""Wyoming's listener: answers paired hubs only, with limits."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress

from wyoming.error import Error
from wyoming.event import Event

from common.errors import SottoError, Unavailable
from common.metrics import Gauge
from services.gatewayd.hubs import HubStore, canonical
from services.gatewayd.wyoming_session import Send, Session
from services.gatewayd.wyoming_wire import MAX_LINE, read_event, write_event
from services.inbound.admission import Admission, Shares
from services.inbound.lines import BACKLOG, Door, Line, Listener
from services.settings.gateway import Limits

log = logging.getLogger(__name__)

CONNECTIONS = Gauge("sotto_wyoming_connections", "Open connections of hubs")
_MAX_CONNECTIONS = 64
#: Seconds after which a connection without events is closed; a hub opens one for each request.
_IDLE_S = 300.0

#: Makes the session of a connection from: a sender, the address of the hub, and what aborts the connection.
MakeSession = Callable[[Send, str, Callable[[], None]], Session]


class WyomingServer:
    """One port, which is open only while a hub is paired.

    Args:
        bind: makes the bound socket for a door; called when the first hub is paired.
        hubs: paired hubs.
        make: makes the session of a connection.
        limits: of times.
    """

    def __init__(
        self, bind: Callable[[Door], Listener], hubs: HubStore, make: MakeSession, limits: Limits
    ) -> None:
        self._bind = bind
        self._hubs = hubs
        self._make = make
        self._limits = limits
        self._door = Door(Admission(Shares.for_known(_MAX_CONNECTIONS), hubs.knows))
        self._server: asyncio.Server | None = None
        self._open: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    @property
    def listening(self) -> bool:
        """Whether the port is open."""
        return self._server is not None

    async def start(self) -> None:
        """Open the port if a hub is paired, else close it; call it after each change of the hubs.

        Raises:
            Conflict: the port is in use.
        """
        if self._hubs.hubs and self._server is None:
            self._server = await asyncio.start_server(
                self._serve, sock=self._bind(self._door), limit=MAX_LINE, backlog=BACKLOG
            )
        elif not self._hubs.hubs and self._server is not None:
            self._server.close()
            self._server = None
        for writer in self._open.values():
            if not self._is_hub(writer):
                writer.transport.abort()

    async def stop(self) -> None:
        """Close the port and all connections."""
        if self._server is not None:
            self._server.close()
            self._server = None
        tasks = list(self._open)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _is_hub(self, writer: asyncio.StreamWriter) -> bool:
        peer = writer.get_extra_info("peername")
        return bool(peer) and self._hubs.knows(str(peer[0]))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = self._door.line_of(writer.transport)
        if line is None or not self._is_hub(writer):
            writer.transport.abort()
            return
        task = asyncio.current_task()
        assert task is not None
        self._open[task] = writer
        CONNECTIONS.inc()
        try:
            await self._talk(reader, writer, line)
        except (OSError, TimeoutError) as error:
            log.info("a hub's connection ended: %s", error or type(error).__name__)
        except asyncio.CancelledError:
            pass  # the server stops
        finally:
            del self._open[task]
            CONNECTIONS.inc(by=-1)
            # Written events are still sent; a peer that does not read must not hold the connection.
            writer.close()
            with suppress(OSError, TimeoutError):
                async with asyncio.timeout(self._limits.idle_s):
                    await writer.wait_closed()
            writer.transport.abort()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, line: Line) -> None:
        sending = asyncio.Lock()

        async def send(event: Event) -> None:
            # Wake words are sent from another task.
            async with sending:
                await write_event(writer, event, self._limits.idle_s)

        peer = canonical(str(writer.get_extra_info("peername")[0]))
        session = self._make(send, peer, writer.transport.abort)
        try:
            while (event := await self._next(reader)) is not None:
                line.heard()
                await session.take(event)
        except SottoError as error:
            # After a frame that cannot be read, the next one cannot be found.
            await send(Error(text=error.message, code=error.code).event())
        finally:
            session.close()

    async def _next(self, reader: asyncio.StreamReader) -> Event | None:
        try:
            return await read_event(reader, _IDLE_S, self._limits.idle_s)
        except TimeoutError:
            raise Unavailable(
                f"nothing came for {_IDLE_S:g} s, or an event came too slowly",
                hint="connect again when there is something to send",
                code="converse.idle",
            ) from None
