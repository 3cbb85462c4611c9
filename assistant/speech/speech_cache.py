"""The speech cache: keeps synthesised sentences, and synthesises ahead what is likely to be said soon.

The unit is the sentence: if the first sentence of a reply is in the cache, the reply begins at once, and the
rest is synthesised meanwhile. A sentence that was spoken once (a list of timers, for example) is dropped
before one that was spoken more often.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from time import perf_counter
from typing import Protocol

import numpy as np

from assistant.audio.format import Samples
from assistant.serving.result_cache import ResultCache
from assistant.speech.phonemes import sentences
from common.settings_file import between

log = logging.getLogger(__name__)

#: Chunks that `prepare` synthesises: 140 and 280 ms of sound, which is enough time to synthesise the third.
_AHEAD = 2
#: Replies are synthesised ahead only if synthesis takes less than this part of real time.
_SPARE = 0.5
#: Bound on the number of sentences: one that was begun but never played takes little space.
_MOST_SENTENCES = 200


class Source(Protocol):
    """Synthesises the sound, as `Synthesiser` does."""

    @property
    def sample_rate(self) -> int:
        """Sample rate of the sound, in Hz."""

    @property
    def pause_s(self) -> float:
        """Silence between two sentences, in seconds."""

    def check(self, text: str) -> None:
        """Raise TooLarge if the text is too long."""

    def stream(self, text: str, speed: float = 0.0) -> Generator[Samples, None, None]:
        """Speak a text, chunk by chunk: int16 (n,)."""


@dataclass(frozen=True)
class SpeechCacheSettings:
    """What is kept and synthesised ahead.

    Attributes:
        megabytes: size of the cache; one minute of sound is 2.6 MB.
        max_chars: a longer sentence is not kept.
        frequent: number of frequent replies that are remembered over a restart, and synthesised ahead when
            the box is idle.
    """

    megabytes: float = field(default=6.0, metadata=between(0, 1000))
    max_chars: int = field(default=160, metadata=between(0, 10_000))
    frequent: int = field(default=60, metadata=between(0, 10_000))


class _CachedSentence:
    """One sentence, synthesised as far as it was needed; several readers may read it at once."""

    def __init__(self, source: Generator[Samples, None, None]) -> None:
        self._source = source
        self._chunks: list[Samples] = []
        self._lock = threading.Lock()
        self.whole = False
        self.took_s = 0.0

    @property
    def size(self) -> int:
        """Size of the sound in bytes."""
        return sum(chunk.nbytes for chunk in self._chunks)

    def chunk(self, number: int) -> Samples | None:
        """The chunk of that number, int16 (n,), synthesised now if necessary; None after the last one."""
        with self._lock:
            while len(self._chunks) <= number and not self.whole:
                began = perf_counter()
                made = next(self._source, None)
                self.took_s += perf_counter() - began
                if made is None:
                    self.whole = True
                else:
                    self._chunks.append(made)
            return self._chunks[number] if number < len(self._chunks) else None


#: `ResultCache.wanted`, or `ResultCache.ahead` for what nobody waits for.
_Kept = Callable[[str, Callable[[str], _CachedSentence]], _CachedSentence]


class UncachedVoice:
    """Speaks as `source` does, without a cache."""

    def __init__(self, source: Source) -> None:
        self._source = source

    @property
    def sample_rate(self) -> int:
        """Of the sound, in Hz."""
        return self._source.sample_rate

    def stream(self, text: str) -> Iterator[Samples]:
        """Speak a text; see `SpeechCache.stream`."""
        return self._source.stream(text)

    def prepare(self, text: str) -> None:
        """Does nothing."""


class SpeechCache:
    """Speaks as `source` does, but keeps sentences, and can synthesise them ahead.

    Args:
        source: the synthesiser.
        settings: bounds.

    All methods may be called from any thread.
    """

    def __init__(self, source: Source, settings: SpeechCacheSettings | None = None) -> None:
        self._source = source
        self._settings = settings or SpeechCacheSettings()
        self._kept: ResultCache[_CachedSentence] = ResultCache(
            "speech", self._settings.megabytes * 1e6, _MOST_SENTENCES, lambda rendering: rendering.size
        )
        self._lock = threading.Lock()
        self._ahead = ThreadPoolExecutor(1, thread_name_prefix="voice-ahead")
        self._wanted = ""
        self._spare = False

    @property
    def sample_rate(self) -> int:
        """Of the sound, in Hz."""
        return self._source.sample_rate

    def stream(self, text: str) -> Iterator[Samples]:
        """Speak a text, chunk by chunk: int16 (n,) at `sample_rate`.

        Raises:
            TooLarge: the text is too long; raised before the first chunk.
            Unavailable: espeak-ng is not installed; raised with the first chunk.
        """
        self._source.check(text)
        return self._chunks(text, self._kept.wanted)

    def prepare(self, text: str) -> None:
        """Synthesise the beginning of the first sentence in the background. An earlier request is given up.

        Only the first two chunks are synthesised; the rest follows when the text is spoken.
        """
        first = next(iter(sentences(text)), "")
        if not self._is_cacheable(first):
            return
        with self._lock:
            if first == self._wanted:
                return
            self._wanted = first
        self._ahead.submit(self._synthesise_beginning, first)

    def render(self, texts: Iterable[str]) -> bool:
        """Synthesise the first of these texts that is not in the cache, completely, in the background.

        Nothing is done before a reply was spoken that showed the machine to be fast enough, or if the cache
        is full.

        Args:
            texts: likely replies. An iterator continues where the last call stopped.

        Returns:
            Whether something is being synthesised.
        """
        if not self._spare or self._kept.is_full:
            return False
        missing = next((text for text in texts if self._is_missing(text)), None)
        if missing is None:
            return False
        self._ahead.submit(self._synthesise_whole, missing)
        return True

    def _is_missing(self, text: str) -> bool:
        return any(self._is_cacheable(sentence) and not self.has(sentence) for sentence in sentences(text))

    def has(self, text: str) -> bool:
        """Whether all sentences of a text are in the cache, so that it can be spoken without a wait."""
        found = [self._kept.get(sentence) for sentence in sentences(text)]
        return bool(found) and all(each is not None and each.whole for each in found)

    def close(self) -> None:
        """Stop synthesising ahead."""
        self._ahead.shutdown(wait=False, cancel_futures=True)

    def _is_cacheable(self, sentence: str) -> bool:
        return 0 < len(sentence) <= self._settings.max_chars

    def _chunks(self, text: str, kept: _Kept) -> Iterator[Samples]:
        pause = np.zeros(int(self._source.pause_s * self.sample_rate), np.int16)
        for place, sentence in enumerate(sentences(text)):
            if place:
                yield pause
            yield from self._sentence(sentence, kept)

    def _sentence(self, sentence: str, kept: _Kept) -> Iterator[Samples]:
        if not self._is_cacheable(sentence):
            yield from self._source.stream(sentence)
            return
        rendering = kept(sentence, self._begun)
        try:
            number = 0
            while (chunk := rendering.chunk(number)) is not None:
                yield chunk
                number += 1
        except Exception:
            self._kept.forget(
                sentence
            )  # a generator that failed has ended: the cache would have half a sentence
            raise
        self._kept.used(sentence)
        self._spare = rendering.took_s < _SPARE * rendering.size / 2 / self.sample_rate
        self._kept.trim()

    def _begun(self, sentence: str) -> _CachedSentence:
        return _CachedSentence(self._source.stream(sentence))

    def _synthesise_beginning(self, sentence: str) -> None:
        if self._wanted != sentence:
            return  # another request came since
        try:
            rendering = self._kept.ahead(sentence, self._begun)
            for number in range(_AHEAD):
                rendering.chunk(number)
        except Exception as error:
            # The same error is raised again when the sentence is spoken, and handled there.
            log.info("a reply was not synthesised ahead: %s", error)
            self._kept.forget(sentence)
        finally:
            with self._lock:
                if self._wanted == sentence:
                    self._wanted = ""

    def _synthesise_whole(self, text: str) -> None:
        try:
            for sentence in filter(self._is_cacheable, sentences(text)):
                self._kept.ahead(sentence, self._begun)
                self._kept.used(sentence)  # it is frequent, and counts as spoken once more than it is
            for _ in self._chunks(text, self._kept.ahead):
                pass
        except Exception as error:
            log.info("a reply was not synthesised ahead: %s", error)
