"""One call to powerd, for the command line."""

from __future__ import annotations

import asyncio
from typing import Any

from dbus_next.aio.message_bus import MessageBus
from dbus_next.constants import BusType, MessageType
from dbus_next.message import Message

from common.errors import Denied, InvalidInput, SottoError, Unavailable

_ANSWER_S = 10.0


def call(destination: str, path: str, interface: str, member: str, signature: str = "", *body: object) -> Any:
    """The first value of the answer, or None.

    Raises:
        Unavailable: there is no bus, or no powerd on it.
        Denied: polkit does not allow it.
        InvalidInput: powerd refuses; in its words.
    """
    message = Message(
        destination=destination,
        path=path,
        interface=interface,
        member=member,
        signature=signature,
        body=list(body),
    )
    reply = asyncio.run(_call(message))
    if reply.message_type is MessageType.METHOD_RETURN:
        return reply.body[0] if reply.body else None
    text = str(reply.body[0]) if reply.body else str(reply.error_name)
    raise _error(str(reply.error_name), text)


async def _call(message: Message) -> Message:
    try:
        bus = await asyncio.wait_for(MessageBus(bus_type=BusType.SYSTEM).connect(), _ANSWER_S)
    except Exception as error:
        raise _gone(str(error)) from error
    try:
        reply = await asyncio.wait_for(bus.call(message), _ANSWER_S)
    except (TimeoutError, EOFError) as error:
        raise _gone("it says nothing") from error
    finally:
        bus.disconnect()
    assert reply is not None
    return reply


def _error(name: str, text: str) -> SottoError:
    match name.rpartition(".")[2]:
        case "ServiceUnknown" | "NameHasNoOwner" | "NoReply" | "Disconnected":
            return _gone(text)
        case "AccessDenied":
            return Denied(text, hint="an administrator may; or see polkit", code="power.denied")
        case _:
            return InvalidInput(text, code="power.refused")


def _gone(why: str) -> Unavailable:
    return Unavailable(
        f"powerd does not answer: {why}",
        hint="it needs a Sotto box; see: systemctl status sotto-powerd",
        code="power.daemon",
    )
