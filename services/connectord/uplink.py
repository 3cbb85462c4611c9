"""The way to assistantd: attaches to its Unix socket, tells what is on the board, and passes commands on."""

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
from services.connectord.backoff import delay_s, failures_after
from services.connectord.board import Board
from services.connectord.hub import HubAway, HubDriver, HubRefused
from services.proto.sotto.v1 import assistant_pb2 as pb
from services.proto.sotto.v1 import assistant_pb2_grpc as rpc
from services.wire.home import action_from_wire
from services.wire.limits import MESSAGE_OPTIONS
from services.wire.status import from_rpc

log = logging.getLogger(__name__)

#: Between two batches of states: ten a second is as fast as anybody asks.
_BATCH_S = 0.1
#: assistantd starts within seconds and waits for nobody: it is asked again sooner than a hub.
_LONGEST_S = 5.0
#: Seconds that a hub gets, a little less than assistantd waits.
_COMMAND_S = ANSWER_S - 0.5
COMMANDS = Histogram(
    "sotto_hub_command_seconds", "Time that the hub took for commands, by their result", ("result",)
)


class Uplink:
    """Attaches, for as long as it runs. Made inside the event loop that uses it.

    Args:
        socket: of assistantd.
        hello: who attaches.
        board: what is known of the hub.
        hub: carries out commands.
        attached: called whenever the assistant has taken us.
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
        """Attach, again and again."""
        loop = asyncio.get_running_loop()
        failures = 0
        told = ""
        while True:
            began = loop.time()
            try:
                await self._attach()
                problem = "the assistant let go"
            except grpc.RpcError as error:
                problem = str(from_rpc(error))
            except Exception as error:
                # Whatever a hub has told, it must not end this process; the next try tells all of it anew.
                problem = f"what the hub told cannot be passed on ({type(error).__name__})"
                if problem != told:
                    log.exception("the assistant could not be told")
            failures = failures_after(failures, loop.time() - began)
            if problem != told:
                log.warning("not attached: %s", problem)
                told = problem
            await asyncio.sleep(min(_LONGEST_S, delay_s(failures, False, random.random())))

    async def _attach(self) -> None:
        async with grpc.aio.insecure_channel(f"unix:{self._socket}", options=MESSAGE_OPTIONS) as channel:
            call: Any = rpc.AssistantStub(channel).AttachHome()  # type: ignore[call-arg]
            writing = asyncio.Lock()
            tell = asyncio.create_task(self._tell(call, writing))
            obey = asyncio.create_task(self._obey(call, writing))
            try:
                done, _ = await asyncio.wait((tell, obey), return_when=asyncio.FIRST_COMPLETED)
                if tell in done:
                    tell.result()  # attached, and telling nothing any more, it would look well for ever
                await obey
            finally:
                for task in (tell, obey, *self._commands):
                    task.cancel()
                await asyncio.gather(tell, obey, *self._commands, return_exceptions=True)

    async def _obey(self, call: Any, writing: asyncio.Lock) -> None:
        async for command in call:
            self._start(command, call, writing)

    async def _tell(self, call: Any, writing: asyncio.Lock) -> None:
        """Ends quietly when the call does: whoever reads it hears why."""
        with contextlib.suppress(grpc.RpcError, asyncio.InvalidStateError):
            async with writing:
                await call.write(pb.HomeReport(hello=self._hello))
            await call.initial_metadata()
            self._attached()
            log.info("attached to the assistant")
            reports = self._board.everything()
            while True:
                for report in reports:
                    async with writing:
                        await call.write(report)
                await asyncio.sleep(_BATCH_S)
                await self._board.changed()
                reports = self._board.take()

    def _start(self, command: pb.HomeCommand, call: Any, writing: asyncio.Lock) -> None:
        if len(self._commands) >= MAX_PENDING:
            log.warning("a command was passed over: %d are under way", MAX_PENDING)
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
            result.problem = "the hub could not be told"
        outcome = "away" if result.away else "failed" if result.problem else "done"
        COMMANDS.observe(perf_counter() - began, outcome)
        with contextlib.suppress(grpc.RpcError, asyncio.InvalidStateError):
            async with writing:
                await call.write(pb.HomeReport(result=result))
