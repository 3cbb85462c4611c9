"""Wyoming's framing with limits: a line of JSON, a block of JSON, a block of bytes.

The `wyoming` library reads as many bytes as a peer announces. Here the length is checked first.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

from wyoming.event import Event, async_write_event

from common.errors import InvalidInput, TooLarge

#: Largest line and block of data in bytes; the largest event of a hub (`info`) has some kB.
MAX_LINE = 64 * 1024
MAX_DATA = 256 * 1024
#: Four seconds of 48 kHz stereo; hubs send a tenth of a second at a time.
MAX_PAYLOAD = 768 * 1024


async def read_event(reader: asyncio.StreamReader, idle_s: float, event_s: float) -> Event | None:
    """The next event; None at the end of the connection.

    Args:
        reader: made with a limit of `MAX_LINE`.
        idle_s: seconds to wait for the next event to begin.
        event_s: seconds that an event may take once it has begun.

    Raises:
        TooLarge: a line or a block above its limit; nothing of it was read.
        InvalidInput: no event, or one that ends in the middle.
        TimeoutError: nothing came, or it came too slowly.
    """
    async with asyncio.timeout(idle_s):
        first = await reader.read(1)
    if not first:
        return None
    async with asyncio.timeout(event_s):
        try:
            head = _table(first + await reader.readuntil(b"\n"), "the line")
            data = head.get("data")
            if length := _length(head, "data_length", MAX_DATA):
                more = _table(await reader.readexactly(length), "the block of data")
                data = {**data, **more} if isinstance(data, dict) else more
            payload = None
            if length := _length(head, "payload_length", MAX_PAYLOAD):
                payload = await reader.readexactly(length)
        except asyncio.LimitOverrunError as error:
            raise _too_large("line", MAX_LINE) from error
        except asyncio.IncompleteReadError as error:
            raise InvalidInput("an event ends in the middle", code="wyoming.cut") from error
    if not isinstance(head.get("type"), str):
        raise InvalidInput("an event without a type", code="wyoming.event")
    return Event(head["type"], data if isinstance(data, dict) else {}, payload)


async def write_event(writer: asyncio.StreamWriter, event: Event, limit_s: float) -> None:
    """Send an event.

    Raises:
        TimeoutError: the peer does not read.
        OSError: it has disconnected.
    """
    async with asyncio.timeout(limit_s):
        await async_write_event(event, writer)


def _table(text: bytes, what: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"{what} of an event is not JSON", code="wyoming.json") from error
    if not isinstance(value, dict):
        raise InvalidInput(f"{what} of an event is no JSON object", code="wyoming.json")
    return value


def _length(head: dict[str, Any], name: str, limit: int) -> int:
    value = head.get(name) or 0
    if type(value) is not int or value < 0:
        raise InvalidInput(f"{name} of an event is not a length", code="wyoming.length")
    if value > limit:
        raise _too_large(name, limit)
    return value


def _too_large(what: str, limit: int) -> TooLarge:
    return TooLarge(f"the {what} of an event is above {limit} bytes", code="wyoming.too-large")
