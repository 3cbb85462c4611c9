"""One connection of a hub, as both of Wyoming's ports have it: events in, events out."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable

from wyoming.audio import AudioChunk, AudioChunkConverter
from wyoming.error import Error
from wyoming.event import Event
from wyoming.info import Describe, Info
from wyoming.ping import Ping, Pong

from common.errors import InvalidInput, SottoError

log = logging.getLogger(__name__)

_RATES = range(8_000, 48_001)

Send = Callable[[Event], Awaitable[None]]


class Session(ABC):
    """One connection.

    Args:
        send: sends an event to the hub.
    """

    def __init__(self, send: Send) -> None:
        self._send = send
        self._converter = AudioChunkConverter(width=2, channels=1)

    @abstractmethod
    def info(self) -> Info:
        """The answer to `describe`, which is sent at once."""

    @abstractmethod
    async def answer(self, event: Event) -> None:
        """Answer an event that is neither `describe` nor `ping`."""

    @abstractmethod
    def close(self) -> None:
        """The connection has ended."""

    async def take(self, event: Event) -> None:
        """Answer one event. Unknown events are ignored, as the protocol asks for.

        Raises:
            OSError, TimeoutError: the hub has disconnected, or does not read.
        """
        try:
            if Describe.is_type(event.type):
                await self._send(self.info().event())
            elif Ping.is_type(event.type):
                await self._send(Pong(text=Ping.from_event(event).text).event())
            else:
                await self.answer(event)
        except SottoError as error:
            await self._send(Error(text=f"{error.message} {error.hint}".strip(), code=error.code).event())
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            # The messages of the library do not check the fields of an event.
            log.info("%s: %s: %s", event.type, type(error).__name__, error)
            text = f"the event {event.type[:40]!r} does not have the fields it should have"
            await self._send(Error(text=text, code="wyoming.event").event())

    def plain(self, event: Event) -> AudioChunk:
        """A chunk of sound as 16-bit mono, at its own rate.

        Raises:
            InvalidInput: the format cannot be used.
        """
        chunk = AudioChunk.from_event(event)
        if not (chunk.rate in _RATES and chunk.width in (1, 2, 3, 4) and chunk.channels in (1, 2)):
            raise InvalidInput(
                f"sound of {chunk.rate} Hz, {chunk.width} bytes and {chunk.channels} channels",
                hint="send 16000 Hz, 2 bytes, 1 channel",
                code="audio.format",
            )
        return self._converter.convert(chunk)
