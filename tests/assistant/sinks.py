"""Audio sinks for tests."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable

from assistant.audio.format import Samples


class SlowSink:
    """A sink that plays until it is stopped (20 s at most), and shows when it begins."""

    volume = 1.0

    def __init__(self) -> None:
        self.speaking = threading.Event()
        self.stopped = threading.Event()
        self.ducked: list[float] = []

    def play(self, chunks: Iterable[Samples], rate: int, on_first: Callable[[], None] | None = None) -> bool:
        self.stopped.clear()
        next(iter(chunks))
        if on_first is not None:
            on_first()
        self.speaking.set()
        return not self.stopped.wait(20)

    def stop(self) -> None:
        self.stopped.set()

    def duck(self, factor: float) -> None:
        self.ducked.append(factor)

    def close(self) -> None: ...
