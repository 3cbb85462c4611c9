"""Pairing: the code in, a token out."""

from __future__ import annotations

import time

from starlette.responses import Response

from services.gatewayd.addresses import box_addresses
from services.gatewayd.endpoint import Call, Endpoint, message_answer
from services.gatewayd.tokens import Scope
from services.gatewayd.wire_tokens import token_to_wire
from services.proto.sotto.v1 import gateway_pb2 as gw


async def pair(call: Call[gw.PairRequest]) -> Response:
    """The pairing code in, a token out."""
    gateway, request = call.gateway, call.body
    gateway.guard.check(request.code, time.monotonic())
    secret, token = gateway.tokens.issue(request.name, request.scopes, time.time(), request.expires_s)
    return message_answer(
        gw.PairResponse(token=secret, paired=token_to_wire(token), fingerprint=gateway.identity.fingerprint),
        201,
    )


async def pairing(call: Call[None]) -> Response:
    """What somebody needs to pair a program with the box."""
    gateway = call.gateway
    return message_answer(
        gw.PairingInfo(
            code=gateway.guard.code,
            fingerprint=gateway.identity.fingerprint,
            # Asked for anew: the box may have had no address yet when it started.
            addresses=box_addresses(gateway.settings),
        )
    )


ENDPOINTS = (
    Endpoint(
        "POST",
        "/v1/pair",
        pair,
        "The pairing code in, a token out",
        takes=gw.PairRequest,
        gives=gw.PairResponse,
        status=201,
        open=True,
        errors=(403, 409, 429, 507),
    ),
    Endpoint(
        "GET",
        "/v1/pairing",
        pairing,
        "The pairing code, the fingerprint and the addresses",
        scope=Scope.ADMIN,
        gives=gw.PairingInfo,
    ),
)
