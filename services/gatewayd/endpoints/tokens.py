"""The paired callers: list and revoke their tokens."""

from __future__ import annotations

from starlette.responses import Response

from services.gatewayd.endpoint import Call, Endpoint, Parameter, message_answer
from services.gatewayd.tokens import Scope
from services.gatewayd.wire_tokens import token_to_wire
from services.proto.sotto.v1 import gateway_pb2 as gw


async def tokens(call: Call[None]) -> Response:
    """All paired callers."""
    return message_answer(gw.ListTokensResponse(tokens=map(token_to_wire, call.gateway.tokens.tokens)))


async def revoke(call: Call[None]) -> Response:
    """Refuse a caller from now on."""
    revoked = call.gateway.tokens.revoke(call.request.path_params["name"])
    return message_answer(gw.RevokeTokenResponse(revoked=token_to_wire(revoked)))


ENDPOINTS = (
    Endpoint("GET", "/v1/tokens", tokens, "Paired callers", scope=Scope.ADMIN, gives=gw.ListTokensResponse),
    Endpoint(
        "DELETE",
        # A name may have slashes, and the path is unquoted before it is routed.
        "/v1/tokens/{name:path}",
        revoke,
        "Refuse a caller from now on",
        scope=Scope.ADMIN,
        gives=gw.RevokeTokenResponse,
        parameters=(Parameter("name", "As in the list", {"type": "string"}, place="path"),),
        errors=(404, 507),
    ),
)
