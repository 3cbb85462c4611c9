"""The connection to assistantd: one channel over its Unix socket, which reconnects by itself."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import grpc
from google.protobuf.message import Message
from grpc_health.v1 import health_pb2, health_pb2_grpc

from services.proto.sotto.v1 import assistant_pb2 as pb
from services.proto.sotto.v1 import assistant_pb2_grpc as rpc
from services.wire.limits import MESSAGE_OPTIONS
from services.wire.status import from_rpc

if TYPE_CHECKING:
    from services.proto.sotto.v1.assistant_pb2_grpc import AssistantAsyncStub

_Answer = TypeVar("_Answer", bound=Message)

#: A call that should be answered at once is given up after so many seconds.
CALL_S = 30.0
_HEALTH_S = 2.0
#: assistantd restarts within seconds, so reconnects are frequent. gRPC's least back-off is also the longest
#: time of one attempt to connect, which on a busy box may take seconds.
_OPTIONS = (
    *MESSAGE_OPTIONS,
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 10_000),
    ("grpc.max_reconnect_backoff_ms", 1000),
)


class Upstream:
    """The assistant as the gateway sees it. Made inside the event loop that uses it.

    Args:
        socket: of assistantd.
    """

    def __init__(self, socket: Path) -> None:
        self.channel = grpc.aio.insecure_channel(f"unix:{socket}", options=_OPTIONS)
        self.stub: AssistantAsyncStub = rpc.AssistantStub(self.channel)
        self._health = health_pb2_grpc.HealthStub(self.channel)

    async def answers(self) -> bool:
        """Whether the assistant serves now."""
        try:
            check = cast(Any, self._health.Check(health_pb2.HealthCheckRequest(), timeout=_HEALTH_S))
            status = (await check).status
        except grpc.RpcError:
            return False
        return bool(status == health_pb2.HealthCheckResponse.SERVING)

    async def turn(self, request: pb.AskRequest) -> pb.Turn:
        """The turn of a typed sentence; an empty one if the answer ends without a turn.

        Raises:
            services.wire.status.RemoteError: as `many`.
        """
        turn = pb.Turn()
        async with aclosing(many(self.stub.Ask(request))) as answers:
            async for answer in answers:
                if answer.WhichOneof("payload") == "turn":
                    turn = answer.turn
        return turn

    async def close(self) -> None:
        """Close the channel."""
        await self.channel.close(None)


async def one(call: Any) -> Any:
    """The answer of a call with one answer.

    Raises:
        services.wire.status.RemoteError: the error of the assistant, or that it is absent.
    """
    try:
        return await call
    except grpc.RpcError as error:
        raise from_rpc(error) from error


async def many(call: Any) -> AsyncGenerator[Any, None]:
    """The answers of a streaming call; closing the generator early cancels it.

    Raises:
        services.wire.status.RemoteError: as `one`; also after some answers.
    """
    try:
        async for answer in call:
            yield answer
    except grpc.RpcError as error:
        raise from_rpc(error) from error
    finally:
        call.cancel()
