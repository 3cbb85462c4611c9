"""Objects on the bus: methods and properties in tables, with the caller of each call.

dbus-next's own service classes hide the caller, but a hold ends with its holder. So messages are handled
before those classes see them.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Any

from dbus_next.aio.message_bus import MessageBus
from dbus_next.constants import MessageFlag, MessageType
from dbus_next.message import Message
from dbus_next.signature import Variant

from common.errors import ErrorKind, SottoError

log = logging.getLogger(__name__)

_PROPERTIES = "org.freedesktop.DBus.Properties"
_ERRORS = {
    ErrorKind.INVALID: "org.freedesktop.DBus.Error.InvalidArgs",
    ErrorKind.NOT_FOUND: "org.freedesktop.DBus.Error.InvalidArgs",
    ErrorKind.TOO_LARGE: "org.freedesktop.DBus.Error.LimitsExceeded",
    ErrorKind.DENIED: "org.freedesktop.DBus.Error.AccessDenied",
}
#: Most calls that wait for polkit at the same time.
_MOST_WAITING = 64


@dataclass(frozen=True)
class Method:
    """Signatures in and out, and what answers with the values that go out."""

    takes: str
    gives: str
    call: Callable[[Message], Awaitable[list[Any]]]


@dataclass(frozen=True)
class Property:
    """A signature, what reads it, and what sets it where it can be set."""

    signature: str
    read: Callable[[], Any]
    write: Callable[[Message, Any], Awaitable[None]] | None = None


@dataclass(frozen=True)
class Interface:
    """What stands at `path` under `name`; `signals` by name with their signature."""

    path: str
    name: str
    methods: Mapping[str, Method]
    properties: Mapping[str, Property]
    signals: Mapping[str, str] = field(default_factory=dict)


class Objects:
    """Answers for a number of interfaces on one connection."""

    def __init__(self, bus: MessageBus, interfaces: list[Interface]) -> None:
        self._bus = bus
        self._by_path: dict[str, dict[str, Interface]] = {}
        for each in interfaces:
            self._by_path.setdefault(each.path, {})[each.name] = each
        self._emitted: dict[tuple[str, str], dict[str, Any]] = {}
        self._waiting: set[asyncio.Task[None]] = set()
        self.emit_changes()

    def handle(self, message: Message) -> bool:
        """Take a message if it is a call for one of the objects; whether it was."""
        if message.message_type is not MessageType.METHOD_CALL or message.path not in self._by_path:
            return False
        interfaces = self._by_path[message.path]
        if message.interface == "org.freedesktop.DBus.Introspectable":
            self.reply(message, "s", [_introspection(interfaces)])
        elif message.interface == _PROPERTIES or message.interface in interfaces:
            if len(self._waiting) >= _MOST_WAITING:
                self.refuse(message, "org.freedesktop.DBus.Error.LimitsExceeded", "too many calls wait")
                return True
            task = asyncio.get_running_loop().create_task(self._answer(message, interfaces))
            self._waiting.add(task)
            task.add_done_callback(self._waiting.discard)
        else:
            return False
        return True

    def reply(self, message: Message, signature: str, body: list[Any]) -> None:
        """Answer a call, if an answer is wanted."""
        if not message.flags & MessageFlag.NO_REPLY_EXPECTED:
            self._bus.send(Message.new_method_return(message, signature, body))

    def refuse(self, message: Message, error: str, text: str) -> None:
        """Answer a call with an error, if an answer is wanted."""
        if not message.flags & MessageFlag.NO_REPLY_EXPECTED:
            self._bus.send(Message.new_error(message, error, text))

    def signal(self, member: str, body: list[Any]) -> None:
        """Send a signal on every interface that has one of that name."""
        for interfaces in self._by_path.values():
            for each in interfaces.values():
                if member in each.signals:
                    self._bus.send(
                        Message.new_signal(each.path, each.name, member, each.signals[member], body)
                    )

    def emit_changes(self) -> None:
        """Emit properties that have changed since the last call."""
        for interfaces in self._by_path.values():
            for each in interfaces.values():
                now = {name: prop.read() for name, prop in each.properties.items()}
                before = self._emitted.get((each.path, each.name))
                self._emitted[each.path, each.name] = now
                changed = {
                    name: Variant(each.properties[name].signature, value)
                    for name, value in now.items()
                    if before is not None and value != before[name]
                }
                if changed:
                    body = [each.name, changed, []]
                    self._bus.send(
                        Message.new_signal(each.path, _PROPERTIES, "PropertiesChanged", "sa{sv}as", body)
                    )

    async def _answer(self, message: Message, interfaces: Mapping[str, Interface]) -> None:
        try:
            if message.interface == _PROPERTIES:
                signature, body = await _property_call(message, interfaces)
            else:
                method = interfaces[message.interface].methods.get(message.member)
                if method is None or method.takes != message.signature:
                    self.refuse(
                        message,
                        "org.freedesktop.DBus.Error.UnknownMethod",
                        f"no {message.member}({message.signature})",
                    )
                    return
                signature, body = method.gives, await method.call(message)
            self.reply(message, signature, body)
        except SottoError as error:
            name = _ERRORS.get(error.kind, "org.freedesktop.DBus.Error.Failed")
            self.refuse(message, name, f"{error.message}; {error.hint}" if error.hint else error.message)
        except Exception:
            # One bad call must not end the daemon.
            log.exception("%s.%s failed", message.interface, message.member)
            self.refuse(message, "org.freedesktop.DBus.Error.Failed", "it failed; the journal says more")


async def _property_call(message: Message, interfaces: Mapping[str, Interface]) -> tuple[str, list[Any]]:
    wanted = {"Get": "ss", "GetAll": "s", "Set": "ssv"}.get(message.member)
    if wanted is None or wanted != message.signature:
        raise SottoError(f"no {message.member}({message.signature})")
    interface = interfaces.get(message.body[0])
    if interface is None:
        raise SottoError(f"there is no interface {message.body[0][:80]!r} here")
    if message.member == "GetAll":
        every = {name: Variant(prop.signature, prop.read()) for name, prop in interface.properties.items()}
        return "a{sv}", [every]
    found = interface.properties.get(message.body[1])
    if found is None:
        raise SottoError(f"there is no property {message.body[1][:80]!r}")
    if message.member == "Get":
        return "v", [Variant(found.signature, found.read())]
    if found.write is None or message.body[2].signature != found.signature:
        raise SottoError(f"{message.body[1]} cannot be set to that", hint=f"its type is {found.signature}")
    await found.write(message, message.body[2].value)
    return "", []


def _introspection(interfaces: Mapping[str, Interface]) -> str:
    parts = ["<node>"]
    for each in interfaces.values():
        parts.append(f'<interface name="{escape(each.name)}">')
        for name, method in each.methods.items():
            arguments = [(s, "in") for s in _split(method.takes)] + [(s, "out") for s in _split(method.gives)]
            inside = "".join(f'<arg type="{escape(s)}" direction="{way}"/>' for s, way in arguments)
            parts.append(f'<method name="{escape(name)}">{inside}</method>')
        for name, prop in each.properties.items():
            access = "readwrite" if prop.write else "read"
            parts.append(
                f'<property name="{escape(name)}" type="{escape(prop.signature)}" access="{access}"/>'
            )
        for name, signature in each.signals.items():
            inside = "".join(f'<arg type="{escape(s)}"/>' for s in _split(signature))
            parts.append(f'<signal name="{escape(name)}">{inside}</signal>')
        parts.append("</interface>")
    return "".join([*parts, "</node>"])


def _split(signature: str) -> tuple[str, ...]:
    """Our methods take and give plain types only, one character each."""
    return tuple(signature)
