"""A token that is revoked or expires: what its caller has open ends, whichever way it came in."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import grpc
import httpx
import pytest
from websockets.asyncio.client import ClientConnection, unix_connect
from websockets.exceptions import ConnectionClosed

from common.errors import Unauthenticated
from services.gatewayd.app import build_app, guarded
from services.gatewayd.gateway import Gateway
from services.gatewayd.grpc_front import GrpcFront
from services.gatewayd.main import put_together
from services.gatewayd.revocation import while_paired
from services.gatewayd.server import HttpServer, unix_listener
from services.proto.sotto.v1 import assistant_pb2 as pb
from services.proto.sotto.v1 import assistant_pb2_grpc as rpc
from services.settings.gateway import GatewaySettings
from services.wire.status import from_rpc
from tests.services.stand_in import played

_Result = TypeVar("_Result")
_Case = Callable[[Gateway, str, "_Patient"], Coroutine[Any, Any, _Result]]


class _Patient(rpc.AssistantServicer):
    """Says little, and waits until it is left."""

    def __init__(self) -> None:
        self.open, self.left = asyncio.Event(), asyncio.Event()

    async def _wait(self) -> None:
        self.open.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.left.set()

    async def Watch(self, _request: pb.WatchRequest, _: Any) -> AsyncIterator[pb.Event]:  # noqa: N802
        yield pb.Event(kind="listening")
        await self._wait()

    async def Converse(  # noqa: N802
        self, _requests: AsyncIterator[pb.ConverseRequest], _: Any
    ) -> AsyncIterator[pb.ConverseResponse]:
        await self._wait()
        yield pb.ConverseResponse()


def _run(folder: Path, case: _Case[_Result]) -> _Result:
    """`case` with a gateway, the token of a caller called "tablet", and the assistant behind."""

    async def run() -> _Result:
        assistant = _Patient()  # type: ignore[abstract]  # gRPC answers the rest
        socket = folder / "a.sock"
        async with played(assistant, socket), asyncio.timeout(60):
            gateway = put_together(GatewaySettings(), folder, socket)
            secret, _ = gateway.tokens.issue("tablet", ["talk"], 0.0)
            result = await case(gateway, secret, assistant)
            await gateway.upstream.close()
        return result

    return asyncio.run(run())


@asynccontextmanager
async def _http(gateway: Gateway, path: Path) -> AsyncIterator[None]:
    """Its REST interface on a Unix socket, for callers that need a token."""
    server = HttpServer(guarded(build_app(gateway), gateway), unix_listener(path), gateway.settings.limits)
    await server.start()
    try:
        yield
    finally:
        await server.stop()


def test_events_end(tmp_path: Path) -> None:
    async def case(gateway: Gateway, secret: str, assistant: _Patient) -> list[dict[str, Any]]:
        transport = httpx.AsyncHTTPTransport(uds=str(tmp_path / "http.sock"))
        headers = {"Authorization": f"Bearer {secret}"}
        async with (
            _http(gateway, tmp_path / "http.sock"),
            httpx.AsyncClient(transport=transport, base_url="http://localhost", headers=headers) as client,
            client.stream("GET", "/v1/events") as answer,
        ):
            lines = answer.aiter_lines()
            heard = [await anext(lines)]
            gateway.tokens.revoke("tablet")
            heard += [line async for line in lines]
            await assistant.left.wait()
        return [json.loads(line) for line in heard]

    first, last = _run(tmp_path, case)
    assert (first["kind"], last["error"]["code"]) == ("listening", "access.token")


def test_events_end_with_the_time_of_the_token(tmp_path: Path) -> None:
    async def case(gateway: Gateway, _secret: str, assistant: _Patient) -> Unauthenticated:
        _, guest = gateway.tokens.issue("guest", ["talk"], time.time(), 0.5)
        events = while_paired(gateway.tokens, guest, gateway.upstream.stub.Watch(pb.WatchRequest()))
        assert (await anext(events)).kind == "listening"
        with pytest.raises(Unauthenticated) as caught:
            await anext(events)
        await assistant.left.wait()
        return caught.value

    assert _run(tmp_path, case).code == "access.expired"


async def _last_words(line: ClientConnection) -> tuple[str, int]:
    """The code of the error that the box tells, and the one it closes with."""
    told = json.loads(await line.recv())
    try:
        await line.recv()
    except ConnectionClosed as closed:
        assert closed.rcvd is not None
        return told["error"]["code"], closed.rcvd.code
    raise AssertionError("it goes on")


def _converse(folder: Path, first: str) -> tuple[str, int]:
    """What a caller hears whose token is revoked when it has said `first`."""

    async def case(gateway: Gateway, secret: str, assistant: _Patient) -> tuple[str, int]:
        path = folder / "http.sock"
        headers = {"Authorization": f"Bearer {secret}"}
        async with (
            _http(gateway, path),
            unix_connect(str(path), "ws://localhost/v1/converse", additional_headers=headers) as line,
        ):
            if first:
                await line.send(first)
                await assistant.open.wait()
            gateway.tokens.revoke("tablet")
            heard = await _last_words(line)
            if first:
                await assistant.left.wait()
        return heard

    return _run(folder, case)


def test_a_conversation_ends(tmp_path: Path) -> None:
    assert _converse(tmp_path, '{"start": {}}') == ("access.token", 1008)


def test_a_conversation_that_was_opened_early_does_not_begin(tmp_path: Path) -> None:
    assert _converse(tmp_path, "") == ("access.token", 1008)


def test_a_grpc_stream_ends(tmp_path: Path) -> None:
    async def case(gateway: Gateway, secret: str, assistant: _Patient) -> tuple[grpc.StatusCode, str]:
        path = tmp_path / "grpc.sock"
        front = GrpcFront(path, gateway, {})
        await front.start()
        async with grpc.aio.insecure_channel(f"unix:{path}") as channel:
            stub: Any = rpc.AssistantStub(channel)
            call = stub.Watch(pb.WatchRequest(), metadata=(("authorization", f"Bearer {secret}"),))
            await call.read()
            gateway.tokens.revoke("tablet")
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await call.read()
            await assistant.left.wait()
            told = caught.value.code(), from_rpc(caught.value).code
        await front.stop()
        return told

    assert _run(tmp_path, case) == (grpc.StatusCode.UNAUTHENTICATED, "access.token")
