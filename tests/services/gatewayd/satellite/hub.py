"""A hub that says what a test wants it to say, with the client library that hubs use."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import numpy as np
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.client import AsyncTcpClient
from wyoming.event import Event, Eventable
from wyoming.satellite import RunSatellite

from assistant.audio.format import Samples
from services.bench.virtual_sound import until
from tests.services.gatewayd.conftest import Gate
from tests.services.gatewayd.satellite.room import HubRoom

Say = Callable[..., Samples]
#: A second of a tone, which is no word.
TONE = (8000 * np.sin(np.arange(22_050) / 8)).astype(np.int16)


class ScriptedHub:
    """A hub in a thread of its own: collects what it is told, and says what a test wants it to say."""

    def __init__(self, port: int, *, run: bool = True) -> None:
        self.events: list[Event] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._client = AsyncTcpClient("127.0.0.1", port)
        self._do(self._client.connect())
        self.closed = False
        self._reader = asyncio.run_coroutine_threadsafe(self._read(), self._loop)
        if run:
            self.say(RunSatellite())

    def _do(self, what: object) -> None:
        asyncio.run_coroutine_threadsafe(what, self._loop).result(20)  # type: ignore[arg-type]

    async def _read(self) -> None:
        try:
            while (event := await self._client.read_event()) is not None:
                self.events.append(event)
        finally:
            self.closed = True

    def say(self, *events: Eventable) -> None:
        """Send events."""
        for event in events:
            self._do(self._client.write_event(event.event()))

    def play(self, sound: Samples, rate: int = 22_050, *, end: bool = True) -> None:
        """Send a sound, as a hub sends its answer."""
        form = {"rate": rate, "width": 2, "channels": 1}
        data = sound.tobytes()
        self.say(AudioStart(**form))
        self.say(*(AudioChunk(audio=data[at : at + 2048], **form) for at in range(0, len(data), 2048)))
        if end:
            self.say(AudioStop())

    def saw(self, kind: str, count: int = 1) -> bool:
        """Whether it was told so often of such a thing."""
        return sum(event.type == kind for event in self.events) >= count

    @property
    def kinds(self) -> list[str]:
        """The types of what it was told, without repetitions."""
        kinds = [event.type for event in self.events]
        return [kind for at, kind in enumerate(kinds) if at == 0 or kinds[at - 1] != kind]

    @property
    def sound(self) -> Samples:
        """All that it heard."""
        parts = [event.payload or b"" for event in self.events if event.type == "audio-chunk"]
        return np.frombuffer(b"".join(parts), np.int16)

    def vanish(self) -> None:
        """Close the line without a word."""
        self.stop()

    def stop(self) -> None:
        """End it; calling it twice does no harm."""
        if self._thread.is_alive():
            self._do(self._leave())
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(5)

    async def _leave(self) -> None:
        self._reader.cancel()
        with suppress(OSError):
            await self._client.disconnect()


@contextmanager
def seated_hub(room: HubRoom, gate: Gate) -> Iterator[ScriptedHub]:
    """A hub that has the room's seat, and leaves it."""
    hub = ScriptedHub(gate.satellite_port)
    assert until(room.seated)
    try:
        yield hub
    finally:
        hub.stop()
        assert until(room.alone)


def ask(room: HubRoom, hub: ScriptedHub, say: Say, words: str = "okay nabu what time is it") -> None:
    """Somebody speaks until the hub has the sentence."""
    room.hear(say(words, lead=1.0, tail=1.0))
    assert room.hear_silence(lambda: hub.saw("audio-stop")), [event.type for event in hub.events]
