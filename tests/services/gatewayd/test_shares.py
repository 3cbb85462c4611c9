"""Shares of conversations, over the real gateway: one token cannot take the places of others."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from typing import Any

import grpc
import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from wyoming.audio import AudioChunk
from wyoming.client import AsyncTcpClient
from wyoming.error import Error
from wyoming.wake import Detect

from services.proto.sotto.v1 import assistant_pb2 as pb
from services.proto.sotto.v1 import assistant_pb2_grpc as rpc
from services.settings.gateway import Limits
from services.wire.limits import MAX_CONVERSATIONS
from services.wire.status import from_rpc
from tests.services.gatewayd.conftest import Gate

_SHARE = Limits().conversations
_START = pb.ConverseRequest(start=pb.ConverseStart(realtime=True))
_SOUND = AudioChunk(rate=16_000, width=2, channels=1, audio=bytes(3200)).event()


@pytest.fixture(scope="module")
def greedy(gate: Gate) -> str:
    return gate.pair("greedy", "talk")


@pytest.fixture(scope="module")
def modest(gate: Gate) -> str:
    return gate.pair("modest", "talk")


def _line(gate: Gate, token: str) -> connect:
    headers = {"Authorization": f"Bearer {token}"}
    url = f"wss://127.0.0.1:{gate.port}/v1/converse"
    return connect(url, ssl=gate.tls, additional_headers=headers, proxy=None)


@asynccontextmanager
async def _talking(gate: Gate, token: str, number: int) -> AsyncIterator[list[ClientConnection]]:
    """So many conversations of a token that were begun, one after another."""
    async with AsyncExitStack() as stack:
        lines = [await stack.enter_async_context(_line(gate, token)) for _ in range(number)]
        for line in lines:
            await line.send('{"start": {"realtime": true}}')
            # The first events of a conversation come when it has its place.
            await line.send(bytes(3200))
        yield lines


async def _answered(gate: Gate, token: str) -> str:
    """ "answered", or the code of the error."""
    async with _line(gate, token) as line:
        await line.send('{"start": {}}')
        await line.send('{"end": {}}')
        async for message in line:
            told = json.loads(message)
            if "error" in told:
                return str(told["error"]["code"])
    return "answered"


def test_a_token_has_its_share_over_websocket_and_others_have_theirs(
    gate: Gate, greedy: str, modest: str
) -> None:
    async def run() -> tuple[str, str]:
        async with _talking(gate, greedy, MAX_CONVERSATIONS) as lines:
            refused = [asyncio.create_task(line.recv()) for line in lines[_SHARE:]]
            codes = {json.loads(await told)["error"]["code"] for told in refused}
            assert codes == {"access.share"}
            return await _answered(gate, greedy), await _answered(gate, modest)

    assert asyncio.run(run()) == ("access.share", "answered")


def test_event_streams_have_shares_too_over_rest_and_grpc(gate: Gate, greedy: str, modest: str) -> None:
    trusted = grpc.ssl_channel_credentials(gate.certificate.read_bytes())
    with ExitStack() as stack:
        client = stack.enter_context(gate.client(greedy))
        for _ in range(_SHARE):
            assert stack.enter_context(client.stream("GET", "/v1/events")).status_code == 200
        answer = client.get("/v1/events")
        channel = stack.enter_context(grpc.secure_channel(f"127.0.0.1:{gate.grpc_port}", trusted))
        with pytest.raises(grpc.RpcError) as caught:
            list(
                rpc.AssistantStub(channel).Watch(
                    pb.WatchRequest(), metadata=(("authorization", f"Bearer {greedy}"),), timeout=30
                )
            )
        other = stack.enter_context(gate.client(modest))
        assert stack.enter_context(other.stream("GET", "/v1/events")).status_code == 200
    assert (answer.status_code, answer.json()["code"]) == (429, "access.share")
    assert from_rpc(caught.value).code == "access.share"


def test_grpc_and_websocket_use_one_share(gate: Gate, greedy: str) -> None:
    trusted = grpc.ssl_channel_credentials(gate.certificate.read_bytes())

    async def run() -> str:
        async with _talking(gate, greedy, _SHARE) as lines:
            async with grpc.aio.secure_channel(f"127.0.0.1:{gate.grpc_port}", trusted) as channel:
                assert all(line.close_code is None for line in lines)
                converse: Any = rpc.AssistantStub(channel).Converse
                call = converse(metadata=(("authorization", f"Bearer {greedy}"),))
                with pytest.raises(grpc.RpcError) as caught:
                    await call.read()
        return from_rpc(caught.value).code

    assert asyncio.run(run()) == "access.share"


def test_hubs_keep_their_places_when_tokens_have_all_of_theirs(gate: Gate, greedy: str, modest: str) -> None:
    third = gate.pair("third", "talk")
    gate.box.run("hubs", "add", "127.0.0.1")

    async def run() -> list[str]:
        async with (
            _talking(gate, greedy, _SHARE),
            _talking(gate, modest, _SHARE),
            _talking(gate, third, 2),
            AsyncExitStack() as stack,
        ):
            assert await _answered(gate, third) == "daemon.no-place"
            told = []
            for _ in range(5):
                hub = await stack.enter_async_context(AsyncTcpClient("127.0.0.1", gate.wyoming_port))
                await hub.write_event(Detect().event())
                await hub.write_event(_SOUND)
                try:
                    async with asyncio.timeout(0.5):
                        event = await hub.read_event()
                except TimeoutError:
                    told.append("listens")
                else:
                    assert event is not None
                    told.append(str(Error.from_event(event).code))
            return told

    assert asyncio.run(run()) == ["listens"] * 4 + ["daemon.no-place"]


def test_a_refusal_of_the_assistant_itself_is_told_as_it_is(gate: Gate, modest: str) -> None:
    """Programs of this machine hold all of its places, over its own socket."""

    async def run() -> str:
        async with grpc.aio.insecure_channel(f"unix:{gate.box.socket}") as channel, AsyncExitStack() as stack:
            converse: Any = rpc.AssistantStub(channel).Converse
            for _ in range(MAX_CONVERSATIONS):
                call = converse()
                stack.callback(call.cancel)
                await call.write(_START)
                await call.write(pb.ConverseRequest(audio=bytes(3200)))
            return await _answered(gate, modest)

    assert asyncio.run(run()) == "daemon.no-place"


def test_the_room_is_asked_as_before_meanwhile(gate: Gate, greedy: str, modest: str) -> None:
    async def run() -> httpx.Response:
        headers = {"Authorization": f"Bearer {modest}"}
        async with (
            _talking(gate, greedy, _SHARE),
            httpx.AsyncClient(base_url=gate.url, verify=gate.tls, headers=headers, timeout=30) as client,
        ):
            return await client.post("/v1/query", json={"query": "what day is it"})

    assert "HassGetCurrentDate" in asyncio.run(run()).text
