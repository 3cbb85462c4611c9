"""The voice of a box: a synthesiser, a cache of what it said, and what is synthesised ahead in the quiet."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from assistant.audio.format import Samples
from assistant.events import Event, EventKind
from assistant.speech.frequent_replies import FrequentReplies
from assistant.speech.speech_cache import SpeechCache, SpeechCacheSettings, UncachedVoice
from assistant.speech.spoken import spoken
from assistant.speech.synthesiser import Synthesiser

#: Seconds without sound activity after which it is quiet, and likely replies are synthesised ahead.
QUIET_S = 5.0
_SOUNDS = (EventKind.ONSET, EventKind.STATE, EventKind.TRANSCRIPT, EventKind.REPLY)


class BoxVoice:
    """What a box speaks with.

    Args:
        synthesiser: makes the sound.
        settings: of the cache.
        counts: file of the frequent replies.
        always: replies that every box gives.
    """

    def __init__(
        self, synthesiser: Synthesiser, settings: SpeechCacheSettings, counts: Path, always: tuple[str, ...]
    ) -> None:
        self._synthesiser = synthesiser
        #: For replies.
        self.cached = SpeechCache(synthesiser, settings)
        #: For measurements: every reply is synthesised when it is due.
        self.uncached = UncachedVoice(synthesiser)
        self._frequent = FrequentReplies(counts, always, settings.frequent)
        self._active_at = 0.0
        #: What is still to be synthesised in this quiet; gone through once, so that silence costs nothing.
        self._ahead: Iterator[str] | None = None

    def follow(self, event: Event) -> None:
        """An event of the assistant: quiet ends with every sound."""
        if event.kind in _SOUNDS:
            self._active_at = time.monotonic()
            self._ahead = None

    def replied(self, text: str) -> None:
        """A reply was given; it is counted."""
        if text:
            self._frequent.count(text)

    @property
    def is_quiet(self) -> bool:
        """Whether there has been no sound activity for `QUIET_S`."""
        return time.monotonic() - self._active_at > QUIET_S

    def poll(self) -> None:
        """In the quiet, synthesise what is likely to be answered next; call it every second or so."""
        if not self.is_quiet:
            return
        if self._ahead is None:
            self._ahead = (spoken(text) for text in self._frequent.likeliest())
        self.cached.render(self._ahead)

    def synthesise(self, text: str, speed: float = 0.0) -> Iterator[Samples]:
        """Speech for `text` in chunks, int16 (n,); numbers and units are spoken as people say them.

        Args:
            text: what to say.
            speed: from 0.5 to 2; 0 for the one that is set.
        """
        return self._synthesiser.stream(spoken(text), speed)

    def close(self) -> None:
        """Synthesise nothing ahead any more."""
        self.cached.close()
