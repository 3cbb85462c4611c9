"""Whether the box is there."""

from __future__ import annotations

from starlette.responses import Response

from common.errors import Unavailable
from services.gatewayd.endpoint import Call, Endpoint, message_answer
from services.proto.sotto.v1 import gateway_pb2 as gw


async def health(call: Call[None]) -> Response:
    """Whether the assistant answers; needs no token."""
    if await call.gateway.upstream.answers():
        return message_answer(gw.Health(status="ok", text="the assistant answers"))
    raise Unavailable("the assistant is not there now", hint="it starts again by itself", code="daemon.gone")


ENDPOINTS = (
    Endpoint("GET", "/v1/health", health, "Whether the assistant is there", gives=gw.Health, open=True),
)
