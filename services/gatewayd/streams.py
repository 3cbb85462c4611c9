"""Streamed answers: lines of JSON, or server-sent events if the caller asks for those."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import aclosing
from typing import Any, TypeVar

from google.protobuf.message import Message
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from common.errors import SottoError, Unavailable
from services.gatewayd.endpoint import EVENTS, LINES
from services.gatewayd.http_errors import error_message
from services.gatewayd.wire_json import to_dict

_Made = TypeVar("_Made")


async def while_connected(request: Request, work: Coroutine[Any, Any, _Made]) -> _Made:
    """What `work` makes; it is cancelled if the caller leaves before.

    Args:
        request: its body has been read.

    Raises:
        Unavailable: the caller has left; nobody gets the answer.
    """
    made, left = asyncio.ensure_future(work), asyncio.ensure_future(_left(request))
    try:
        await asyncio.wait({made, left}, return_when=asyncio.FIRST_COMPLETED)
        if not made.done():
            raise Unavailable("the caller has left", code="caller.left")
        return made.result()
    finally:
        left.cancel()
        made.cancel()
        await asyncio.gather(left, made, return_exceptions=True)


async def _left(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def wants_events(request: Request) -> bool:
    """Whether the caller asks for server-sent events."""
    return EVENTS in request.headers.get("accept", "")


async def streamed(
    request: Request,
    items: AsyncGenerator[Message, None],
    name: Callable[[Message], str] | None = None,
    *,
    at_once: bool = False,
) -> Response:
    """Each message as a line or an event.

    An error before the first message is raised, and becomes the status of the answer. A later error is sent
    in the stream, as a last line `{"error": ...}` or as an event "error".

    Args:
        request: its Accept header says which of the two.
        items: the messages; left early, it is closed.
        name: of an event; the oneof field that is set, by default.
        at_once: begin the answer before there is a first message.
    """
    events = wants_events(request)

    async def pieces() -> AsyncGenerator[bytes, None]:
        async with aclosing(items):
            async for item in items:
                label = name(item) if name else str(item.WhichOneof("payload"))
                yield _piece(to_dict(item), label, events=events)

    return await begun(
        pieces(),
        EVENTS if events else LINES,
        lambda error: _piece({"error": to_dict(error_message(error))}, "error", events=events),
        at_once=at_once,
    )


async def begun(
    pieces: AsyncGenerator[bytes, None],
    media: str,
    last_words: Callable[[SottoError], bytes] | None = None,
    *,
    at_once: bool = False,
) -> Response:
    """A streamed answer. It begins with the first piece, so that an error before that is still raised.

    Args:
        pieces: of the body.
        media: content type.
        last_words: makes the last piece from an error; without it, the connection is closed, so that a caller
            notices that a sound file is incomplete.
        at_once: do not wait for the first piece.
    """
    first = None if at_once else await anext(pieces, None)

    async def body() -> AsyncGenerator[bytes, None]:
        try:
            if first is not None:
                yield first
            async for piece in pieces:
                yield piece
        except SottoError as error:
            if last_words is None:
                raise
            yield last_words(error)
        finally:
            await pieces.aclose()

    return StreamingResponse(body(), media_type=media, headers={"Cache-Control": "no-store"})


def _piece(values: dict[str, Any], name: str, *, events: bool) -> bytes:
    text = json.dumps(values, ensure_ascii=False, separators=(",", ":"))
    return (f"event: {name}\ndata: {text}\n\n" if events else f"{text}\n").encode()
