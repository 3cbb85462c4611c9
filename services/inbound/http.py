"""uvicorn's protocols for HTTP and WebSocket, with the limits that they lack."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from h11 import IDLE, SEND_RESPONSE
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from services.inbound.control_frames import FrameLimit
from services.inbound.heads import strict_connection
from services.inbound.lines import Door, Line

log = logging.getLogger(__name__)

#: Bytes of the head of a request.
MAX_HEAD = 32 * 1024
#: RFC 6455, section 7.4.1.
_POLICY = 1008
#: Where an application finds the line of a request in its scope: `scope["state"][LINE]`.
LINE = "line"


class Server(uvicorn.Server):
    """A server that leaves signals to the daemon."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture no signals."""
        yield


class _Reading:
    """Cuts a connection whose peer takes nothing of what is written for `idle_s`."""

    def __init__(self, loop: asyncio.AbstractEventLoop, idle_s: float) -> None:
        self._loop = loop
        self._idle_s = idle_s
        self._timer: asyncio.TimerHandle | None = None

    def stopped(self, transport: asyncio.Transport) -> None:
        """The peer does not read."""
        self._timer = self._timer or self._loop.call_later(self._idle_s, self._cut, transport)

    def goes_on(self) -> None:
        """The peer reads, or is gone."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _cut(self, transport: asyncio.Transport) -> None:
        log.info("a connection is aborted: the peer does not read")
        transport.abort()


def http_protocol(head_s: float, idle_s: float, door: Door | None = None) -> type[asyncio.Protocol]:
    """uvicorn's HTTP protocol with more limits: on the time for the head of a request, on the time in which
    the peer reads nothing of an answer, on what waits to be read, and on how a request says where it ends.

    uvicorn bounds the bytes of the head and the time between requests. A peer that sends or reads one byte a
    minute would hold its connection for ever.

    Args:
        head_s: seconds for the head of a request.
        idle_s: seconds in which a peer takes nothing of an answer.
        door: gave the connections their places; None for a socket of this machine.
    """

    class Impatient(H11Protocol):
        _timer: asyncio.TimerHandle | None = None
        _line: Line | None = None

        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            self.conn = strict_connection(MAX_HEAD)
            self._reading = _Reading(self.loop, idle_s)

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            if door is not None:
                self._line = door.line_of(transport)
                self.app_state = {**self.app_state, LINE: self._line}
            self._wait()

        def data_received(self, data: bytes) -> None:
            if self._line is not None:
                self._line.heard()
            if not self._is_answering():
                self._wait()
            super().data_received(data)
            if self._is_answering():
                self._stop_waiting()

        def connection_lost(self, exc: Exception | None) -> None:
            self._stop_waiting()
            self._reading.goes_on()
            super().connection_lost(exc)

        def handle_websocket_upgrade(self, event: Any) -> None:
            self._stop_waiting()
            super().handle_websocket_upgrade(event)

        def send_400_response(self, msg: str) -> None:
            if self.cycle is not None:
                # The application may be about to answer, and must not answer a second time.
                self.cycle.disconnected = True
                self.cycle.message_event.set()
            if self.conn.our_state not in (IDLE, SEND_RESPONSE):
                # An answer was begun, or given before all of the request was there.
                self.transport.close()
                return
            super().send_400_response(msg)

        def pause_writing(self) -> None:
            super().pause_writing()
            self._reading.stopped(self.transport)

        def resume_writing(self) -> None:
            self._reading.goes_on()
            super().resume_writing()

        def _is_answering(self) -> bool:
            return self.cycle is not None and not self.cycle.response_complete

        def _wait(self) -> None:
            if self._timer is None:
                self._timer = self.loop.call_later(head_s, self.transport.abort)

        def _stop_waiting(self) -> None:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None

    return Impatient


def websocket_protocol(idle_s: float, door: Door | None = None) -> type[asyncio.Protocol]:
    """uvicorn's WebSocket protocol with more limits: on the number of control frames and of the frames of a
    message, and on the time in which the peer reads nothing. While it does not read, nothing is read from it:
    every ping asks for an answer.

    Args:
        idle_s: seconds in which a peer takes nothing.
        door: see `http_protocol`.
    """

    class Bounded(WebSocketsSansIOProtocol):
        _line: Line | None = None
        _held_back = False

        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            super().connection_made(transport)
            if door is not None:
                self._line = door.line_of(transport)
            self._reading = _Reading(self.loop, idle_s)
            self._limit = FrameLimit(self.loop.time())

        def connection_lost(self, exc: Exception | None) -> None:
            self._reading.goes_on()
            super().connection_lost(exc)

        def data_received(self, data: bytes) -> None:
            if self._line is not None:
                self._line.heard()
            super().data_received(data)

        async def send(self, message: Any) -> None:
            await super().send(message)
            if message["type"] == "websocket.http.response.body" and not message.get("more_body"):
                # uvicorn logs such a refusal as an error of the application otherwise.
                self.handshake_complete = True

        def pause_writing(self) -> None:
            super().pause_writing()
            self._reading.stopped(self.transport)
            if not self.read_paused:
                self._held_back = True
                self.transport.pause_reading()

        def resume_writing(self) -> None:
            self._reading.goes_on()
            if self._held_back:
                self._held_back = False
                if not self.read_paused:
                    self.transport.resume_reading()
            super().resume_writing()

        def handle_ping(self) -> None:
            if self._within(self._limit.control(self.loop.time())):
                super().handle_ping()

        def handle_pong(self, event: Any) -> None:
            if self._within(self._limit.control(self.loop.time())):
                super().handle_pong(event)

        def handle_text(self, event: Any) -> None:
            if self._within(self._limit.fragment(last=event.fin)):
                super().handle_text(event)

        def handle_bytes(self, event: Any) -> None:
            if self._within(self._limit.fragment(last=event.fin)):
                super().handle_bytes(event)

        def handle_cont(self, event: Any) -> None:
            if self._within(self._limit.fragment(last=event.fin)):
                super().handle_cont(event)

        def _within(self, within: bool) -> bool:
            if not within and not self.close_sent and not self.transport.is_closing():
                log.info("a WebSocket is closed: too many control frames, or frames of one message")
                self.conn.fail(_POLICY, "too many frames")
                self.handle_parser_exception()
            return within and not self.transport.is_closing()

    return Bounded
