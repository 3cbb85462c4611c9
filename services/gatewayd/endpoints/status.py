"""What is wrong with the box."""

from __future__ import annotations

from starlette.responses import Response

from services.gatewayd.endpoint import Call, Endpoint, message_answer
from services.gatewayd.tokens import Scope
from services.gatewayd.upstream import CALL_S, one
from services.proto.sotto.v1 import assistant_pb2 as pb


async def status(call: Call[None]) -> Response:
    """What is wrong with files of the owner or with the state, and is left out."""
    request = pb.BoxStatusRequest()
    return message_answer(await one(call.gateway.upstream.stub.BoxStatus(request, timeout=CALL_S)))


ENDPOINTS = (
    # The messages quote files of the owner.
    Endpoint(
        "GET",
        "/v1/status",
        status,
        "What is wrong with files of the owner, and is left out",
        scope=Scope.ADMIN,
        gives=pb.BoxStatusResponse,
    ),
)
