"""Where speech goes: a loudspeaker, a folder of files, or nowhere. All behave alike."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Protocol

import numpy as np

from assistant.audio.files import write_wav
from assistant.audio.format import Samples

OnFirst = Callable[[], None]


class AudioSink(Protocol):
    """Plays one reply at a time."""

    #: Loudness from 0 to 1 as the owner set it.
    volume: float

    def play(self, chunks: Iterable[Samples], rate: int, on_first: OnFirst | None = None) -> bool:
        """Play until the end, and return True, or until `stop`, and return False.

        Args:
            chunks: int16 mono blocks; taken as they are needed, and closed at the end.
            rate: their rate in Hz.
            on_first: called once when the first sample is handed over; must return quickly.

        Raises:
            Unavailable: the device is not there or was lost.
        """

    def stop(self) -> None:
        """Interrupt what is being played, at once; safe from any thread."""

    def duck(self, factor: float) -> None:
        """Play at that linear part of the volume, 1 is undisturbed, until said otherwise.

        May be called at any time from any thread, and returns at once. What is given to the device from then
        on follows within 10 ms, without a click; so does the way back.
        """

    def close(self) -> None:
        """Give the device back."""


class Chunks:
    """Iterates over blocks and closes their generator at the end, however the end comes."""

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
    """Swallows speech; counts it.

    Args:
        realtime: take as long as the sound would, so that it can be interrupted.
    """

    def __init__(self, realtime: bool = False) -> None:
        self.volume = 1.0
        self.ducked = 1.0
        self.samples_played = 0
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
                self._take(chunk, rate)
                if self._realtime:
                    self._stopped.wait(len(chunk) / rate)
            return False

    def _take(self, chunk: Samples, _rate: int) -> None:
        self.samples_played += len(chunk)

    def stop(self) -> None:
        """See `AudioSink.stop`."""
        self._stopped.set()

    def duck(self, factor: float) -> None:
        """See `AudioSink.duck`; only remembered."""
        self.ducked = factor

    def close(self) -> None:
        """Nothing to give back."""
        self.stop()


class WavSpeaker(NullSpeaker):
    """Writes each reply to a folder as `reply-0001.wav`, `reply-0002.wav`, ...

    Replies of former runs are not overwritten. What was interrupted is written as far as it was
    taken. Volume is not applied, so that files can be compared.

    Args:
        folder: made if it is not there.
    """

    def __init__(self, folder: Path | str, realtime: bool = False) -> None:
        super().__init__(realtime)
        self.folder = Path(folder)
        self.last: Path | None = None
        self._taken: list[Samples] = []

    def play(self, chunks: Iterable[Samples], rate: int, on_first: OnFirst | None = None) -> bool:
        """See `AudioSink.play`.

        Raises:
            StorageError: the file cannot be written.
        """
        self._taken = []
        finished = super().play(chunks, rate, on_first)
        if self._taken:
            path = self._next_path()
            write_wav(path, np.concatenate(self._taken), rate)
            self.last = path
        return finished

    def _take(self, chunk: Samples, rate: int) -> None:
        super()._take(chunk, rate)
        self._taken.append(chunk)

    def _next_path(self) -> Path:
        numbers = [0]
        for path in self.folder.glob("reply-*.wav"):
            with suppress(ValueError):
                numbers.append(int(path.stem.removeprefix("reply-")))
        return self.folder / f"reply-{max(numbers) + 1:04d}.wav"
