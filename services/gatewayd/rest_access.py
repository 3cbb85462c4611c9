"""Pairing, tokens, and how the box is."""

from __future__ import annotations

import time

from prometheus_client import CONTENT_TYPE_LATEST
from starlette.responses import Response

from common.errors import Unavailable
from services.gatewayd.addresses import box_addresses
from services.gatewayd.endpoint import Call, Endpoint, Parameter, message_answer
from services.gatewayd.hubs import PairedHub
from services.gatewayd.tokens import Scope, Token
from services.proto.sotto.v1 import gateway_pb2 as gw


async def health(call: Call[None]) -> Response:
    """Whether the assistant is there; told to everybody."""
    if await call.gateway.upstream.answers():
        return message_answer(gw.Health(status="ok", text="the assistant answers"))
    raise Unavailable("the assistant is not there now", hint="it starts again by itself", code="daemon.gone")


async def pair(call: Call[gw.PairRequest]) -> Response:
    """The pairing code in, a token out."""
    gateway, wish = call.gateway, call.body
    gateway.guard.check(wish.code, time.monotonic())
    secret, token = gateway.tokens.issue(wish.name, wish.scopes, time.time(), wish.expires_s)
    return message_answer(
        gw.PairResponse(token=secret, paired=_shown(token), fingerprint=gateway.identity.fingerprint), 201
    )


async def pairing(call: Call[None]) -> Response:
    """What somebody needs who wants to pair something."""
    gateway = call.gateway
    return message_answer(
        gw.PairingInfo(
            code=gateway.guard.code,
            fingerprint=gateway.identity.fingerprint,
            # Asked for anew: the box may have had no address yet when it started.
            addresses=box_addresses(gateway.settings),
        )
    )


async def tokens(call: Call[None]) -> Response:
    """Who is paired."""
    return message_answer(gw.ListTokensResponse(tokens=map(_shown, call.gateway.tokens.tokens)))


async def revoke(call: Call[None]) -> Response:
    """Refuse somebody from now on."""
    return message_answer(
        gw.RevokeTokenResponse(revoked=_shown(call.gateway.tokens.revoke(call.request.path_params["name"])))
    )


async def hubs(call: Call[None]) -> Response:
    """Who is answered over Wyoming."""
    return message_answer(gw.ListHubsResponse(hubs=map(_hub, call.gateway.hubs.hubs)))


async def add_hub(call: Call[gw.Hub]) -> Response:
    """Answer a hub from now on."""
    gateway = call.gateway
    added = gateway.hubs.add(call.body.address)
    if problems := await gateway.hubs_changed():
        # It would be told of as paired, and not be answered.
        gateway.hubs.remove(added.address)
        await gateway.hubs_changed()
        raise problems[0]
    return message_answer(_hub(added), 201)


async def remove_hub(call: Call[None]) -> Response:
    """Answer it no more, and cut it off."""
    removed = call.gateway.hubs.remove(call.request.path_params["address"])
    await call.gateway.hubs_changed()
    return message_answer(_hub(removed))


async def metrics(call: Call[None]) -> Response:
    """Counters for Prometheus."""
    call.gateway.metrics.assistant.set(await call.gateway.upstream.answers())
    return Response(call.gateway.metrics.text(), media_type=CONTENT_TYPE_LATEST)


def _hub(hub: PairedHub) -> gw.Hub:
    return gw.Hub(address=hub.address, fixed=hub.fixed)


def _shown(token: Token) -> gw.Token:
    return gw.Token(name=token.name, scopes=sorted(token.scopes), made=token.made, expires=token.expires)


ENDPOINTS = (
    Endpoint(
        "GET",
        "/v1/health",
        health,
        "Whether the assistant is there",
        gives=gw.Health,
        open=True,
    ),
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
    Endpoint("GET", "/v1/tokens", tokens, "Who is paired", scope=Scope.ADMIN, gives=gw.ListTokensResponse),
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
    Endpoint("GET", "/metrics", metrics, "Counters in the text format of Prometheus", media=("text/plain",)),
)
