"""The connection to assistantd: reports the board over its Unix socket, and passes commands to the hub."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

import grpc

from assistant.home.attachment import MAX_PENDING
from assistant.home.hub import ANSWER_S
from common.errors import SottoError
from common.metrics import Histogram
from services.daemon.backoff import delay_s, failures_after
from services.hubs.board import Board
from services.hubs.driver import HubAway, HubDriver, HubRefused
from services.proto.sotto.v1 import assistant_pb2 as pb
from services.proto.sotto.v1 import assistant_pb2_grpc as rpc
from services.wire.calls import write
from services.wire.home import action_from_wire
from services.wire.limits import MESSAGE_OPTIONS
from services.wire.status import from_rpc

log = logging.getLogger(__name__)

#: Between two batches of states: ten a second is as fast as anybody asks.
_BATCH_S = 0.1
#: Longest wait between two tries in seconds: assistantd starts within seconds, sooner than a hub.
_LONGEST_S = 5.0
#: Seconds that a hub has for a command, a little less than assistantd waits.
_COMMAND_S = ANSWER_S - 0.5
COMMANDS = Histogram(
    "sotto_hub_command_seconds", "Time that the hub took for commands, by their result", ("result",)
)


class Uplink:
    """Attaches the hub to the assistant while it runs. Made inside the event loop that uses it.

    Args:
        socket: of assistantd.
        hello: who attaches.
        board: the state of the hub.
        hub: carries out commands.
        attached: called whenever the assistant has accepted the connection.
    """

    def __init__(
        self,
        socket: Path,
        hello: pb.HomeHello,
        board: Board,
        hub: HubDriver,
        attached: Callable[[], None] = lambda: None,
    ) -> None:
        self._socket = socket
        self._hello = hello
        self._board = board
        self._hub = hub
        self._attached = attached
        self._commands: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Attach; when the connection ends, attach again."""
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
                # Nothing that a hub sends may end this process; the next try reports everything again.
                problem = f"what the hub sent cannot be passed on ({type(error).__name__})"
                if problem != logged:
                    log.exception("a report to the assistant failed")
            failures = failures_after(failures, loop.time() - began)
            if problem != logged:
                log.warning("not attached: %s", problem)
                logged = problem
            await asyncio.sleep(min(_LONGEST_S, delay_s(failures, False, random.random())))

    async def _attach(self) -> None:
        async with grpc.aio.insecure_channel(f"unix:{self._socket}", options=MESSAGE_OPTIONS) as channel:
            call: Any = rpc.AssistantStub(channel).AttachHome()  # type: ignore[call-arg]
            writing = asyncio.Lock()
            reporting = asyncio.create_task(self._report(call, writing))
            obeying = asyncio.create_task(self._take_commands(call, writing))
            try:
                done, _ = await asyncio.wait((reporting, obeying), return_when=asyncio.FIRST_COMPLETED)
                if reporting in done:
                    reporting.result()  # without reports the connection would look well for ever
                await obeying
            finally:
                for task in (reporting, obeying, *self._commands):
                    task.cancel()
                await asyncio.gather(reporting, obeying, *self._commands, return_exceptions=True)

    async def _take_commands(self, call: Any, writing: asyncio.Lock) -> None:
        async for command in call:
            self._start(command, call, writing)

    async def _report(self, call: Any, writing: asyncio.Lock) -> None:
        """Report until the call ends; the reader of commands gets the reason."""
        with contextlib.suppress(grpc.RpcError, asyncio.InvalidStateError):
            async with writing:
                await write(call, pb.HomeReport(hello=self._hello))
            await call.initial_metadata()
            self._attached()
            log.info("attached to the assistant")
            reports = self._board.everything()
            while True:
                for report in reports:
                    async with writing:
                        await write(call, report)
                await asyncio.sleep(_BATCH_S)
                await self._board.changed()
                reports = self._board.take()

    def _start(self, command: pb.HomeCommand, call: Any, writing: asyncio.Lock) -> None:
        if len(self._commands) >= MAX_PENDING:
            log.warning("a command was ignored: %d are under way", MAX_PENDING)
            return
        task = asyncio.create_task(self._carry_out(command, call, writing))
        self._commands.add(task)
        task.add_done_callback(self._commands.discard)

    async def _carry_out(self, command: pb.HomeCommand, call: Any, writing: asyncio.Lock) -> None:
        began = perf_counter()
        result = pb.CommandResult(id=command.id)
        try:
            action = action_from_wire(command.act)
            async with asyncio.timeout(_COMMAND_S):
                await self._hub.act(action)
        except HubRefused as error:
            result.problem = str(error)
        except TimeoutError:
            result.problem, result.away = "the hub does not answer", True
        except HubAway as error:
            log.info("a command found the hub away: %s", error)
            result.problem, result.away = "the hub is away", True
        except SottoError as error:
            result.problem = error.message
        except Exception:
            log.exception("a command failed")
            result.problem = "the command could not be sent to the hub"
        outcome = "away" if result.away else "failed" if result.problem else "done"
        COMMANDS.observe(perf_counter() - began, outcome)
        with contextlib.suppress(grpc.RpcError, asyncio.InvalidStateError):
            async with writing:
                await write(call, pb.HomeReport(result=result))
