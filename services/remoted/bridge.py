"""Between the assistant and the machine that recognises for it: orders go there, answers come back."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from pathlib import Path
from typing import Any

import grpc

from services.daemon.backoff import delay_s, failures_after
from services.proto.sotto.v1 import recogniser_pb2 as pb
from services.proto.sotto.v1 import recogniser_pb2_grpc as rpc
from services.remoted.connection import Connection, Ending, ending
from services.settings.remote import RemoteServer
from services.wire.calls import write
from services.wire.limits import MESSAGE_OPTIONS
from services.wire.status import from_rpc

log = logging.getLogger(__name__)

#: Longest wait in s between two tries to attach: assistantd starts within seconds.
_LONGEST_S = 5.0


class Bridge:
    """Attaches to the assistant and follows the other machine, until it is cancelled.

    Args:
        assistant: socket of assistantd; it may appear later.
        server: that recognises; None if none can be used.
        why_none: the reason then.
    """

    def __init__(self, assistant: Path, server: RemoteServer | None, why_none: Ending | None = None) -> None:
        self._assistant = assistant
        self._server = server
        self._why_none = why_none
        self._connection: Connection | None = None

    async def run(self) -> None:
        """Attach; when that ends, attach again."""
        loop = asyncio.get_running_loop()
        failures = 0
        logged = ""
        while True:
            began = loop.time()
            try:
                await self._attach()
                problem = "the assistant closed the connection"
            except grpc.RpcError as error:
                problem = str(from_rpc(error))
            except Exception as error:
                # Nothing that another machine sends may end this process.
                problem = f"the connection to the assistant failed ({type(error).__name__})"
                log.exception("the connection to the assistant failed")
            failures = failures_after(failures, loop.time() - began)
            if problem != logged:
                log.warning("not attached: %s", problem)
                logged = problem
            await asyncio.sleep(min(_LONGEST_S, delay_s(failures, False, random.random())))

    async def _attach(self) -> None:
        async with grpc.aio.insecure_channel(f"unix:{self._assistant}", options=MESSAGE_OPTIONS) as channel:
            call: Any = rpc.RemoteRecogniserStub(channel).Attach()  # type: ignore[call-arg]
            address = self._server.target if self._server else "no address"
            await _report(call, pb.RemoteReport(hello=pb.RemoteHello(address=address)))
            await call.initial_metadata()
            log.info("attached to the assistant")
            following = asyncio.create_task(self._follow(call))
            passing = asyncio.create_task(self._pass_on(call))
            try:
                done, _ = await asyncio.wait((following, passing), return_when=asyncio.FIRST_COMPLETED)
                if following in done:
                    following.result()
                await passing
            finally:
                for task in (following, passing):
                    task.cancel()
                await asyncio.gather(following, passing, return_exceptions=True)

    async def _pass_on(self, call: Any) -> None:
        async for order in call:
            if self._connection is not None:
                await self._connection.send(order)

    async def _follow(self, call: Any) -> None:
        """Connect to the other machine, again and again, and report what comes of it until the call ends.

        The reader of orders gets the reason.
        """
        with contextlib.suppress(asyncio.InvalidStateError):
            await self._keep_connecting(call)

    async def _keep_connecting(self, call: Any) -> None:
        loop = asyncio.get_running_loop()
        failures = 0
        while True:
            began = loop.time()
            end = self._why_none or await self._connect(call)
            await _report(call, _down(end))
            failures = failures_after(failures, loop.time() - began)
            wait_s = delay_s(failures, end.for_good, random.random())
            log.info("%s [%s]; next try in %.0f s", end.problem, end.code, wait_s)
            await asyncio.sleep(wait_s)

    async def _connect(self, call: Any) -> Ending:
        assert self._server is not None
        connection = Connection(self._server)
        try:
            async for answer in connection.answers():
                if answer is None:
                    self._connection = connection
                    await _report(call, pb.RemoteReport(connection=pb.RemoteConnection(up=True)))
                else:
                    await _report(call, pb.RemoteReport(response=answer))
        except (grpc.RpcError, TimeoutError) as error:
            return ending(error)
        except asyncio.InvalidStateError:
            raise  # the assistant has ended its call
        finally:
            self._connection = None
        return ending(None)


def _down(end: Ending) -> pb.RemoteReport:
    return pb.RemoteReport(
        connection=pb.RemoteConnection(
            up=False, problem=end.problem, code=end.code, hint=end.hint, asks_owner=end.for_good
        )
    )


async def _report(call: Any, report: pb.RemoteReport) -> None:
    await write(call, report)
