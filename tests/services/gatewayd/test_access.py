"""Who calls, and whether they may; without any server."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from common.errors import Denied, Unauthenticated
from services.gatewayd import tokens
from services.gatewayd.access import LOCAL, Access, Gatekeeper, allow
from services.gatewayd.app import OPEN_PATHS
from services.gatewayd.grpc_front import OPEN, PRIVATE, SCOPES
from services.gatewayd.tokens import TokenStore
from services.proto.sotto.v1 import assistant_pb2 as pb
from services.proto.sotto.v1 import recogniser_pb2


@pytest.fixture
def store(tmp_path: Path) -> TokenStore:
    return TokenStore(tmp_path / "tokens.json")


def test_a_bearer_token_tells_who_it_is(store: TokenStore) -> None:
    secret, token = store.issue("tablet", [], now=0.0)
    keeper = Gatekeeper(store, now=lambda: 1.0)
    assert keeper.caller(f"Bearer {secret}", "192.0.2.7") == token
    assert keeper.caller(f"bearer  {secret} ", "192.0.2.7") == token


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic abc", "Bearer nonsense", "\udc80"])
def test_anything_else_is_nobody(store: TokenStore, header: str) -> None:
    with pytest.raises(Unauthenticated):
        Gatekeeper(store).caller(header, "127.0.0.1")


def test_an_expired_token_is_told_so(store: TokenStore) -> None:
    secret, _ = store.issue("guest", [], now=0.0, expires_s=10.0)
    with pytest.raises(Unauthenticated) as caught:
        Gatekeeper(store, now=lambda: 10.0).caller(f"Bearer {secret}", "")
    assert caught.value.code == "access.expired"


@pytest.mark.parametrize(
    ("address", "inside"),
    [("127.0.0.1", True), ("::1", True), ("::ffff:127.0.0.1", True), ("192.0.2.7", False), ("", False)],
)
def test_loopback_is_exempt_only_if_the_owner_says_so(store: TokenStore, address: str, inside: bool) -> None:
    with pytest.raises(Unauthenticated):
        Gatekeeper(store).caller("", address)
    trusting = Gatekeeper(store, trust_loopback=True)
    if inside:
        assert trusting.caller("", address) is LOCAL
    else:
        with pytest.raises(Unauthenticated):
            trusting.caller("", address)


def test_a_wrong_token_from_loopback_is_still_wrong(store: TokenStore) -> None:
    with pytest.raises(Unauthenticated):
        Gatekeeper(store, trust_loopback=True).caller("Bearer nonsense", "127.0.0.1")


def test_a_scope_must_be_granted(store: TokenStore) -> None:
    _, token = store.issue("speaker", ["talk"], now=0.0)
    allow(token, tokens.Scope.TALK)
    allow(token, None)
    with pytest.raises(Denied):
        allow(token, tokens.Scope.CONTROL)


def _status(store: TokenStore, path: str) -> int:
    """The status that a caller without a token gets from behind the door."""
    sent: list[Message] = []

    async def behind(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    scope: dict[str, Any] = {
        "type": "http", "path": path, "method": "GET", "headers": [], "client": ("192.0.2.7", 1)
    }  # fmt: skip
    asyncio.run(Access(behind, Gatekeeper(store), OPEN_PATHS)(scope, receive, send))
    return int(sent[0]["status"])


@pytest.mark.parametrize(
    "path", ["/", "/v1/turns", "/v1/health/", "/V1/HEALTH", "/metrics", "/v1/pair/x", "/docs/"]
)
def test_nothing_else_is_behind_an_open_door(store: TokenStore, path: str) -> None:
    assert _status(store, path) == 401


@pytest.mark.parametrize(
    "path", ["/v1/health", "/v1/pair", "/v1/pair/start", "/v1/pair/confirm", "/openapi.json", "/docs"]
)
def test_health_pairing_and_the_description_are(store: TokenStore, path: str) -> None:
    assert _status(store, path) == 200


def test_every_method_of_the_contract_has_a_scope_or_is_private() -> None:
    services = [pb.DESCRIPTOR.services_by_name["Assistant"]]
    services += recogniser_pb2.DESCRIPTOR.services_by_name.values()
    methods = {f"/{service.full_name}/{method.name}" for service in services for method in service.methods}
    assert methods == {method for method in SCOPES if SCOPES[method] is not None} | PRIVATE
    assert not PRIVATE & set(SCOPES)
    assert not methods & OPEN
