"""Speaking a reply in the background, so that the ears stay open while the box talks."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from time import perf_counter
from typing import Protocol

from assistant.audio.doctor import chime
from assistant.audio.format import Samples
from assistant.audio.sink import AudioSink
from assistant.errors import SottoError

log = logging.getLogger(__name__)


class Voice(Protocol):
    """What turns text into sound; `assistant.speech.synthesiser.Synthesiser` is one."""

    @property
    def sample_rate(self) -> int:
        """Samples a second of what `stream` gives."""

    def stream(self, text: str) -> Iterator[Samples]:
        """Chunks of speech, the first as early as possible."""


class Utterance:
    """One text being spoken, in a thread of its own.

    Args:
        voice: the synthesiser.
        sink: where the sound goes.
        text: what to say; already in words.
        on_first: called with the `perf_counter` value when the first sample was handed over.
        on_done: called once with whether the whole text was spoken (False: stopped or failed).
        chime: sound a chime first, for what nobody asked for.
    """

    def __init__(
        self,
        voice: Voice,
        sink: AudioSink,
        text: str,
        on_first: Callable[[float], None],
        on_done: Callable[[bool], None],
        *,
        chime: bool = False,
    ) -> None:
        self._voice = voice
        self._sink = sink
        self._text = text
        self._on_first = on_first
        self._on_done = on_done
        self._chime = chime
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="utterance", daemon=True)

    def start(self) -> None:
        """Begin to speak."""
        self._thread.start()

    def stop(self) -> None:
        """Fall silent at once; what was queued is dropped."""
        self._stopped.set()
        self._sink.stop()

    def wait(self, timeout: float | None = None) -> None:
        """Wait until the utterance has ended."""
        if self._thread is not threading.current_thread():
            self._thread.join(timeout)

    def _chunks(self) -> Iterator[Samples]:
        if self._chime:
            yield chime(self._voice.sample_rate)
        for chunk in self._voice.stream(self._text):
            if self._stopped.is_set():
                return
            yield chunk

    def _run(self) -> None:
        finished = False
        try:
            if not self._stopped.is_set():
                finished = self._sink.play(
                    self._chunks(),
                    self._voice.sample_rate,
                    on_first=lambda: self._on_first(perf_counter()),
                )
        except SottoError as error:
            log.warning("cannot speak: %s", error)
        except Exception:
            log.exception("speaking failed")
        finally:
            self._on_done(finished and not self._stopped.is_set())
