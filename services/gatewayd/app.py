"""The REST interface as an ASGI application."""

from __future__ import annotations

from time import perf_counter

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import WebSocketRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket

from services.gatewayd import converse, openai_audio, openai_chat, rest_access, rest_house, rest_talk
from services.gatewayd.access import Access, Gatekeeper
from services.gatewayd.gateway import Gateway
from services.gatewayd.metrics import Metrics
from services.gatewayd.rest_docs import with_description
from services.gatewayd.wire_json import to_line
from services.proto.sotto.v1 import gateway_pb2 as gw

#: Of the interface, not of the program: it grows by additions.
API_VERSION = "1.0"
ENDPOINTS = with_description(
    (
        *rest_talk.ENDPOINTS,
        *rest_house.ENDPOINTS,
        *rest_access.ENDPOINTS,
        *openai_audio.ENDPOINTS,
        *openai_chat.ENDPOINTS,
    ),
    API_VERSION,
)
#: What answers without a token.
OPEN_PATHS = frozenset(endpoint.path for endpoint in ENDPOINTS if endpoint.open)


def build_app(gateway: Gateway) -> ASGIApp:
    """All routes, with nobody at the door: serve it `guarded`."""

    async def talk(websocket: WebSocket) -> None:
        await converse.converse(websocket, gateway)

    return Starlette(
        routes=[
            *(endpoint.route(gateway) for endpoint in ENDPOINTS),
            WebSocketRoute(converse.PATH, talk),
        ],
        exception_handlers={HTTPException: _plain},
    )


def guarded(app: ASGIApp, gateway: Gateway, *, local: bool = False) -> ASGIApp:
    """`app` as one port serves it.

    Args:
        app: all routes.
        gateway: the parts.
        local: it is the gateway's Unix socket, whose callers need no token.
    """
    keeper = Gatekeeper(gateway.tokens, gateway.settings.trust_loopback)
    return Counted(Access(app, keeper, OPEN_PATHS, local=local), gateway.metrics)


async def _plain(_request: Request, error: Exception) -> Response:
    """What the router refuses, in the words of the contract."""
    assert isinstance(error, HTTPException)
    message = gw.Error(
        code=f"http.{error.status_code}", message=error.detail, hint="/openapi.json lists what there is"
    )
    return Response(to_line(message), error.status_code, error.headers, media_type="application/json")


class Counted:
    """ASGI middleware: counts requests and the time to the first byte of their answers.

    Args:
        app: what is behind.
        metrics: where.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""

        started = perf_counter()

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                # Set by the router; a path that is none of ours must not become a label.
                endpoint = getattr(scope.get("route"), "path_format", "other")
                self._metrics.requests.labels(endpoint, message["status"]).inc()
                self._metrics.seconds.labels(endpoint).observe(perf_counter() - started)
            await send(message)

        await self._app(scope, receive, counted if scope["type"] == "http" else send)
