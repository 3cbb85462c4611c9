"""Areas and devices."""

from __future__ import annotations

from starlette.responses import Response

from common.errors import NotFound
from services.gatewayd.endpoint import Call, Endpoint, Parameter, message_answer
from services.gatewayd.tokens import Scope
from services.gatewayd.upstream import CALL_S, one
from services.proto.sotto.v1 import assistant_pb2 as pb


async def home(call: Call[None]) -> Response:
    """Areas, devices, and what is known of their state."""
    request = pb.DescribeHomeRequest()
    return message_answer(await one(call.gateway.upstream.stub.DescribeHome(request, timeout=CALL_S)))


async def home_status(call: Call[None]) -> Response:
    """Where the devices come from, and the state of the connection to the hub."""
    request = pb.HomeStatusRequest()
    return message_answer(await one(call.gateway.upstream.stub.HomeStatus(request, timeout=CALL_S)))


async def device(call: Call[None]) -> Response:
    """One device."""
    wanted = call.request.path_params["id"]
    described: pb.HomeDescription = await one(
        call.gateway.upstream.stub.DescribeHome(pb.DescribeHomeRequest(), timeout=CALL_S)
    )
    for found in described.devices:
        if found.id == wanted:
            return message_answer(found)
    raise NotFound(
        f"there is no device {wanted[:100]!r}", hint="GET /v1/home lists them", code="home.no-device"
    )


async def act(call: Call[pb.ActRequest]) -> Response:
    """One command to one device."""
    return message_answer(await one(call.gateway.upstream.stub.Act(call.body, timeout=CALL_S)))


_ID = Parameter("id", "As in the list", {"type": "string"}, place="path")

ENDPOINTS = (
    Endpoint(
        "GET",
        "/v1/home",
        home,
        "Areas and devices with their state",
        scope=Scope.CONTROL,
        gives=pb.HomeDescription,
    ),
    Endpoint(
        "GET",
        "/v1/home/status",
        home_status,
        "Where the devices come from, and the state of the connection to the hub",
        scope=Scope.CONTROL,
        gives=pb.HomeStatusResponse,
    ),
    Endpoint(
        "GET",
        "/v1/home/devices/{id}",
        device,
        "One device with its state",
        scope=Scope.CONTROL,
        gives=pb.Device,
        parameters=(_ID,),
        errors=(404,),
    ),
    Endpoint(
        "POST",
        "/v1/home/act",
        act,
        "One command to one device",
        scope=Scope.CONTROL,
        takes=pb.ActRequest,
        gives=pb.Device,
        errors=(404,),
    ),
)
