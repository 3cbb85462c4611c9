"""A network between two machines on loopback: slow, or gone without a word."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

_Result = TypeVar("_Result")


class Network:
    """Passes bytes on to a port of this machine.

    Args:
        target: that port.
        delay_s: seconds by which each piece is late, in each direction; order and speed stay.

    Attributes:
        silent: nothing arrives any more, in either direction; connections stay open.
    """

    def __init__(self, target: int, delay_s: float = 0.0) -> None:
        self.silent = False
        self._target = target
        self._delay_s = delay_s
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._listener = self._do(asyncio.start_server(self._join, "127.0.0.1", 0))

    @property
    def port(self) -> int:
        return int(self._listener.sockets[0].getsockname()[1])

    def close(self) -> None:
        self._do(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def _do(self, work: Coroutine[Any, Any, _Result]) -> _Result:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    async def _end(self) -> None:
        self._listener.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, back = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.close()
            return
        await asyncio.gather(self._pass(reader, back), self._pass(there, writer))

    async def _pass(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        pieces: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        late = asyncio.create_task(self._late(pieces, sink))
        try:
            with contextlib.suppress(OSError):
                while data := await source.read(65_536):
                    pieces.put_nowait((self._loop.time() + self._delay_s, data))
            pieces.put_nowait((self._loop.time() + self._delay_s, b""))
            await late
        finally:
            late.cancel()

    async def _late(self, pieces: asyncio.Queue[tuple[float, bytes]], sink: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while True:
                due, data = await pieces.get()
                await asyncio.sleep(max(0.0, due - self._loop.time()))
                while self.silent:
                    await asyncio.sleep(0.05)
                if not data:
                    break
                sink.write(data)
                await sink.drain()
        sink.close()
