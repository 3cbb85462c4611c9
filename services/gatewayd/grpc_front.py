"""gRPC for callers with a token: the assistant's contract, health and reflection, passed on to its socket.

It listens on a Unix socket of its own; `services.gatewayd.tls_pipe` is its TLS side on the network.

Messages are passed on as bytes. On the wire a single message is a stream of one, so one handler serves every
method; a method that is added to the contract only needs its scope here.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, NoReturn

import grpc
from grpc_health.v1 import health
from grpc_reflection.v1alpha import reflection

from common.errors import SottoError, StorageError
from common.metrics import Counter
from services.daemon.socket import prepare_socket_path
from services.gatewayd.access import REFUSED, Gatekeeper, allow
from services.gatewayd.admission import holder_of
from services.gatewayd.gateway import Gateway
from services.gatewayd.grpc_pairing import pairing_service
from services.gatewayd.quiet import Heard, while_heard
from services.gatewayd.revocation import while_valid
from services.gatewayd.tokens import Scope, Token
from services.proto.sotto.v1 import assistant_pb2 as pb
from services.wire.calls import write
from services.wire.limits import MESSAGE_OPTIONS
from services.wire.status import status_of

log = logging.getLogger(__name__)

_SERVICE = pb.DESCRIPTOR.services_by_name["Assistant"].full_name
_TALK = (
    "Converse",
    "DetectWakeWords",
    "Ask",
    "Transcribe",
    "Synthesize",
    "Announce",
    "ListModels",
    "Turns",
    "Watch",
)
#: Never passed on. Audio of the room goes to paired hubs only, over Wyoming. Only a process of this machine
#: may describe the home or report metrics and faults. /metrics of the gateway has what ReadMetrics gives.
PRIVATE = frozenset(
    f"/{_SERVICE}/{name}"
    for name in ("Satellite", "AttachHome", "ReadMetrics", "ReportMetrics", "ReportFaults")
)
_CONTROL = ("ListTimers", "StartTimer", "CancelTimer", "DescribeHome", "Act", "HomeStatus")
#: Method -> the scope that it needs; None for any token.
SCOPES: dict[str, Scope | None] = {
    **{f"/{_SERVICE}/{name}": Scope.TALK for name in _TALK},
    **{f"/{_SERVICE}/{name}": Scope.CONTROL for name in _CONTROL},
    f"/{_SERVICE}/BoxStatus": Scope.ADMIN,
    f"/{reflection.SERVICE_NAME}/ServerReflectionInfo": None,
}
#: They take a place of the assistant, and end when nothing comes.
_CONVERSATIONS = (f"/{_SERVICE}/Converse", f"/{_SERVICE}/DetectWakeWords")
#: Needs no token, as health over HTTP.
OPEN = frozenset({f"/{health.SERVICE_NAME}/Check"})

CALLS = Counter("sotto_grpc_calls_total", "gRPC calls that were passed on, by method", ("method",))
_MAX_CALLS = 64
_GRACE_S = 3.0
_OPTIONS = (
    *MESSAGE_OPTIONS,
    ("grpc.max_metadata_size", 16 * 1024),
    ("grpc.max_concurrent_streams", 16),
    # Connections of peers that have vanished, or that are idle, are closed.
    ("grpc.max_connection_idle_ms", 300_000),
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.keepalive_timeout_ms", 20_000),
)


class GrpcFront:
    """The gRPC server. Made inside the event loop that uses it.

    Args:
        path: its socket, in a folder that no other user may write in.
        gateway: the parts of the gateway.

    Raises:
        StorageError: the socket cannot be made.
    """

    def __init__(self, path: Path, gateway: Gateway) -> None:
        self._server = grpc.aio.server(options=_OPTIONS, maximum_concurrent_rpcs=_MAX_CALLS)
        self._server.add_generic_rpc_handlers((pairing_service(gateway), _Proxy(gateway)))
        prepare_socket_path(path, "SOTTO_GATEWAY_SOCKET")
        mask = os.umask(0o177)
        try:
            self._server.add_insecure_port(f"unix:{path}")
        except RuntimeError as error:
            raise StorageError(
                f"the socket {path} cannot be made: {error}",
                hint="check the rights of its folder",
                code="gateway.socket",
            ) from error
        finally:
            os.umask(mask)

    async def start(self) -> None:
        """Begin to serve."""
        await self._server.start()

    async def stop(self) -> None:
        """Refuse new calls, give running ones a moment."""
        await self._server.stop(_GRACE_S)


class _Proxy(grpc.GenericRpcHandler):  # type: ignore[type-arg]  # generic in its stubs only
    def __init__(self, gateway: Gateway) -> None:
        # A caller has no address here; one of loopback needs a token too.
        self._keeper = Gatekeeper(gateway.tokens)
        self._upstream = gateway.upstream
        self._limits = gateway.settings.limits
        self._places = {
            **dict.fromkeys(_CONVERSATIONS, gateway.conversations),
            f"/{_SERVICE}/Watch": gateway.watchers,
        }

    def service(
        self, handler_call_details: grpc.HandlerCallDetails
    ) -> grpc.RpcMethodHandler[Any, Any] | None:
        """The handler of a method; None for what is not in the contract."""
        method = handler_call_details.method
        if method not in SCOPES and method not in OPEN:
            return None

        async def answer(requests: AsyncIterator[bytes], context: Any) -> None:
            caller = await self._authorise(method, context)
            CALLS.inc(method)
            try:
                with while_valid(self._keeper.store, caller), self._place(method, caller):
                    await self._forward(method, requests, context)
            except SottoError as error:
                await _refuse(context, error)
            except TimeoutError:
                # The call holds a thread of the assistant.
                log.info("a call of %s is aborted: the caller does not read the answer", method)
                await context.abort(grpc.StatusCode.ABORTED, "the answer was not read")
            except grpc.aio.AioRpcError as error:
                await context.abort(error.code(), error.details() or "", tuple(error.trailing_metadata()))

        return grpc.stream_stream_rpc_method_handler(answer)

    def _place(self, method: str, caller: Token | None) -> AbstractContextManager[None]:
        places = self._places.get(method)
        return nullcontext() if places is None or caller is None else places.hold(holder_of(caller))

    async def _forward(self, method: str, requests: AsyncIterator[bytes], context: Any) -> None:
        # Without an iterator, requests are written to the call; gRPC's stubs do not say so.
        forward: Any = self._upstream.channel.stream_stream
        call = forward(method)(timeout=context.time_remaining())
        quiet_s = self._limits.quiet_s if method in _CONVERSATIONS else None
        async with while_heard(quiet_s) as heard:
            writer = asyncio.create_task(_pass_on(requests, call, heard))
            try:
                async for message in call:
                    async with asyncio.timeout(self._limits.idle_s):
                        await context.write(message)
            finally:
                call.cancel()
                writer.cancel()
                await asyncio.gather(writer, return_exceptions=True)

    async def _authorise(self, method: str, context: Any) -> Token | None:
        if method in OPEN:
            return None
        given = dict(context.invocation_metadata()).get("authorization", "")
        try:
            caller = self._keeper.caller(str(given), "")
        except SottoError as error:
            REFUSED.inc(error.code)
            await _refuse(context, error)
        try:
            allow(caller, SCOPES[method])
        except SottoError as error:
            await _refuse(context, error)
        return caller


async def _pass_on(requests: AsyncIterator[bytes], call: Any, heard: Heard) -> None:
    try:
        async for message in requests:
            heard.again()
            await write(call, message)
        heard.all()
        await call.done_writing()
    except (asyncio.InvalidStateError, grpc.RpcError):
        pass  # the assistant has ended the call; whoever reads from it gets the reason
    except Exception as error:
        log.info("a caller's messages cannot be read: %s", error)
        call.cancel()


async def _refuse(context: Any, error: SottoError) -> NoReturn:
    code, message, details = status_of(error)
    await context.abort(code, message, (("grpc-status-details-bin", details),))
    raise AssertionError("an aborted call goes no further")
