"""Where speech goes: what every loudspeaker does, and one that plays nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Protocol

from assistant.audio.format import Samples

OnFirst = Callable[[], None]


class AudioSink(Protocol):
    """Plays one reply at a time."""

    #: Volume from 0 to 1, as the owner set it.
    volume: float

    def play(self, chunks: Iterable[Samples], rate: int, on_first: OnFirst | None = None) -> bool:
        """Play until the end and return True, or until `stop` and return False.

        Args:
            chunks: int16 mono blocks (n,). They are taken when they are needed; a generator is closed at the
                end.
            rate: their sample rate in Hz.
            on_first: called once when the first sample is handed over; must return quickly.

        Raises:
            Unavailable: there is no device, or it was lost.
        """

    def stop(self) -> None:
        """Interrupt playback at once. Safe from any thread."""

    def duck(self, factor: float) -> None:
        """Multiply the volume by `factor` until the next call: linear, 0 to 1; 1 ends the ducking.

        May be called at any time from any thread, and returns at once. Sound that is handed to the device
        afterwards follows within 10 ms, without a click.
        """

    def close(self) -> None:
        """Close the device."""


class Chunks:
    """Iterates over blocks, and closes their generator at the end, also after an exception."""

    def __init__(self, chunks: Iterable[Samples]) -> None:
        self._chunks = chunks
        self._iterator = iter(chunks)

    def __enter__(self) -> Chunks:
        return self

    def __exit__(self, *_exc: object) -> None:
        close = getattr(self._iterator, "close", None)
        if close is not None:
            close()

    def next(self) -> Samples | None:
        """The next block that is not empty, None at the end."""
        for chunk in self._iterator:
            if len(chunk):
                return chunk
        return None


class NullSpeaker:
    """Takes speech and plays nothing.

    Args:
        realtime: take as long as the sound would, so that it can be interrupted.
    """

    def __init__(self, realtime: bool = False) -> None:
        self.volume = 1.0
        self._realtime = realtime
        self._stopped = threading.Event()
        self._one = threading.Lock()

    def play(self, chunks: Iterable[Samples], rate: int, on_first: OnFirst | None = None) -> bool:
        """See `AudioSink.play`."""
        with self._one, Chunks(chunks) as blocks:
            self._stopped.clear()
            first = True
            while not self._stopped.is_set():
                chunk = blocks.next()
                if chunk is None:
                    return True
                if first and on_first is not None:
                    on_first()
                first = False
                if self._realtime:
                    self._stopped.wait(len(chunk) / rate)
            return False

    def stop(self) -> None:
        """See `AudioSink.stop`."""
        self._stopped.set()

    def duck(self, factor: float) -> None:
        """See `AudioSink.duck`; there is nothing to lower."""

    def close(self) -> None:
        """Nothing to give back."""
        self.stop()
