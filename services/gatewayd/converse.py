"""A conversation over WebSocket: audio in; events, turns and reply audio out.

The caller's text messages are `ConverseControl` as JSON: first `{"start": {...}}`, and optionally
`{"end": {}}` at the end. Its binary messages are audio. Our text messages are `{"event": ...}`,
`{"turn": ...}`, `{"error": ...}`, and `{"audio": {"sample_rate": ...}}` before the audio of a reply.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import grpc
from google.protobuf.message import Message
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from common.errors import ErrorKind, InvalidInput, SottoError
from common.metrics import Gauge
from services.gatewayd.access import allow
from services.gatewayd.admission import holder_of
from services.gatewayd.gateway import Gateway
from services.gatewayd.http_errors import error_message
from services.gatewayd.quiet import Heard, while_heard
from services.gatewayd.revocation import while_valid
from services.gatewayd.tokens import Scope
from services.gatewayd.upstream import many
from services.gatewayd.wire_json import from_body, to_line
from services.proto.sotto.v1 import assistant_pb2 as pb
from services.proto.sotto.v1 import gateway_pb2 as gw
from services.wire.calls import write

log = logging.getLogger(__name__)

PATH = "/v1/converse"
CONVERSATIONS = Gauge("sotto_conversations", "Open conversations over WebSocket")
#: Close codes of RFC 6455, section 7.4.1, and its registry.
_DONE, _POLICY, _FAILED, _TRY_LATER = 1000, 1008, 1011, 1013
_CODES = {ErrorKind.UNAVAILABLE: _TRY_LATER, ErrorKind.INTERNAL: _FAILED}


async def converse(websocket: WebSocket, gateway: Gateway) -> None:
    """Serve one conversation to its end."""
    await websocket.accept()
    try:
        with _counted():
            allow(websocket.state.caller, Scope.TALK)
            with while_valid(gateway.tokens, websocket.state.caller):
                await _Conversation(websocket, gateway).run()
        await _close(websocket, _DONE)
    except WebSocketDisconnect:
        pass
    except TimeoutError:
        # The peer does not read, so it is sent no error.
        log.info("a conversation was given up: its peer does not read")
        await _close(websocket, _POLICY)
    except SottoError as error:
        with suppress(WebSocketDisconnect, TimeoutError):
            await _send(websocket, "error", error_message(error), gateway.settings.limits.idle_s)
        await _close(websocket, _CODES.get(error.kind, _POLICY))


@contextmanager
def _counted() -> Iterator[None]:
    CONVERSATIONS.inc()
    try:
        yield
    finally:
        CONVERSATIONS.inc(by=-1)


class _Conversation:
    def __init__(self, websocket: WebSocket, gateway: Gateway) -> None:
        self._websocket = websocket
        self._gateway = gateway
        self._limits = gateway.settings.limits
        self._rate = 0

    async def run(self) -> None:
        start = await self._start()
        # Without an iterator, requests are written to the call; the stubs of gRPC's asyncio do not say so.
        converse: Any = self._gateway.upstream.stub.Converse
        with self._gateway.conversations.hold(holder_of(self._websocket.state.caller)):
            async with while_heard(self._limits.quiet_s) as heard:
                await self._talk(converse(), start, heard)

    async def _talk(self, call: Any, start: pb.ConverseStart, heard: Heard) -> None:
        listener = asyncio.create_task(self._listen(call, start, heard))
        try:
            async for response in many(call):
                await self._pass_on(response)
        except (SottoError, asyncio.CancelledError):
            # The caller's mistake is the cause; the cancelled call is only its consequence.
            if listener.done() and not listener.cancelled() and (reason := listener.exception()):
                raise reason from None
            raise
        finally:
            listener.cancel()
            with suppress(asyncio.CancelledError, SottoError, WebSocketDisconnect):
                await listener

    async def _start(self) -> pb.ConverseStart:
        try:
            async with asyncio.timeout(self._limits.ready_s):
                message = await self._websocket.receive()
        except TimeoutError:
            raise InvalidInput(
                f"nothing came for {self._limits.ready_s:g} s",
                hint='send {"start": {}} first',
                code="converse.no-start",
            ) from None
        control = _control(message)
        if control is None or control.WhichOneof("payload") != "start":
            raise InvalidInput(
                "the first message of a conversation must carry `start`",
                hint='send {"start": {"realtime": true}} as text before any audio',
                code="converse.no-start",
            )
        return control.start

    async def _listen(self, call: Any, start: pb.ConverseStart, heard: Heard) -> None:
        """Pass the caller's audio on until it ends, disconnects, or sends something wrong."""
        try:
            await write(call, pb.ConverseRequest(start=start))
            while True:
                message = await self._websocket.receive()
                heard.again()
                control = _control(message)
                if control is None:
                    await write(call, pb.ConverseRequest(audio=message["bytes"]))
                elif control.WhichOneof("payload") == "end":
                    heard.all()
                    await call.done_writing()
                    return
                else:
                    raise InvalidInput(
                        "a message after the first is neither audio nor `end`",
                        hint="send `start` once, then audio",
                        code="converse.no-audio",
                    )
        except (WebSocketDisconnect, SottoError):
            call.cancel()
            raise
        except (asyncio.InvalidStateError, grpc.RpcError):
            pass  # the assistant ended the call; its status says why

    async def _pass_on(self, response: pb.ConverseResponse) -> None:
        kind = response.WhichOneof("payload")
        if kind == "audio":
            if response.audio.sample_rate != self._rate:
                self._rate = response.audio.sample_rate
                form = gw.AudioFormat(sample_rate=self._rate)
                await _send(self._websocket, "audio", form, self._limits.idle_s)
            async with asyncio.timeout(self._limits.idle_s):
                await self._websocket.send_bytes(response.audio.pcm)
        elif kind is not None:
            await _send(self._websocket, kind, getattr(response, kind), self._limits.idle_s)


def _control(message: Any) -> gw.ConverseControl | None:
    """The control message in a text message; None for a binary one.

    Raises:
        WebSocketDisconnect: the peer is gone.
        InvalidInput: the text is no control message.
    """
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message.get("code", 1005))
    if message.get("bytes") is not None:
        return None
    return from_body(message["text"].encode("utf-8", "replace"), gw.ConverseControl())


async def _send(websocket: WebSocket, kind: str, message: Message, limit_s: float) -> None:
    text = to_line(message).decode().strip()
    async with asyncio.timeout(limit_s):
        await websocket.send_text(f'{{"{kind}":{text}}}')


async def _close(websocket: WebSocket, code: int) -> None:
    if websocket.client_state is WebSocketState.CONNECTED:
        with suppress(RuntimeError, WebSocketDisconnect, TimeoutError):
            async with asyncio.timeout(5):
                await websocket.close(code)
