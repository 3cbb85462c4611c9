"""The way to the assistant, with a stand-in for it that only listens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import grpc

from assistant.home.executor import Action
from assistant.home.imported import Imported, Skipped
from assistant.home.model import Home
from services.connectord.uplink import Uplink
from services.hubs.board import Board
from services.proto.sotto.v1 import assistant_pb2 as pb
from services.proto.sotto.v1 import assistant_pb2_grpc as rpc
from tests.services.stand_in import played


class _Listener(rpc.AssistantServicer):
    """Takes whoever attaches, and keeps what is left out of the home."""

    def __init__(self) -> None:
        self.left_out: asyncio.Queue[str] = asyncio.Queue()

    async def AttachHome(  # noqa: N802
        self, reports: AsyncIterator[pb.HomeReport], context: grpc.aio.ServicerContext[object, object]
    ) -> AsyncIterator[pb.HomeCommand]:
        await context.send_initial_metadata(())
        async for report in reports:
            for item in report.link.skipped:
                self.left_out.put_nowait(item.id)
        yield pb.HomeCommand()


class _NoHub:
    async def run(self) -> None:
        raise AssertionError("nobody runs it here")

    async def act(self, _action: Action) -> None:
        raise AssertionError("nothing is commanded here")


def _leave_out(board: Board, id_: str) -> None:
    board.describe(Imported(Home(), (Skipped(id_, "a reason"),)))


def test_what_cannot_be_told_is_not_the_end_of_telling(tmp_path: Path) -> None:
    async def run() -> str:
        listener = _Listener()  # type: ignore[abstract]  # gRPC answers the rest
        socket, board = tmp_path / "a.sock", Board()
        # Half of a surrogate pair: JSON may hold it, and UTF-8 may not.
        _leave_out(board, "\ud800")
        attached = asyncio.Event()
        hello = pb.HomeHello(kind="mqtt")
        async with played(listener, socket):
            uplink = asyncio.create_task(Uplink(socket, hello, board, _NoHub(), attached.set).run())
            await attached.wait()
            _leave_out(board, "light.lamp")
            async with asyncio.timeout(60):
                told = await listener.left_out.get()
            uplink.cancel()
            await asyncio.gather(uplink, return_exceptions=True)
        return told

    assert asyncio.run(run()) == "light.lamp"
