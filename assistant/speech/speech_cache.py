"""A voice that has begun before it is asked: what is likely to be said soon is rendered ahead, and kept.

Kept are sentences, so that a reply that opens with a known one begins at once and the rest is made meanwhile.
What is said for the second time stays longer than what was said once, as a list of timers is.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from time import perf_counter
from typing import Protocol

import numpy as np

from assistant.audio.format import Samples
from assistant.speech.phonemes import sentences

log = logging.getLogger(__name__)

#: Chunks made before anybody listens: 140 and 280 ms of sound, long enough to make the third meanwhile.
_AHEAD = 2
#: Part of real time that making sound may take where it is made for nobody yet.
_SPARE = 0.5
#: Part of the room for what was said no more than once, so that it does not push out what is said often.
_ONCE = 0.2
#: Also what was begun and never listened to is kept, and takes little beside its sound.
_MOST_SENTENCES = 200


class Source(Protocol):
    """What makes the sound; `Synthesiser` does."""

    @property
    def sample_rate(self) -> int:
        """In Hz."""

    @property
    def pause_s(self) -> float:
        """Silence between two sentences."""

    def check(self, text: str) -> None:
        """Raise `TooLarge` for a text that is too long."""

    def stream(self, text: str, speed: float = 0.0) -> Generator[Samples, None, None]:
        """Chunks of speech."""


@dataclass(frozen=True)
class SpeechCacheSettings:
    """What is kept.

    Attributes:
        megabytes: of sound; one minute is 2.6 MB.
        max_chars: a longer sentence is not kept.
        frequent: how many replies are remembered over a restart, and rendered when nothing else is to do.
    """

    megabytes: float = 6.0
    max_chars: int = 160
    frequent: int = 60


class _Rendering:
    """One sentence, made as far as somebody needed it; any number may listen to it."""

    def __init__(self, source: Generator[Samples, None, None]) -> None:
        self._source = source
        self._chunks: list[Samples] = []
        self._lock = threading.Lock()
        self.whole = False
        self.took_s = 0.0
        #: How often it was listened to; what is made ahead because it is said often counts as that.
        self.said = 0

    @property
    def size(self) -> int:
        """Bytes of sound."""
        return sum(chunk.nbytes for chunk in self._chunks)

    def chunk(self, number: int) -> Samples | None:
        """The chunk of that number, made now if it is not there; None behind the last."""
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


class UncachedVoice:
    """Speaks as `source` does, and neither keeps nor prepares anything."""

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
        """Nothing is prepared."""


class SpeechCache:
    """Speaks as `source` does, but keeps what it has said and can begin before it is asked.

    Args:
        source: makes the sound.
        settings: bounds.

    May be used by several threads.
    """

    def __init__(self, source: Source, settings: SpeechCacheSettings | None = None) -> None:
        self._source = source
        self._settings = settings or SpeechCacheSettings()
        self._kept: OrderedDict[str, _Rendering] = OrderedDict()
        self._lock = threading.Lock()
        self._ahead = ThreadPoolExecutor(1, thread_name_prefix="voice-ahead")
        self._wanted = ""
        self._spare = False

    @property
    def sample_rate(self) -> int:
        """Of the sound, in Hz."""
        return self._source.sample_rate

    def stream(self, text: str) -> Iterator[Samples]:
        """Speak a text, chunk by chunk: int16 at `sample_rate`.

        Raises:
            TooLarge: the text is too long; raised before the first chunk.
            Unavailable: espeak-ng is not installed.
        """
        self._source.check(text)
        return self._chunks(text)

    def prepare(self, text: str) -> None:
        """Begin to make the first sentence in the background; what was asked for before is given up.

        Only the first chunks are made, which cost what one chunk costs; the rest when it is listened to.
        """
        first = next(iter(sentences(text)), "")
        if not self._is_kept(first):
            return
        with self._lock:
            if first == self._wanted:
                return
            self._wanted = first
        self._ahead.submit(self._begin, first)

    def render(self, texts: Iterable[str]) -> bool:
        """Make the first of these that is not there yet, whole, in the background.

        Nothing is made before the machine was seen to be fast enough for it, or where there is no more room.

        Args:
            texts: likely to be said; an iterator goes on where the last call left it.

        Returns:
            Whether there was anything to do.
        """
        with self._lock:
            if not self._spare or self._is_full():
                return False
        missing = next((text for text in texts if self._lacks(text)), None)
        if missing is None:
            return False
        self._ahead.submit(self._make, missing)
        return True

    def _lacks(self, text: str) -> bool:
        return any(self._is_kept(sentence) and not self.has(sentence) for sentence in sentences(text))

    def has(self, text: str) -> bool:
        """Whether all of a text is there, so that the wait for it is nothing."""
        with self._lock:
            found = [self._kept.get(sentence) for sentence in sentences(text)]
        return bool(found) and all(each is not None and each.whole for each in found)

    def close(self) -> None:
        """Make nothing ahead any more."""
        self._ahead.shutdown(wait=False, cancel_futures=True)

    def _is_kept(self, sentence: str) -> bool:
        return 0 < len(sentence) <= self._settings.max_chars

    def _chunks(self, text: str) -> Iterator[Samples]:
        pause = np.zeros(int(self._source.pause_s * self.sample_rate), np.int16)
        for place, sentence in enumerate(sentences(text)):
            if place:
                yield pause
            yield from self._sentence(sentence)

    def _sentence(self, sentence: str) -> Iterator[Samples]:
        if not self._is_kept(sentence):
            yield from self._source.stream(sentence)
            return
        rendering = self._rendering(sentence)
        try:
            number = 0
            while (chunk := rendering.chunk(number)) is not None:
                yield chunk
                number += 1
        except Exception:
            self._forget(sentence)  # what a generator that failed would give now is half a sentence
            raise
        rendering.said += 1
        self._spare = rendering.took_s < _SPARE * rendering.size / 2 / self.sample_rate
        self._trim()

    def _rendering(self, sentence: str) -> _Rendering:
        with self._lock:
            rendering = self._kept.get(sentence)
            if rendering is None:
                rendering = self._kept[sentence] = _Rendering(self._source.stream(sentence))
            self._kept.move_to_end(sentence)
            return rendering

    def _begin(self, sentence: str) -> None:
        if self._wanted != sentence:
            return  # something else is likelier by now
        try:
            rendering = self._rendering(sentence)
            for number in range(_AHEAD):
                rendering.chunk(number)
        except Exception as error:
            # Whoever speaks it meets the same error where it can be told.
            log.info("nothing was made ahead: %s", error)
            self._forget(sentence)
        finally:
            with self._lock:
                if self._wanted == sentence:
                    self._wanted = ""

    def _make(self, text: str) -> None:
        try:
            for sentence in sentences(text):
                if self._is_kept(sentence):
                    self._rendering(sentence).said += 1
            for _ in self._chunks(text):
                pass
        except Exception as error:
            log.info("nothing was made ahead: %s", error)

    def _forget(self, sentence: str) -> None:
        with self._lock:
            self._kept.pop(sentence, None)

    def _is_full(self) -> bool:
        """The caller holds the lock."""
        size = sum(rendering.size for rendering in self._kept.values())
        return size > self._settings.megabytes * 1e6 or len(self._kept) > _MOST_SENTENCES

    def _trim(self) -> None:
        with self._lock:
            once = [sentence for sentence, rendering in self._kept.items() if rendering.said < 2]
            left = _ONCE * self._settings.megabytes * 1e6
            for place, sentence in enumerate(reversed(once)):
                left -= self._kept[sentence].size
                if place and left < 0:
                    del self._kept[sentence]
            while len(self._kept) > 1 and self._is_full():
                self._kept.popitem(last=False)
