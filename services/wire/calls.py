"""Streaming calls of gRPC's asyncio that are written message by message."""

from __future__ import annotations

import asyncio
from typing import Any

from google.protobuf.message import Message
from grpc._cython import cygrpc  # type: ignore[attr-defined]  # has no stubs


async def write(call: Any, message: Message | bytes) -> None:
    """Send a message, as `call.write` does, and leave the status of a call that has ended as it is.

    If the server ends a call while it is written to, `call.write` replaces its status, and so the reason, by
    "Internal error from Core" (grpcio 1.85: 197 of 200 calls that were refused at once). There is no public
    way around that.

    Raises:
        asyncio.InvalidStateError: the call has ended; whoever reads from it gets the reason.
        grpc.RpcError: it ended before it began.
    """
    await call.wait_for_connection()
    if call.done():
        raise asyncio.InvalidStateError("the call has ended")
    try:
        data = message if isinstance(message, bytes) else message.SerializeToString()
        await call._cython_call.send_serialized_message(data)
    except cygrpc.InternalError as error:
        raise asyncio.InvalidStateError("the call has ended") from error
    except asyncio.CancelledError:
        # A message that was sent in part would garble the next one.
        call.cancel()
        raise
