"""The connection to the machine that recognises: one call over TLS, with its certificate pinned."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import grpc

from common.errors import ErrorKind
from common.metrics import Counter, Gauge
from services.proto.sotto.v1 import recogniser_pb2 as pb
from services.proto.sotto.v1 import recogniser_pb2_grpc as rpc
from services.settings.remote import RemoteServer
from services.wire.calls import write
from services.wire.limits import MESSAGE_OPTIONS
from services.wire.status import from_rpc

SPEECH = Counter("sotto_remote_speech_bytes_total", "Speech that was sent to the remote recogniser")
UP = Gauge("sotto_remote_up", "Whether the remote recogniser is reached")
#: Seconds for the connection and the agreement on TLS.
CONNECT_S = 10.0
#: What a machine refuses for good, until its owner or that of the box does something.
_FOR_GOOD = (ErrorKind.UNAUTHENTICATED, ErrorKind.DENIED, ErrorKind.PRECONDITION)
_OPTIONS = (
    *MESSAGE_OPTIONS,
    # The certificate is trusted, not a name: every Sotto's has this one.
    ("grpc.ssl_target_name_override", "localhost"),
    # gRPC's servers refuse a client that asks more often than every 300 s. With this option, sent bytes that
    # nobody acknowledges for 20 s end the connection too (TCP_USER_TIMEOUT).
    ("grpc.keepalive_time_ms", 310_000),
    ("grpc.keepalive_timeout_ms", 20_000),
    ("grpc.enable_retries", 0),
)


@dataclass(frozen=True)
class Ending:
    """Why a connection ended, or was not made.

    Attributes:
        problem: in one sentence.
        code: stable and machine-readable.
        hint: what to do.
        for_good: whether it stays so until somebody does something.
    """

    problem: str
    code: str
    hint: str = ""
    for_good: bool = False


class Connection:
    """One connection. Made inside the event loop that uses it.

    Args:
        server: that recognises.
    """

    def __init__(self, server: RemoteServer) -> None:
        self._server = server
        self._call: Any = None
        self._greeted = False
        self._writing = asyncio.Lock()

    async def answers(self) -> AsyncIterator[pb.RecogniseResponse | None]:
        """None once the machine is reached, then its answers until the connection ends.

        Raises:
            grpc.RpcError, TimeoutError: it ended with an error, or was not made; see `ending`.
        """
        trusted = grpc.ssl_channel_credentials(self._server.certificate.encode())
        async with grpc.aio.secure_channel(self._server.target, trusted, options=_OPTIONS) as channel:
            stub = rpc.RecogniserStub(channel)
            metadata = (("authorization", f"Bearer {self._server.token}"),)
            self._call = call = stub.Recognise(metadata=metadata)  # type: ignore[call-arg]
            try:
                async with asyncio.timeout(CONNECT_S):
                    await call.wait_for_connection()
                UP.set(1)
                yield None
                async for answer in call:
                    yield answer
            finally:
                UP.set(0)
                self._call = None
                call.cancel()

    async def send(self, order: pb.RecogniseRequest) -> None:
        """Send an order; one from before this connection, or after it, is dropped."""
        if self._call is None:
            return
        self._greeted = self._greeted or order.WhichOneof("payload") == "hello"
        if not self._greeted:
            return
        SPEECH.inc(by=len(order.utterance.audio))
        # If the call has ended, whoever reads from it gets the reason.
        with contextlib.suppress(grpc.RpcError, asyncio.InvalidStateError):
            async with self._writing:
                await write(self._call, order)


def ending(error: Exception | None) -> Ending:
    """Why a connection ended; None for an end without an error."""
    if error is None:
        return Ending("the other machine closed the connection", "remote.closed")
    if isinstance(error, TimeoutError):
        return Ending("the other machine does not answer", "remote.unreachable")
    if not isinstance(error, grpc.RpcError):
        return Ending(f"the connection failed ({type(error).__name__})", "remote.failed")
    try:
        told = from_rpc(error)
    except ValueError:
        # The details of its status are those of another one.
        return Ending("the other machine sent a status that is none", "remote.failed")
    if told.code not in ("remote", "daemon.gone"):
        return Ending(told.message, told.code, told.hint, told.kind in _FOR_GOOD)
    # It came from no Sotto, or none answered.
    details = str(getattr(error, "details", lambda: "")() or "")
    if "CERTIFICATE_VERIFY_FAILED" in details:
        return Ending(
            "another machine answers at its address, or it has a new certificate",
            "remote.certificate",
            "if it was set up anew, pair again: `sotto remote pair ADDRESS`",
            True,
        )
    if getattr(error, "code", lambda: None)() is grpc.StatusCode.UNIMPLEMENTED:
        return Ending(
            "the other machine has a version of Sotto that recognises for nobody",
            "remote.too-old",
            "bring both machines to the same version of Sotto",
            True,
        )
    return Ending(f"the other machine is not reached ({details[:100]})", "remote.unreachable")
