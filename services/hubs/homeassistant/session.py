"""One connection to Home Assistant's WebSocket API: log in, ask, subscribe."""

from __future__ import annotations

import asyncio
import json
import logging
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, WebSocketException

from services.hubs.driver import HubAway, HubRefused
from services.hubs.values import text

log = logging.getLogger(__name__)

#: A registry of 5000 entities has about 5 MB.
MAX_MESSAGE_BYTES = 16 * 1024 * 1024
#: Messages that wait to be looked at; then the hub has to wait.
_MAX_QUEUED = 64
_CONNECT_S = 10.0
#: For an answer; a hub that has just been started takes seconds for its first.
_ANSWER_S = 20.0
#: A hub that does not answer a ping is away.
_PING_S = 15.0

Event = dict[str, Any]


class Session:
    """An open connection that has been logged in. Use `open_session`."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._last_id = 0
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._handlers: dict[int, Callable[[Event], None]] = {}

    async def login(self, token: str) -> None:
        """Say who we are.

        Raises:
            HubAway: it is no Home Assistant, or does not take the token.
        """
        hello = await self._receive(_CONNECT_S)
        if hello.get("type") != "auth_required":
            raise HubAway("what answers there is no Home Assistant", refused=True)
        await self._socket.send(json.dumps({"type": "auth", "access_token": token}))
        answer = await self._receive(_CONNECT_S)
        if answer.get("type") != "auth_ok":
            raise HubAway("Home Assistant does not take the token", refused=True)

    async def call(self, kind: str, **values: Any) -> Any:
        """Ask, and wait for the answer.

        Raises:
            HubRefused: the hub says no; its own words are logged.
            HubAway: there is no answer.
        """
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._last_id += 1
        number = self._last_id
        self._answers[number] = future
        try:
            await self._socket.send(json.dumps({"id": number, "type": kind, **values}))
            async with asyncio.timeout(_ANSWER_S):
                return await future
        except TimeoutError:
            raise HubAway(f"Home Assistant does not answer {kind}") from None
        except ConnectionClosed as error:
            raise _gone(error) from error
        finally:
            self._answers.pop(number, None)

    async def subscribe(self, handler: Callable[[Event], None], kind: str, **values: Any) -> int:
        """Have `handler` called with every event of a subscription; gives its number.

        Raises:
            HubRefused, HubAway: as `call`.
        """
        number = self._last_id + 1
        self._handlers[number] = handler
        try:
            await self.call(kind, **values)
        except HubRefused:
            del self._handlers[number]
            raise
        return number

    async def unsubscribe(self, number: int) -> None:
        """End a subscription.

        Raises:
            HubRefused, HubAway: as `call`.
        """
        self._handlers.pop(number, None)
        await self.call("unsubscribe_events", subscription=number)

    async def listen(self) -> None:
        """Hand on what comes.

        Raises:
            HubAway: at the end, and at an invalid message.
        """
        while True:
            message = await self._receive(None)
            number = message.get("id")
            if not isinstance(number, int):
                continue
            if message.get("type") == "result":
                self._settle(number, message)
                continue
            event, handler = message.get("event"), self._handlers.get(number)
            if message.get("type") == "event" and isinstance(event, dict) and handler is not None:
                handler(event)

    def _settle(self, number: int, message: Event) -> None:
        future = self._answers.get(number)
        if future is None or future.done():
            return
        if message.get("success") is True:
            future.set_result(message.get("result"))
            return
        error = message.get("error")
        words = error if isinstance(error, dict) else {}
        log.warning("Home Assistant refused: %s: %s", text(words.get("code")), text(words.get("message")))
        future.set_exception(HubRefused(text(words.get("code")) or "unknown"))

    async def _receive(self, timeout_s: float | None) -> Event:
        try:
            async with asyncio.timeout(timeout_s):
                data = await self._socket.recv()
        except TimeoutError:
            raise HubAway("Home Assistant does not answer") from None
        except ConnectionClosed as error:
            raise _gone(error) from error
        try:
            message = json.loads(data)
        except (ValueError, RecursionError):
            raise HubAway("Home Assistant sent something that is no JSON") from None
        return message if isinstance(message, dict) else {}


@asynccontextmanager
async def open_session(url: str, token: str, tls: ssl.SSLContext | None) -> AsyncIterator[Session]:
    """Connect and log in.

    Args:
        url: of the API, ws:// or wss://.
        token: a long-lived access token.
        tls: for wss.

    Raises:
        HubAway: it is not reached, or does not take us.
    """
    try:
        socket = await connect(
            url,
            ssl=tls,
            proxy=None,
            compression=None,
            open_timeout=_CONNECT_S,
            close_timeout=1.0,
            ping_interval=_PING_S,
            ping_timeout=_PING_S,
            max_size=MAX_MESSAGE_BYTES,
            max_queue=_MAX_QUEUED,
        )
    except InvalidHandshake as error:
        if isinstance(error, InvalidStatus) and error.response.status_code >= 500:
            # A proxy before a hub that is just starting again says 502 or 503.
            raise HubAway(f"Home Assistant is not reached: {error}") from error
        raise HubAway(f"what answers there is no Home Assistant: {error}", refused=True) from error
    except ssl.SSLError as error:
        raise HubAway(
            f"the hub's certificate is not trusted: {error.reason or error}", refused=True
        ) from error
    except (OSError, TimeoutError, WebSocketException) as error:
        raise HubAway(f"Home Assistant is not reached: {_reason(error)}") from error
    try:
        session = Session(socket)
        await session.login(token)
        yield session
    finally:
        await socket.close()


def _gone(error: ConnectionClosed) -> HubAway:
    if error.sent is not None and error.sent.code == 1009:
        return HubAway(f"Home Assistant sent a message of more than {MAX_MESSAGE_BYTES // 2**20} MiB")
    return HubAway("Home Assistant closed the connection")


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "it does not answer"
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__)[:200]
