"""An answer to a question leaves the gateway piece by piece, while the turn still goes on."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.gatewayd.app import build_app, guarded
from services.gatewayd.main import put_together
from services.gatewayd.server import HttpServer, unix_listener
from services.proto.sotto.v1 import assistant_pb2 as pb
from services.proto.sotto.v1 import assistant_pb2_grpc as rpc
from services.settings.gateway import GatewaySettings
from services.wire.messages import struct_from
from tests.services.stand_in import played


class _Slow(rpc.AssistantServicer):
    """Decides at once, replies when it may, and ends its turn when it may."""

    def __init__(self) -> None:
        self.may_reply, self.may_end = asyncio.Event(), asyncio.Event()

    async def Ask(self, _request: pb.AskRequest, _: Any) -> AsyncIterator[pb.AskResponse]:  # noqa: N802
        yield pb.AskResponse(event=pb.Event(kind="decided"))
        await self.may_reply.wait()
        yield pb.AskResponse(event=pb.Event(kind="reply", data=struct_from({"text": "Done."})))
        await self.may_end.wait()
        yield pb.AskResponse(turn=pb.Turn(id="x", reply="Done."))


async def _streamed(folder: Path, path: str, body: dict[str, object]) -> list[str]:
    """The lines of an answer; each next step of the assistant waits until the one before was read."""
    assistant = _Slow()  # type: ignore[abstract]  # gRPC answers the rest
    async with played(assistant, folder / "a.sock"), asyncio.timeout(60):
        gateway = put_together(GatewaySettings(), folder, folder / "a.sock")
        app = guarded(build_app(gateway), gateway, local=True)
        server = HttpServer(app, unix_listener(folder / "http.sock"), gateway.settings.limits)
        await server.start()
        transport = httpx.AsyncHTTPTransport(uds=str(folder / "http.sock"))
        async with (
            httpx.AsyncClient(transport=transport, base_url="http://box") as client,
            client.stream("POST", path, json=body) as answer,
        ):
            pieces = (line async for line in answer.aiter_lines() if line)
            read = [await anext(pieces)]
            assistant.may_reply.set()
            read.append(await anext(pieces))
            assistant.may_end.set()
            read += [line async for line in pieces]
        await server.stop()
        await gateway.upstream.close()
    return read


def test_events_come_before_the_turn_has_ended(tmp_path: Path) -> None:
    lines = asyncio.run(_streamed(tmp_path, "/v1/query", {"query": "hello"}))
    decided, reply, turn = map(json.loads, lines)
    assert (decided["event"]["kind"], reply["event"]["kind"]) == ("decided", "reply")
    assert turn["turn"]["id"] == "x"


def test_a_chat_answer_comes_before_the_turn_has_ended(tmp_path: Path) -> None:
    body = {"messages": [{"role": "user", "content": "hello"}], "stream": True}
    *lines, done = asyncio.run(_streamed(tmp_path, "/v1/chat/completions", body))
    role, reply, stop = (json.loads(line.removeprefix("data: "))["choices"][0] for line in lines)
    assert role["delta"] == {"role": "assistant", "content": ""}
    assert reply["delta"] == {"content": "Done."}
    assert (stop["finish_reason"], done) == ("stop", "data: [DONE]")


class _Silent(rpc.AssistantServicer):
    """Says nothing to a question, and notes whether it was given up."""

    def __init__(self) -> None:
        self.asked, self.given_up = asyncio.Event(), asyncio.Event()

    async def Ask(self, _request: pb.AskRequest, _: Any) -> AsyncIterator[pb.AskResponse]:  # noqa: N802
        self.asked.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.given_up.set()
        yield pb.AskResponse()


async def _left(folder: Path, path: str, body: dict[str, object]) -> None:
    """Ask, and leave before there is any answer; ends when the assistant has noticed."""
    assistant = _Silent()  # type: ignore[abstract]  # gRPC answers the rest
    async with played(assistant, folder / "a.sock"), asyncio.timeout(60):
        gateway = put_together(GatewaySettings(), folder, folder / "a.sock")
        app = guarded(build_app(gateway), gateway, local=True)
        server = HttpServer(app, unix_listener(folder / "http.sock"), gateway.settings.limits)
        await server.start()
        transport = httpx.AsyncHTTPTransport(uds=str(folder / "http.sock"))
        async with httpx.AsyncClient(transport=transport, base_url="http://box") as client:
            asking = asyncio.create_task(client.post(path, json=body, timeout=60))
            await assistant.asked.wait()
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
        await assistant.given_up.wait()
        await server.stop()
        await gateway.upstream.close()


_CHAT = {"messages": [{"role": "user", "content": "hello"}]}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/query", {"query": "hello"}),
        ("/v1/chat/completions", {**_CHAT, "stream": True}),
        ("/v1/chat/completions", {**_CHAT, "stream": False}),
    ],
)
def test_a_question_is_given_up_when_its_caller_leaves(
    tmp_path: Path, path: str, body: dict[str, object]
) -> None:
    asyncio.run(_left(tmp_path, path, body))
