"""Pairing by a ticket, pairing by the code in two steps, and what an owner needs for both."""

from __future__ import annotations

import base64
import time

from starlette.responses import Response

from services.gatewayd import pairing_calls
from services.gatewayd.addresses import box_addresses
from services.gatewayd.endpoint import Call, Endpoint, message_answer
from services.gatewayd.tickets import TICKET_S
from services.gatewayd.tokens import Scope
from services.gatewayd.wire_tokens import token_to_wire
from services.proto.sotto.v1 import gateway_pb2 as gw


async def pair(call: Call[gw.PairRequest]) -> Response:
    """A ticket in, a token out."""
    gateway, request = call.gateway, call.body
    gateway.pairing.tickets.redeem(request.ticket, time.monotonic())
    secret, token = gateway.tokens.issue(request.name, request.scopes, time.time(), request.expires_s)
    return message_answer(
        gw.PairResponse(token=secret, paired=token_to_wire(token), fingerprint=gateway.identity.fingerprint),
        201,
    )


async def start(call: Call[gw.PairStartRequest]) -> Response:
    """The first messages of an exchange."""
    peer = call.request.client
    return message_answer(pairing_calls.start(call.gateway, call.body, peer.host if peer else ""))


async def confirm(call: Call[gw.PairConfirmRequest]) -> Response:
    """Both confirmations, and the encrypted token."""
    return message_answer(pairing_calls.confirm(call.gateway, call.body), 201)


async def pairing(call: Call[None]) -> Response:
    """What somebody needs to pair a program with the box."""
    gateway = call.gateway
    pin = base64.b64encode(gateway.identity.public_key_hash()).decode()
    return message_answer(
        gw.PairingInfo(
            code=gateway.pairing.code,
            fingerprint=gateway.identity.fingerprint,
            # Asked for anew: the box may have had no address yet when it started.
            addresses=box_addresses(gateway.settings),
            public_key=f"sha256//{pin}",
        )
    )


async def ticket(call: Call[None]) -> Response:
    """A new ticket."""
    made = call.gateway.pairing.tickets.issue(time.monotonic())
    return message_answer(gw.PairingTicket(ticket=made, expires_s=TICKET_S), 201)


ENDPOINTS = (
    Endpoint(
        "POST",
        "/v1/pair/start",
        start,
        "Pairing by the code: the client's message of SPAKE2 in, the box's out",
        takes=gw.PairStartRequest,
        gives=gw.PairStartResponse,
        open=True,
        errors=(429,),
    ),
    Endpoint(
        "POST",
        "/v1/pair/confirm",
        confirm,
        "Pairing by the code: the client's confirmation in, the box's and the encrypted token out",
        takes=gw.PairConfirmRequest,
        gives=gw.PairConfirmResponse,
        status=201,
        open=True,
        errors=(403, 404, 409, 507),
    ),
    Endpoint(
        "POST",
        "/v1/pair",
        pair,
        "A ticket of `sotto pair` in, a token out",
        takes=gw.PairRequest,
        gives=gw.PairResponse,
        status=201,
        open=True,
        errors=(403, 409, 507),
    ),
    Endpoint(
        "GET",
        "/v1/pairing",
        pairing,
        "The pairing code, the fingerprint, the public key to pin and the addresses",
        scope=Scope.ADMIN,
        gives=gw.PairingInfo,
    ),
    Endpoint(
        "POST",
        "/v1/pairing/tickets",
        ticket,
        "A ticket that pairs one program, within ten minutes",
        scope=Scope.ADMIN,
        gives=gw.PairingTicket,
        status=201,
    ),
)
