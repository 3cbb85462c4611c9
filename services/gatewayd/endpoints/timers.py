"""Timers."""

from __future__ import annotations

from starlette.responses import Response

from common.errors import NotFound
from services.gatewayd.endpoint import Call, Endpoint, Parameter, message_answer
from services.gatewayd.tokens import Scope
from services.gatewayd.upstream import CALL_S, one
from services.proto.sotto.v1 import assistant_pb2 as pb


async def timers(call: Call[None]) -> Response:
    """Timers that have not ended."""
    request = pb.ListTimersRequest()
    return message_answer(await one(call.gateway.upstream.stub.ListTimers(request, timeout=CALL_S)))


async def start_timer(call: Call[pb.StartTimerRequest]) -> Response:
    """Start a timer."""
    return message_answer(await one(call.gateway.upstream.stub.StartTimer(call.body, timeout=CALL_S)), 201)


async def cancel_timer(call: Call[None]) -> Response:
    """Cancel a timer."""
    text = call.request.path_params["id"]
    # An id that is no number belongs to no timer.
    if not (text.isascii() and text.isdecimal() and len(text) <= 18):
        raise NotFound(
            f"there is no timer {text[:40]!r}", hint="GET /v1/timers lists them", code="timer.missing"
        )
    request = pb.CancelTimerRequest(id=int(text))
    return message_answer(await one(call.gateway.upstream.stub.CancelTimer(request, timeout=CALL_S)))


_ID = Parameter("id", "As in the list", {"type": "string"}, place="path")

ENDPOINTS = (
    Endpoint(
        "GET",
        "/v1/timers",
        timers,
        "Timers that have not ended",
        scope=Scope.CONTROL,
        gives=pb.ListTimersResponse,
    ),
    Endpoint(
        "POST",
        "/v1/timers",
        start_timer,
        "Start a timer",
        scope=Scope.CONTROL,
        takes=pb.StartTimerRequest,
        gives=pb.Timer,
        status=201,
        errors=(507,),
    ),
    Endpoint(
        "DELETE",
        "/v1/timers/{id}",
        cancel_timer,
        "Cancel a timer",
        scope=Scope.CONTROL,
        gives=pb.Timer,
        parameters=(_ID,),
        errors=(404, 507),
    ),
)
