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

from common.metrics import Counter, Histogram
from services.gatewayd import converse
from services.gatewayd.access import Access, Gatekeeper
from services.gatewayd.description import with_description
from services.gatewayd.endpoints import find_endpoints
from services.gatewayd.gateway import Gateway
from services.gatewayd.shares import Shares
from services.gatewayd.sites import SiteCheck, Sites, names_of_box
from services.gatewayd.wire_json import to_line
from services.proto.sotto.v1 import gateway_pb2 as gw

#: Version of the interface, not of the program. Additions do not change the first number.
API_VERSION = "1.0"
ENDPOINTS = with_description(find_endpoints(), API_VERSION)
#: Paths that need no token.
OPEN_PATHS = frozenset(endpoint.path for endpoint in ENDPOINTS if endpoint.open)
REQUESTS = Counter(
    "sotto_http_requests_total",
    "Requests by endpoint and status",
    ("endpoint", "status"),
    max_series=500,
)
FIRST_BYTE = Histogram("sotto_http_request_seconds", "Time to the first byte of an answer", ("endpoint",))


def build_app(gateway: Gateway) -> ASGIApp:
    """All routes, without a check of who calls: serve it `guarded`."""

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
    """`app` with the check of callers, as one port serves it.

    Args:
        app: all routes.
        gateway: its tokens and settings.
        local: the port is the gateway's Unix socket, whose callers need no token.
    """
    settings = gateway.settings
    keeper = Gatekeeper(gateway.tokens, settings.trust_loopback)
    checked = Access(Shares(app, gateway), keeper, OPEN_PATHS, local=local)
    if local:
        return Counted(checked)
    names = names_of_box((*settings.names, gateway.identity.host_name))
    return Counted(SiteCheck(checked, Sites(names, frozenset(map(str.lower, settings.origins)))))


async def _plain(_request: Request, error: Exception) -> Response:
    """Errors of the router, as messages of the contract."""
    assert isinstance(error, HTTPException)
    message = gw.Error(
        code=f"http.{error.status_code}", message=error.detail, hint="/openapi.json lists what there is"
    )
    return Response(to_line(message), error.status_code, error.headers, media_type="application/json")


class Counted:
    """ASGI middleware: counts requests and the time to the first byte of their answers.

    Args:
        app: handles the requests.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""

        started = perf_counter()

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                # Set by the router. An unknown path must not become a label.
                endpoint = getattr(scope.get("route"), "path_format", "other")
                REQUESTS.inc(endpoint, str(message["status"]))
                FIRST_BYTE.observe(perf_counter() - started, endpoint)
            await send(message)

        await self._app(scope, receive, counted if scope["type"] == "http" else send)
