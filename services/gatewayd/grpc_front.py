"""gRPC: the assistant's contract, health and reflection, passed on to its socket; pairing is answered here.

It listens on a Unix socket of its own; `services.gatewayd.tls_pipe` is its TLS side on the network.

Messages are passed on as bytes. On the wire a single message is a stream of one, so one handler serves every
method; a method that is added to the contract only needs its scope here.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AbstractContextManager, aclosing, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
from grpc_health.v1 import health
from grpc_reflection.v1alpha import reflection

from common import metrics
from common.errors import SottoError, StorageError, Unavailable
from services.daemon.socket import prepare_socket_path
from services.gatewayd.access import REFUSED, Gatekeeper, allow
from services.gatewayd.admission import holder_of
from services.gatewayd.gateway import Gateway
from services.gatewayd.grpc_pairing import PAIRING, Answer, pairing_answers
from services.gatewayd.grpc_requests import Requests, forms
from services.gatewayd.quiet import Heard, while_heard
from services.gatewayd.revocation import while_valid
from services.gatewayd.tokens import Scope, Token
from services.inbound.lines import Line
from services.proto.sotto.v1 import assistant_pb2 as pb
from services.proto.sotto.v1 import recogniser_pb2
from services.wire.calls import write
from services.wire.limits import MESSAGE_OPTIONS
from services.wire.status import status_of

log = logging.getLogger(__name__)

_SERVICE = pb.DESCRIPTOR.services_by_name["Assistant"].full_name
_RECOGNISER = recogniser_pb2.DESCRIPTOR.services_by_name["Recogniser"].full_name
_REMOTE = recogniser_pb2.DESCRIPTOR.services_by_name["RemoteRecogniser"].full_name
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
#: may describe the home, report metrics and faults, or choose what the models run on. /metrics of the gateway
#: has what ReadMetrics gives.
PRIVATE = frozenset(
    f"/{service}/{name}"
    for service, names in (
        (_SERVICE, ("Satellite", "AttachHome", "ReadMetrics", "ReportMetrics", "ReportFaults")),
        (_SERVICE, ("ListEngines", "ChooseEngine")),
        (_REMOTE, ("Attach", "Status")),
    )
    for name in names
)
_CONTROL = ("ListTimers", "StartTimer", "CancelTimer", "DescribeHome", "Act", "HomeStatus")
#: Method -> the scope that it needs; None for any token.
SCOPES: dict[str, Scope | None] = {
    **{f"/{_SERVICE}/{name}": Scope.TALK for name in _TALK},
    **{f"/{_SERVICE}/{name}": Scope.CONTROL for name in _CONTROL},
    f"/{_RECOGNISER}/Recognise": Scope.RECOGNISE,
    f"/{_SERVICE}/BoxStatus": Scope.ADMIN,
    f"/{reflection.SERVICE_NAME}/ServerReflectionInfo": None,
}
#: They take a place of the assistant, and end when nothing comes.
_CONVERSATIONS = (f"/{_SERVICE}/Converse", f"/{_SERVICE}/DetectWakeWords")
#: Need no token, as health and pairing over HTTP.
OPEN = frozenset({f"/{health.SERVICE_NAME}/Check"}) | PAIRING

CALLS = metrics.Counter("sotto_grpc_calls_total", "gRPC calls that were passed on, by method", ("method",))
_FORMS = forms()
_MAX_CALLS = 64
#: Calls at once of one token, and of all callers without one.
_TOKEN_CALLS, _STRANGER_CALLS = _MAX_CALLS // 2, _MAX_CALLS // 8
_GRACE_S = 3.0
_OPTIONS = (
    *MESSAGE_OPTIONS,
    ("grpc.max_metadata_size", 16 * 1024),
    ("grpc.max_concurrent_streams", 16),
    # Connections of peers that have vanished, or that are idle, are closed.
    ("grpc.max_connection_idle_ms", 300_000),
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.keepalive_timeout_ms", 20_000),
    # A message is read when it is asked for; else gRPC lets megabytes of each call in, as fast as they come.
    ("grpc.http2.bdp_probe", 0),
    ("grpc.http2.lookahead_bytes", 64 * 1024),
)


class GrpcFront:
    """The gRPC server. Made inside the event loop that uses it.

    Args:
        path: its socket, in a folder that no other user may write in.
        gateway: its parts.
        lines: the connection of a call, by the peer's name; see `TlsPipe`.

    Raises:
        StorageError: the socket cannot be made.
    """

    def __init__(self, path: Path, gateway: Gateway, lines: Mapping[str, Line]) -> None:
        self._server = grpc.aio.server(options=_OPTIONS, maximum_concurrent_rpcs=_MAX_CALLS)
        self._server.add_generic_rpc_handlers((_Proxy(gateway, lines),))
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
    def __init__(self, gateway: Gateway, lines: Mapping[str, Line]) -> None:
        self._keeper = Gatekeeper(gateway.tokens)
        self._upstream = gateway.upstream
        self._memory = gateway.memory
        self._limits = gateway.settings.limits
        self._lines = lines
        self._calls: Counter[str] = Counter()
        self._own = pairing_answers(gateway)
        self._places = {
            **dict.fromkeys(_CONVERSATIONS, gateway.conversations),
            f"/{_SERVICE}/Watch": gateway.watchers,
            f"/{_RECOGNISER}/Recognise": gateway.boxes,
        }

    def service(
        self, handler_call_details: grpc.HandlerCallDetails
    ) -> grpc.RpcMethodHandler[Any, Any] | None:
        """The handler of a method; None for what is not in the contract."""
        method = handler_call_details.method
        if method not in SCOPES and method not in OPEN:
            return None

        async def answer(messages: AsyncIterator[bytes], context: Any) -> None:
            refusal = await self._answer(method, messages, context)
            if refusal is not None:
                # gRPC keeps the error of an aborted call, with all it refers to, until garbage is collected.
                # Raised here, it refers to no message.
                await context.abort(refusal.code, refusal.text, refusal.metadata)

        return grpc.stream_stream_rpc_method_handler(answer)

    async def _answer(self, method: str, messages: AsyncIterator[bytes], context: Any) -> _Refusal | None:
        """Pass one call on; gives why it failed."""
        try:
            caller = self._authorise(method, context)
            line = self._lines.get(context.peer())
            if line is not None and caller is not None:
                line.vouch()
            address = line.address if line else ""
            key = caller.digest if caller else ""
            # What strangers may call takes one message, and nobody needs long for that.
            wait_s = self._limits.idle_s if caller else self._limits.tls_s
            with (
                while_valid(self._keeper.store, caller),
                self._one_call(key),
                self._place(method, caller),
                self._memory.hold(key, address) as held,
            ):
                requests = Requests(messages, _FORMS[method], held, wait_s)
                if method in self._own:
                    await self._answer_one(self._own[method], requests, context, address)
                else:
                    await self._pass_on(method, requests, context)
        except SottoError as error:
            return _refusal_of(error)
        except TimeoutError:
            log.info("a call of %s is aborted: the caller does not read the answer", method)
            return _Refusal(grpc.StatusCode.ABORTED, "the answer was not read")
        except grpc.aio.AioRpcError as error:
            return _Refusal(error.code(), error.details() or "", tuple(error.trailing_metadata()))
        return None

    async def _answer_one(self, answer: Answer, requests: Requests, context: Any, address: str) -> None:
        try:
            async with aclosing(aiter(requests)) as messages:
                message = await anext(messages, None)
            if message is not None:
                async with asyncio.timeout(self._limits.tls_s):
                    await context.write(answer(message, address))
        finally:
            await requests.close()

    async def _pass_on(self, method: str, requests: Requests, context: Any) -> None:
        CALLS.inc(method)
        # Without an iterator, requests are written to the call; gRPC's stubs do not say so.
        forward: Any = self._upstream.channel.stream_stream
        call = forward(method)(timeout=context.time_remaining())
        quiet_s = self._limits.quiet_s if method in _CONVERSATIONS else None
        async with while_heard(quiet_s) as heard:
            writer = asyncio.create_task(_write_all(requests, call, heard))
            try:
                async for message in call:
                    async with asyncio.timeout(self._limits.idle_s):
                        await context.write(message)
            except asyncio.CancelledError:
                # The call is cancelled when the caller's messages end with an error.
                requests.raise_error()
                raise
            finally:
                # Unless it has ended, it holds a thread of the assistant.
                call.cancel()
                writer.cancel()
                await asyncio.gather(writer, return_exceptions=True)
                await requests.close()

    def _place(self, method: str, caller: Token | None) -> AbstractContextManager[None]:
        """One of the assistant's places, for a method that takes one."""
        places = self._places.get(method)
        return nullcontext() if places is None or caller is None else places.hold(holder_of(caller))

    @contextmanager
    def _one_call(self, key: str) -> Iterator[None]:
        """One of the calls of a token, or of those without one."""
        if self._calls[key] >= (_TOKEN_CALLS if key else _STRANGER_CALLS):
            raise Unavailable(
                "this caller has too many calls open at once",
                hint="wait for answers, and try again",
                code="grpc.calls",
            )
        self._calls[key] += 1
        try:
            yield
        finally:
            self._calls[key] -= 1
            if not self._calls[key]:
                del self._calls[key]

    def _authorise(self, method: str, context: Any) -> Token | None:
        """The caller; None for one without a token where none is needed."""
        given = dict(context.invocation_metadata()).get("authorization", "")
        try:
            caller = self._keeper.caller(str(given), "")
        except SottoError as error:
            if method in OPEN:
                return None
            REFUSED.inc(error.code)
            raise
        if method not in OPEN:
            allow(caller, SCOPES[method])
        return caller


@dataclass(frozen=True)
class _Refusal:
    code: grpc.StatusCode
    text: str
    metadata: tuple[Any, ...] = ()


def _refusal_of(error: SottoError) -> _Refusal:
    code, text, details = status_of(error)
    return _Refusal(code, text, (("grpc-status-details-bin", details),))


async def _write_all(requests: Requests, call: Any, heard: Heard) -> None:
    try:
        async for message in requests:
            heard.again()
            await write(call, message)
        heard.all()
        await call.done_writing()
    except (asyncio.InvalidStateError, grpc.RpcError):
        pass  # the assistant has ended the call; whoever reads from it gets the reason
    except SottoError:
        call.cancel()  # `requests` keeps the error
    except Exception as error:
        log.info("a caller's messages cannot be read: %s", error)
        call.cancel()
