"""Reads the body of a request, bounded in bytes and in time."""

from __future__ import annotations

import asyncio

from starlette.requests import ClientDisconnect, Request

from common.errors import InvalidInput, TooLarge
from services.inbound.memory import Holding
from services.settings.gateway import Limits

#: Copies of a body that exist at once until the request is answered: as it was read, in the message for the
#: assistant, in that message as bytes, and in gRPC's buffers.
COPIES = 4
#: Bytes by which the memory of a body of unknown size grows.
_STEP = 64 * 1024


async def read_body(request: Request, limit: int, limits: Limits, holding: Holding) -> bytes:
    """The whole body.

    Args:
        request: its body has not been read yet.
        limit: in bytes.
        limits: seconds for the next piece, and for all of it.
        holding: memory for it is taken from there, before anything is read if its size is declared.

    Raises:
        TooLarge: it has more bytes.
        Unavailable: there is no memory for it.
        InvalidInput: it comes too slowly, or ends in the middle.
    """
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared[:20]) > limit:
        raise _too_large(limit)
    expected = int(declared) if declared.isdecimal() else _STEP
    holding.resize(COPIES * expected)
    body = bytearray()
    stream = request.stream()
    try:
        async with asyncio.timeout(limits.body_s):
            while True:
                async with asyncio.timeout(limits.idle_s):
                    piece = await anext(stream, None)
                if piece is None:
                    return bytes(body)
                body += piece
                if len(body) > limit:
                    raise _too_large(limit)
                if len(body) > expected:
                    expected = len(body) + _STEP
                    holding.resize(COPIES * expected)
    except TimeoutError:
        raise InvalidInput(
            f"the body came too slowly: {len(body)} bytes so far",
            hint=f"send all of it within {limits.body_s:g} s",
            code="body.slow",
        ) from None
    except ClientDisconnect:
        raise InvalidInput("the body ends in the middle", code="body.cut") from None


def _too_large(limit: int) -> TooLarge:
    return TooLarge(
        f"the body has more than {limit // 1024} KiB", hint="send less at once", code="body.too-large"
    )
