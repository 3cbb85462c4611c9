"""Writing to a call that the server ends meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc

from common.errors import Unavailable
from services.proto.sotto.v1 import assistant_pb2 as pb
from services.proto.sotto.v1 import assistant_pb2_grpc as rpc
from services.wire.calls import write
from services.wire.limits import MESSAGE_OPTIONS
from services.wire.status import from_rpc, status_of
from tests.services.stand_in import played

_CALLS = 20


class _Full(rpc.AssistantServicer):
    """Refuses each conversation at its first message."""

    async def Converse(  # noqa: N802
        self, requests: AsyncIterator[pb.ConverseRequest], context: Any
    ) -> AsyncIterator[pb.ConverseResponse]:
        await anext(requests)
        code, text, details = status_of(Unavailable("there is no place", code="daemon.no-place"))
        await context.abort(code, text, (("grpc-status-details-bin", details),))
        yield pb.ConverseResponse()


def test_a_call_that_is_written_to_ends_with_the_reason_of_the_server(tmp_path: Path) -> None:
    """With `call.write` it was "Internal error from Core" in nearly every call."""

    async def writes(call: Any) -> None:
        try:
            while True:
                await write(call, pb.ConverseRequest(audio=bytes(3200)))
        except (asyncio.InvalidStateError, grpc.RpcError):
            pass

    async def run() -> list[str]:
        path = tmp_path / "a.sock"
        told = []
        assistant = _Full()  # type: ignore[abstract]  # gRPC answers the rest
        async with (
            played(assistant, path),
            asyncio.timeout(60),
            grpc.aio.insecure_channel(f"unix:{path}", options=MESSAGE_OPTIONS) as channel,
        ):
            stub: Any = rpc.AssistantStub(channel)
            for _ in range(_CALLS):
                call = stub.Converse()
                writer = asyncio.create_task(writes(call))
                try:
                    async for _ in call:
                        pass
                except grpc.RpcError as error:
                    told.append(from_rpc(error).code)
                await writer
        return told

    assert asyncio.run(run()) == ["daemon.no-place"] * _CALLS
