"""A sink that passes the sound of a reply to a client or a file instead of a sound card."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from time import perf_counter

from assistant.audio.format import Samples


class StreamSink:
    """Passes each chunk on when it is synthesised.

    Args:
        send: called with each chunk, int16 (n,), and its sample rate in Hz. If it is None, nobody wants the
            sound; unless `paced`, only the first chunk is then synthesised, which is enough for the clocks.
        paced: `play` lasts for as long as the client plays the sound, so that a "stop" during playback is
            recognised as one.
    """

    def __init__(self, send: Callable[[Samples, int], None] | None, *, paced: bool) -> None:
        self.volume = 1.0
        self._send = send
        self._paced = paced
        self._stop = threading.Event()

    def play(self, chunks: Iterable[Samples], rate: int, on_first: Callable[[], None] | None = None) -> bool:
        """See `AudioSink.play`; `chunks` is not closed."""
        self._stop.clear()
        started, sent = perf_counter(), 0
        for chunk in chunks:
            if self._stop.is_set():
                return False
            if sent == 0 and on_first is not None:
                on_first()
            sent += len(chunk)
            if self._send is not None:
                self._send(chunk, rate)
            elif not self._paced:
                return True
        if self._paced:
            remaining = sent / rate - (perf_counter() - started)
            return not self._stop.wait(max(0.0, remaining))
        return not self._stop.is_set()

    def stop(self) -> None:
        """See `AudioSink.stop`: no further chunk is passed on."""
        self._stop.set()

    def duck(self, factor: float) -> None:
        """Does nothing: the client receives the `state` events and controls its own loudspeaker."""

    def close(self) -> None:
        """Stop; there is nothing to close."""
        self.stop()
