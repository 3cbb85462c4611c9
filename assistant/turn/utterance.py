"""Speaking a reply in the background, so that the ears stay open while the box talks."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from time import perf_counter
from typing import Protocol

from assistant.audio.chimes import chime
from assistant.audio.format import Samples
from assistant.audio.sink import AudioSink
from assistant.speech.spoken import spoken
from common.errors import SottoError

log = logging.getLogger(__name__)


class Voice(Protocol):
    """What turns text into sound; `assistant.speech.speech_cache.SpeechCache` is one."""

    @property
    def sample_rate(self) -> int:
        """Samples a second of what `stream` gives."""

    def stream(self, text: str) -> Iterator[Samples]:
        """Chunks of speech, the first as early as possible."""

    def prepare(self, text: str) -> None:
        """This is likely to be said soon: begin with it in the background."""


@dataclass(frozen=True)
class Speech:
    """Something to be heard once: int16 mono in `chunks`, at `rate` Hz.

    `abandon` makes `chunks` end that are still to come from elsewhere.
    """

    chunks: Iterable[Samples]
    rate: int
    abandon: Callable[[], None] = lambda: None


def speech_from(voice: Voice, what: str | Samples, *, with_chime: bool = False) -> Speech:
    """A text, with numbers and units as people say them, or a sound.

    Args:
        voice: says the text.
        what: a text, or int16 mono samples at the rate of `voice`.
        with_chime: sound a chime first, for what nobody asked for.
    """

    def chunks() -> Iterator[Samples]:
        if with_chime:
            yield chime(voice.sample_rate)
        if isinstance(what, str):
            yield from voice.stream(spoken(what))
        else:
            # A second at a time, so that it can be interrupted.
            for at in range(0, len(what), voice.sample_rate):
                yield what[at : at + voice.sample_rate]

    return Speech(chunks(), voice.sample_rate)


class Utterance:
    """One thing being said, in a thread of its own.

    Args:
        sink: where the sound goes.
        speech: what is to be heard.
        on_first: called with the `perf_counter` value when the first sample was handed over.
        on_done: called once with whether all of it was spoken (False: stopped or failed).
    """

    def __init__(
        self,
        sink: AudioSink,
        speech: Speech,
        on_first: Callable[[float], None],
        on_done: Callable[[bool], None],
    ) -> None:
        self._sink = sink
        self._speech = speech
        self._on_first = on_first
        self._on_done = on_done
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="utterance", daemon=True)

    def start(self) -> None:
        """Begin to speak."""
        self._thread.start()

    def stop(self) -> None:
        """Fall silent at once; what was queued is dropped."""
        self._stopped.set()
        self._speech.abandon()
        self._sink.stop()

    def wait(self, timeout: float | None = None) -> None:
        """Wait until the utterance has ended."""
        if self._thread is not threading.current_thread():
            self._thread.join(timeout)

    def _chunks(self) -> Iterator[Samples]:
        for chunk in self._speech.chunks:
            if self._stopped.is_set():
                return
            yield chunk

    def _run(self) -> None:
        finished = False
        try:
            if not self._stopped.is_set():
                finished = self._sink.play(
                    self._chunks(),
                    self._speech.rate,
                    on_first=lambda: self._on_first(perf_counter()),
                )
        except SottoError as error:
            log.warning("cannot speak: %s", error)
        except Exception:
            log.exception("speaking failed")
        finally:
            self._on_done(finished and not self._stopped.is_set())
