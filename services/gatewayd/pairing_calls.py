"""Pairing by the code, message by message, as REST and gRPC both have it."""

from __future__ import annotations

import time

from services.gatewayd.gateway import Gateway
from services.gatewayd.wire_tokens import token_to_wire
from services.inbound.addresses import network_of
from services.proto.sotto.v1 import gateway_pb2 as gw


def start(gateway: Gateway, request: gw.PairStartRequest, address: str) -> gw.PairStartResponse:
    """Begin an exchange.

    Args:
        gateway: its code.
        request: the client's message.
        address: of the client.

    Raises:
        Unavailable: too many wrong codes lately.
        InvalidInput: the message cannot be used.
    """
    name, message = gateway.pairing.start(request.message, network_of(address), time.monotonic())
    return gw.PairStartResponse(exchange=name, message=message)


def confirm(gateway: Gateway, request: gw.PairConfirmRequest) -> gw.PairConfirmResponse:
    """End an exchange; the token is encrypted for whoever knows the code and sees the box's certificate.

    Raises:
        NotFound: there is no such exchange.
        Denied: the code is wrong, or the client saw another certificate.
        InvalidInput, Conflict, TooLarge, StorageError: as `TokenStore.issue`.
    """
    keys = gateway.pairing.confirm(request.exchange, request.confirmation, time.monotonic())
    secret, token = gateway.tokens.issue(request.name, request.scopes, time.time(), request.expires_s)
    sealed, confirmation = keys.seal(secret)
    return gw.PairConfirmResponse(
        confirmation=confirmation,
        sealed_token=sealed,
        paired=token_to_wire(token),
        fingerprint=gateway.identity.fingerprint,
    )
