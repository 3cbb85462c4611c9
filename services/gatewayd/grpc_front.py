"""gRPC over TLS: the assistant's own contract, its health and its reflection, passed on to its socket.

Messages are passed on as bytes: on the wire a single message is a stream of one, so one handler serves every
method, and a method added to the contract needs no more than its scope here.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc
from grpc_health.v1 import health
from grpc_reflection.v1alpha import reflection

from assistant.errors import Conflict, SottoError
from services.gatewayd.access import Gatekeeper, allow
from services.gatewayd.identity import Identity
from services.gatewayd.settings import GatewaySettings
from services.gatewayd.tokens import Scope
from services.gatewayd.upstream import MAX_MESSAGE_BYTES, Upstream
from services.proto.sotto.v1 import assistant_pb2 as pb
from services.status import status_of

_SERVICE = pb.DESCRIPTOR.services_by_name["Assistant"].full_name
_TALK = ("Converse", "Ask", "Transcribe", "Synthesize", "Announce", "ListModels", "Turns", "Watch")
_CONTROL = ("ListTimers", "StartTimer", "CancelTimer", "DescribeHome", "Act")
#: Method -> the scope it needs; None for every paired caller.
SCOPES: dict[str, Scope | None] = {
    **{f"/{_SERVICE}/{name}": Scope.TALK for name in _TALK},
    **{f"/{_SERVICE}/{name}": Scope.CONTROL for name in _CONTROL},
    f"/{reflection.SERVICE_NAME}/ServerReflectionInfo": None,
}
#: Answers without a token, as health does over HTTP.
OPEN = frozenset({f"/{health.SERVICE_NAME}/Check"})

_MAX_CALLS = 64
_GRACE_S = 3.0
_OPTIONS = (
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_metadata_size", 16 * 1024),
    ("grpc.max_concurrent_streams", 16),
    # Peers that vanished without a word, or keep a connection for nothing, give their place back.
    ("grpc.max_connection_idle_ms", 300_000),
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.keepalive_timeout_ms", 20_000),
    ("grpc.server_handshake_timeout_ms", 10_000),
    ("grpc.so_reuseport", 0),
)


class GrpcFront:
    """The gRPC server. Made inside the event loop that uses it.

    Args:
        settings: where to listen.
        identity: of TLS.
        keeper: tells who calls.
        upstream: who answers.

    Raises:
        Conflict: the port is taken.
    """

    def __init__(
        self, settings: GatewaySettings, identity: Identity, keeper: Gatekeeper, upstream: Upstream
    ) -> None:
        self._server = grpc.aio.server(options=_OPTIONS, maximum_concurrent_rpcs=_MAX_CALLS)
        self._server.add_generic_rpc_handlers((_Proxy(keeper, upstream),))
        pair = (identity.key.read_bytes(), identity.certificate.read_bytes())
        host = settings.host or "[::]"
        address = f"[{host}]" if ":" in host and not host.startswith("[") else host
        where = f"{address}:{settings.grpc_port}"
        try:
            bound = self._server.add_secure_port(where, grpc.ssl_server_credentials([pair]))
        except RuntimeError:
            bound = 0
        if not bound:
            raise Conflict(
                f"gRPC cannot listen on {where}",
                hint="stop what has the port, or set `grpc_port` in gateway.toml; 0 is none",
                code="gateway.port",
            )

    async def start(self) -> None:
        """Begin to serve."""
        await self._server.start()

    async def stop(self) -> None:
        """Refuse new calls, give running ones a moment."""
        await self._server.stop(_GRACE_S)


class _Proxy(grpc.GenericRpcHandler):  # type: ignore[type-arg]  # generic in its stubs only
    def __init__(self, keeper: Gatekeeper, upstream: Upstream) -> None:
        self._keeper = keeper
        self._upstream = upstream

    def service(
        self, handler_call_details: grpc.HandlerCallDetails
    ) -> grpc.RpcMethodHandler[Any, Any] | None:
        """The handler of a method; None for what is not in the contract."""
        method = handler_call_details.method
        if method not in SCOPES and method not in OPEN:
            return None

        async def answer(requests: AsyncIterator[bytes], context: Any) -> AsyncIterator[bytes]:
            await self._authorise(method, context)
            forward: Any = self._upstream.channel.stream_stream
            call = forward(method)(requests, timeout=context.time_remaining())
            try:
                async for message in call:
                    yield message
            except grpc.aio.AioRpcError as error:
                await context.abort(error.code(), error.details() or "", tuple(error.trailing_metadata()))
            except asyncio.CancelledError:
                call.cancel()
                raise

        return grpc.stream_stream_rpc_method_handler(answer)

    async def _authorise(self, method: str, context: Any) -> None:
        if method in OPEN:
            return
        given = dict(context.invocation_metadata()).get("authorization", "")
        try:
            allow(self._keeper.caller(str(given), _address(context.peer())), SCOPES[method])
        except SottoError as error:
            code, message, details = status_of(error)
            await context.abort(code, message, (("grpc-status-details-bin", details),))


def _address(peer: str) -> str:
    """The address in gRPC's name of a peer: "ipv4:192.0.2.7:1234", "ipv6:%5B2001:db8::1%5D:1234"."""
    kind, _, rest = peer.replace("%5B", "[").replace("%5D", "]").partition(":")
    if kind not in ("ipv4", "ipv6"):
        return ""
    return rest.rpartition(":")[0].strip("[]")
