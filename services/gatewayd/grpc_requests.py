"""The messages of one gRPC call on their way to the assistant: bounded in size and memory, and readable."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from google.protobuf import message_factory
from google.protobuf.message import DecodeError, Message
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection_pb2

from common.errors import InvalidInput, SottoError, TooLarge, Unavailable
from services.gatewayd.bodies import COPIES
from services.inbound.memory import Holding
from services.proto.sotto.v1 import assistant_pb2 as pb
from services.proto.sotto.v1 import gateway_pb2 as gw
from services.proto.sotto.v1 import recogniser_pb2
from services.wire.limits import MAX_MESSAGE_BYTES

#: Bytes of a message of a call that sends many: ten seconds of sound at the highest rate, and some.
STREAM_MESSAGE_BYTES = 1024 * 1024
#: Seconds between looks whether there is memory now.
_LOOK_S = 0.02


@dataclass(frozen=True)
class Form:
    """What a method is sent.

    Attributes:
        kind: of its messages.
        many: whether a call sends several.
    """

    kind: type[Message]
    many: bool = False


def forms() -> dict[str, Form]:
    """What each method is sent, by its path: the assistant's, pairing, health and reflection."""
    return {
        f"/{service.full_name}/{method.name}": Form(
            message_factory.GetMessageClass(method.input_type), bool(method.client_streaming)
        )
        for file in (pb, gw, recogniser_pb2, health_pb2, reflection_pb2)
        for service in file.DESCRIPTOR.services_by_name.values()
        for method in service.methods
    }


class Requests:
    """The messages of a call; an iterator that gRPC asks for the next one.

    gRPC reads a message when it is asked for, and says only then how large it is. So memory for the largest
    is taken first.

    Args:
        messages: of the caller.
        form: what they should be.
        held: memory is taken from there.
        wait_s: seconds to wait for memory, and then for the message of a call that sends one.
    """

    def __init__(self, messages: AsyncIterator[bytes], form: Form, held: Holding, wait_s: float) -> None:
        self._messages = messages
        self._form = form
        self._held = held
        self._wait_s = wait_s
        self._error: SottoError | None = None

    def raise_error(self) -> None:
        """Say why no more messages came, if that was the caller's mistake.

        Raises:
            SottoError: the mistake.
        """
        error, self._error = self._error, None
        if error is not None:
            try:
                raise error
            finally:
                # This frame belongs to the traceback; a circle would keep the message for a while.
                del error

    async def __aiter__(self) -> AsyncGenerator[bytes, None]:
        message: bytes | None = None
        try:
            largest = STREAM_MESSAGE_BYTES if self._form.many else MAX_MESSAGE_BYTES
            await self._take(largest)
            while (message := await self._next()) is not None:
                if len(message) > largest:
                    raise TooLarge(
                        f"a message of {len(message)} bytes; a call that sends several may send {largest}",
                        hint="send sound in shorter pieces",
                        code="grpc.too-large",
                    )
                if not _fits(message, self._form.kind):
                    raise InvalidInput(
                        f"a message is no {self._form.kind.DESCRIPTOR.full_name}",
                        hint="use the contract of this box, or its reflection",
                        code="grpc.message",
                    )
                if not self._form.many:
                    self._held.resize(COPIES * len(message))
                yield message
        except SottoError as error:
            self._error = error
            # The error refers to this frame, and would keep the message.
            message = None
            raise

    async def close(self) -> None:
        """The call has ended: let go of its messages."""
        messages: Any = aiter(self._messages)  # a generator, which its stubs do not say
        with suppress(RuntimeError):  # it waits for a message now
            await messages.aclose()

    async def _next(self) -> bytes | None:
        if self._form.many:
            return await anext(self._messages, None)
        try:
            async with asyncio.timeout(self._wait_s):
                return await anext(self._messages, None)
        except TimeoutError:
            raise InvalidInput(
                f"no message came for {self._wait_s:g} s", hint="send it with the call", code="grpc.slow"
            ) from None

    async def _take(self, size: int) -> None:
        """Take memory, also what another message gives back within `wait_s`."""
        give_up = asyncio.get_running_loop().time() + self._wait_s
        while True:
            try:
                self._held.resize(size)
            except Unavailable:
                if asyncio.get_running_loop().time() >= give_up:
                    raise
                await asyncio.sleep(_LOOK_S)
            else:
                return


def _fits(message: bytes, kind: type[Message]) -> bool:
    try:
        kind.FromString(message)
    except DecodeError:
        return False
    return True
