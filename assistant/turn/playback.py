"""What a stream is answered with: one thing at a time, spoken in the background."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

from assistant.audio.sink import AudioSink
from assistant.events import EventBus, EventKind
from assistant.turn.utterance import Speech, Utterance, Voice

OnFirst = Callable[[float], dict[str, object]]


class Playback:
    """Speaks for one conversation.

    Args:
        voice: of the box.
        sink: where sound goes.
        bus: told when a reply begins and ends.
        lock: of the conversation.
        on_quiet: called with the lock held when something has been said and nothing else has begun.
    """

    def __init__(
        self,
        voice: Voice,
        sink: AudioSink,
        bus: EventBus,
        lock: AbstractContextManager[bool],
        on_quiet: Callable[[], None],
    ) -> None:
        self.voice = voice
        self._sink = sink
        self._bus = bus
        self._lock = lock
        self._on_quiet = on_quiet
        self._utterance: Utterance | None = None
        self._ducked = 1.0

    @property
    def speaking(self) -> bool:
        """Whether something is being said."""
        return self._utterance is not None

    def speak(self, speech: Speech, on_first: OnFirst, on_done: Callable[[bool], None], turn_id: str) -> None:
        """Begin to speak; what `on_first` returns goes out with the event that the reply has begun.

        Args:
            speech: what is to be heard.
            on_first: told the `perf_counter` value of the first sample.
            on_done: told whether all of it was heard.
            turn_id: of the turn it belongs to, or "".
        """

        def first(at: float) -> None:
            self._bus.publish(EventKind.REPLY_STARTED, turn_id, **on_first(at))

        def done(finished: bool) -> None:
            self._bus.publish(EventKind.REPLY_ENDED, turn_id, finished=finished)
            on_done(finished)
            with self._lock:
                if self._utterance is utterance:
                    self._utterance = None
                    self._on_quiet()

        self.duck(1.0)
        utterance = Utterance(self._sink, speech, first, done)
        self._utterance = utterance
        utterance.start()

    def stop(self) -> None:
        """Fall silent at once."""
        if self._utterance is not None:
            self._utterance.stop()

    def duck(self, factor: float) -> None:
        """Speak at that part of the volume, 1 is undisturbed, until something else is said."""
        if factor != self._ducked:
            self._ducked = factor
            self._sink.duck(factor)

    def wait(self, timeout: float | None = None) -> None:
        """Wait until nothing is being said."""
        utterance = self._utterance
        if utterance is not None:
            utterance.wait(timeout)
