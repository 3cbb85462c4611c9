"""What a request takes of the memory of all requests: its caller's share, long answers, open WebSockets."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from common.errors import SottoError
from services.gatewayd.gateway import Gateway
from services.gatewayd.http_errors import error_answer
from services.gatewayd.tokens import Token
from services.inbound.addresses import plain
from services.inbound.memory import Holding

#: Bytes of an answer that are written before the peer has read what was written before.
_PIECE = 32 * 1024


def holding(gateway: Gateway, scope: Scope) -> Holding:
    """What a request holds of the memory; nothing yet.

    Args:
        gateway: has the memory.
        scope: of the request; `Access` has put its caller there.
    """
    caller: Token | None = scope["state"]["caller"]
    address = str((scope.get("client") or ("",))[0])
    # A caller on the gateway's own socket, or on this machine without a token, has a name and no digest.
    return gateway.memory.hold(caller.digest or caller.name if caller else "", plain(address))


class Shares:
    """ASGI middleware: an answer waits in memory until the peer has read it, and so takes a part of the share
    of the caller; a WebSocket takes the size of a message while it is open. Who has none left is refused.

    Args:
        app: what is behind.
        gateway: has the memory.
    """

    def __init__(self, app: ASGIApp, gateway: Gateway) -> None:
        self._app = app
        self._gateway = gateway

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        with holding(self._gateway, scope) as held:
            if scope["type"] == "http":
                await self._app(scope, receive, _Answer(held, scope, receive, send).send)
                return
            try:
                held.resize(self._gateway.settings.limits.frame_bytes)
            except SottoError as error:
                await error_answer(error)(scope, receive, send)
                return
            await self._app(scope, receive, send)


class _Answer:
    """Sends an answer in pieces, each when the one before it was taken."""

    def __init__(self, held: Holding, scope: Scope, receive: Receive, send: Send) -> None:
        self._held = held
        self._scope = scope
        self._receive = receive
        self._send = send
        self._refused = False

    async def send(self, message: Message) -> None:
        """See ASGI."""
        if self._refused:
            return
        if message["type"] == "http.response.start":
            # A streamed answer has no length; it is made as it is read.
            length = int(Headers(raw=message.get("headers", ())).get("content-length", "0"))
            try:
                self._held.resize(length if length > _PIECE else 0)
            except SottoError as error:
                self._refused = True
                await error_answer(error)(self._scope, self._receive, self._send)
                return
        rest, more = memoryview(message.get("body", b"")), message.get("more_body", False)
        while len(rest) > _PIECE:
            await self._send({"type": "http.response.body", "body": bytes(rest[:_PIECE]), "more_body": True})
            rest = rest[_PIECE:]
        await self._send({**message, "body": bytes(rest), "more_body": more} if rest else message)
