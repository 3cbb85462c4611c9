"""A conversation from which nothing comes ends with a reason, over each way in; a refusal keeps its own."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
from websockets.asyncio.client import ClientConnection, unix_connect
from websockets.exceptions import ConnectionClosed
from wyoming.audio import AudioChunk
from wyoming.client import AsyncTcpClient
from wyoming.error import Error
from wyoming.event import Event
from wyoming.wake import Detect

from common.errors import Unavailable
from services.gatewayd import wyoming_server
from services.gatewayd.admission import Holder, Kind
from services.gatewayd.app import build_app, guarded
from services.gatewayd.gateway import Gateway
from services.gatewayd.grpc_front import GrpcFront
from services.gatewayd.main import put_together, wyoming_doors
from services.gatewayd.quiet import while_heard
from services.gatewayd.server import HttpServer, unix_listener
from services.gatewayd.wyoming_services import ServicesSession
from services.proto.sotto.v1 import assistant_pb2 as pb
from services.proto.sotto.v1 import assistant_pb2_grpc as rpc
from services.settings.gateway import GatewaySettings, Limits
from services.wire.status import from_rpc, status_of
from tests.services.conftest import free_port
from tests.services.stand_in import played

_QUIET_S = 0.3
_SOUND = AudioChunk(rate=16_000, width=2, channels=1, audio=bytes(3200)).event()
_HUB = Holder(Kind.HUB, "192.0.2.9")


class _Assistant(rpc.AssistantServicer):
    """Takes audio and never answers; or refuses all, as one without a place left."""

    def __init__(self, *, full: bool) -> None:
        self._full = full

    async def _take(self, requests: AsyncIterator[Any], context: Any) -> None:
        if self._full:
            await anext(requests)
            code, text, details = status_of(Unavailable("16 are open", code="daemon.no-place"))
            await context.abort(code, text, (("grpc-status-details-bin", details),))
        async for _ in requests:
            pass

    async def Converse(  # noqa: N802
        self, requests: AsyncIterator[pb.ConverseRequest], context: Any
    ) -> AsyncIterator[pb.ConverseResponse]:
        await self._take(requests, context)
        yield pb.ConverseResponse(turn=pb.Turn(id="last"))

    async def DetectWakeWords(  # noqa: N802
        self, requests: AsyncIterator[pb.DetectRequest], context: Any
    ) -> AsyncIterator[pb.WakeWord]:
        await self._take(requests, context)
        yield pb.WakeWord(name="okay_nabu")


_Way = Callable[[Gateway, str, Path], Awaitable[str]]


def _run(folder: Path, way: _Way, *, full: bool = False) -> str:
    """The code of the error that a caller is told; every place is free again afterwards."""

    async def run() -> str:
        socket = folder / "a.sock"
        assistant = _Assistant(full=full)  # type: ignore[abstract]  # gRPC answers the rest
        settings = GatewaySettings(limits=Limits(quiet_s=_QUIET_S, conversations=1))
        async with played(assistant, socket), asyncio.timeout(60):
            gateway = put_together(settings, folder, socket)
            secret, _ = gateway.tokens.issue("tablet", ["talk"], 0.0)
            told = await way(gateway, secret, folder / "way.sock")
            for holder in (Holder(Kind.TOKEN, "tablet"), _HUB):
                gateway.conversations.take(holder)
            await gateway.upstream.close()
        return told

    return asyncio.run(run())


@asynccontextmanager
async def _line(gateway: Gateway, secret: str, path: Path) -> AsyncIterator[ClientConnection]:
    server = HttpServer(guarded(build_app(gateway), gateway), unix_listener(path), gateway.settings.limits)
    await server.start()
    headers = {"Authorization": f"Bearer {secret}"}
    async with unix_connect(str(path), "ws://localhost/v1/converse", additional_headers=headers) as line:
        yield line
    await server.stop()


async def _websocket(gateway: Gateway, secret: str, path: Path) -> str:
    async with _line(gateway, secret, path) as line:
        await line.send('{"start": {"realtime": true}}')
        await line.send(bytes(3200))
        told = json.loads(await line.recv())
        with pytest.raises(ConnectionClosed) as closed:
            await line.recv()
    assert closed.value.rcvd is not None and closed.value.rcvd.code == 1013
    return str(told["error"]["code"])


async def _grpc(gateway: Gateway, secret: str, path: Path, method: str, first: Any) -> str:
    front = GrpcFront(path, gateway, {})
    await front.start()
    try:
        async with grpc.aio.insecure_channel(f"unix:{path}") as channel:
            open_call = getattr(rpc.AssistantStub(channel), method)
            call: Any = open_call(metadata=(("authorization", f"Bearer {secret}"),))
            if first is not None:
                await call.write(first)
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await call.read()
    finally:
        await front.stop()
    return from_rpc(caught.value).code


async def _wyoming(gateway: Gateway, _secret: str, _path: Path) -> str:
    heard: asyncio.Queue[Event] = asyncio.Queue()
    places, quiet_s = gateway.conversations, gateway.settings.limits.quiet_s
    held = gateway.memory.hold(_HUB.name, _HUB.name)
    session = ServicesSession(gateway.upstream, held, heard.put, places, _HUB.name, quiet_s)
    await session.take(Detect().event())
    await session.take(_SOUND)
    told = Error.from_event(await heard.get()).code
    session.close()
    return str(told)


def _over_grpc(method: str, first: Any) -> _Way:
    return lambda gateway, secret, path: _grpc(gateway, secret, path, method, first)


@pytest.mark.parametrize(
    "way",
    [
        _websocket,
        _over_grpc("Converse", None),
        _over_grpc("Converse", pb.ConverseRequest(start=pb.ConverseStart())),
        _over_grpc("DetectWakeWords", pb.DetectRequest(start=pb.DetectStart())),
        _wyoming,
    ],
    ids=["websocket", "grpc-silent", "grpc", "grpc-wake-words", "wyoming"],
)
def test_a_quiet_conversation_ends_with_a_reason_and_leaves_its_place(tmp_path: Path, way: _Way) -> None:
    assert _run(tmp_path, way) == "converse.idle"


@pytest.mark.parametrize(
    "way",
    [_websocket, _over_grpc("Converse", pb.ConverseRequest(start=pb.ConverseStart())), _wyoming],
    ids=["websocket", "grpc", "wyoming"],
)
def test_a_refusal_of_the_assistant_arrives_as_it_is(tmp_path: Path, way: _Way) -> None:
    assert _run(tmp_path, way, full=True) == "daemon.no-place"


def test_a_quiet_connection_of_a_hub_ends_with_a_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wyoming_server, "_IDLE_S", _QUIET_S)

    async def run() -> str:
        settings = GatewaySettings(host="127.0.0.1", wyoming_port=free_port(), satellite_port=0)
        gateway = put_together(settings, tmp_path, tmp_path / "a.sock")
        gateway.hubs.add("127.0.0.1")
        door = wyoming_doors(gateway)["wyoming_port"]
        await door.start()
        async with asyncio.timeout(60), AsyncTcpClient("127.0.0.1", settings.wyoming_port) as hub:
            event = await hub.read_event()
        await door.stop()
        await gateway.upstream.close()
        assert event is not None
        return str(Error.from_event(event).code)

    assert asyncio.run(run()) == "converse.idle"


def test_who_has_said_all_waits_for_the_answer_as_long_as_it_takes() -> None:
    async def run() -> None:
        async with while_heard(0.01) as heard:
            heard.all()
            await asyncio.sleep(0.05)

    asyncio.run(run())


def test_who_goes_on_is_not_quiet() -> None:
    async def run() -> None:
        async with while_heard(5.0) as heard:
            for _ in range(3):
                await asyncio.sleep(0.01)
                heard.again()

    asyncio.run(run())


def test_another_time_limit_in_the_block_stays_what_it_is() -> None:
    async def run() -> None:
        async with while_heard(60.0), asyncio.timeout(0.01):
            await asyncio.sleep(10)

    with pytest.raises(TimeoutError):
        asyncio.run(run())
