"""A sink that hands reply audio to a client or a file instead of a sound card."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from time import perf_counter

from assistant.audio.format import Samples


class StreamSink:
    """Passes each chunk on as it is made.

    Args:
        send: takes int16 samples and their rate. None: nobody wants the audio; unless `paced`, only
            the first chunk is made then, which is all that the clocks need.
        paced: stay in `play` for as long as the client will be playing, so that a "stop" said over
            the reply still finds somebody speaking.
    """

    def __init__(self, send: Callable[[Samples, int], None] | None, *, paced: bool) -> None:
        self.volume = 1.0
        self._send = send
        self._paced = paced
        self._stop = threading.Event()

    def play(self, chunks: Iterable[Samples], rate: int, on_first: Callable[[], None] | None = None) -> bool:
        """Pass all chunks on; False if it was stopped before the end."""
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
        """Fall silent: nothing more is passed on of what is playing."""
        self._stop.set()

    def duck(self, factor: float) -> None:
        """The client's own matter: it hears the `state` event and knows its loudspeaker."""

    def close(self) -> None:
        """Nothing is held."""
        self.stop()
