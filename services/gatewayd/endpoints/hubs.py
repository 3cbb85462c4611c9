"""Hubs that are answered over Wyoming."""

from __future__ import annotations

from starlette.responses import Response

from services.gatewayd.endpoint import Call, Endpoint, Parameter, message_answer
from services.gatewayd.hubs import PairedHub
from services.gatewayd.tokens import Scope
from services.proto.sotto.v1 import gateway_pb2 as gw


async def hubs(call: Call[None]) -> Response:
    """All paired hubs."""
    return message_answer(gw.ListHubsResponse(hubs=map(_hub, call.gateway.hubs.hubs)))


async def add_hub(call: Call[gw.Hub]) -> Response:
    """Answer a hub from now on."""
    gateway = call.gateway
    added = gateway.hubs.add(call.body.address)
    if problems := await gateway.hubs_changed():
        # It would be listed as paired, and not be answered.
        gateway.hubs.remove(added.address)
        await gateway.hubs_changed()
        raise problems[0]
    return message_answer(_hub(added), 201)


async def remove_hub(call: Call[None]) -> Response:
    """Answer a hub no more, and close its connections."""
    removed = call.gateway.hubs.remove(call.request.path_params["address"])
    await call.gateway.hubs_changed()
    return message_answer(_hub(removed))


def _hub(hub: PairedHub) -> gw.Hub:
    return gw.Hub(address=hub.address, fixed=hub.fixed)


ENDPOINTS = (
    Endpoint(
        "GET",
        "/v1/hubs",
        hubs,
        "Hubs that are answered over Wyoming",
        scope=Scope.ADMIN,
        gives=gw.ListHubsResponse,
    ),
    Endpoint(
        "POST",
        "/v1/hubs",
        add_hub,
        "Answer the hub at an address",
        scope=Scope.ADMIN,
        takes=gw.Hub,
        gives=gw.Hub,
        status=201,
        errors=(409, 507),
    ),
    Endpoint(
        "DELETE",
        "/v1/hubs/{address}",
        remove_hub,
        "Answer a hub no more",
        scope=Scope.ADMIN,
        gives=gw.Hub,
        parameters=(Parameter("address", "As in the list", {"type": "string"}, place="path"),),
        errors=(404, 507),
    ),
)
