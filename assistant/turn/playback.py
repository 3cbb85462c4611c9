"""Playback: what sounds on the loudspeaker of a stream, one at a time, in the background."""

from __future__ import annotations

from collections.abc import Callable

from assistant.audio.sink import AudioSink
from assistant.events import EventBus, EventKind
from assistant.turn.answer import Speak
from assistant.turn.utterance import Utterance


class Playback:
    """Plays for one conversation, which calls `play` and `ended` with its lock held.

    Args:
        sink: where sound goes.
        bus: gets the events that a reply begins and ends.
        on_end: called with each utterance that has ended, in its own thread and without a lock.
    """

    def __init__(self, sink: AudioSink, bus: EventBus, on_end: Callable[[Utterance], None]) -> None:
        self._sink = sink
        self._bus = bus
        self._on_end = on_end
        self._utterance: Utterance | None = None
        self._volume = 1.0

    @property
    def sounding(self) -> bool:
        """Whether something is being played."""
        return self._utterance is not None

    def play(self, effect: Speak) -> None:
        """Begin to play. What `on_first` returns is published with the event that the reply has begun."""

        def first(at: float) -> None:
            self._bus.publish(EventKind.REPLY_STARTED, effect.turn_id, **effect.on_first(at))

        def done(finished: bool) -> None:
            self._bus.publish(EventKind.REPLY_ENDED, effect.turn_id, finished=finished)
            effect.on_done(finished)
            self._on_end(utterance)

        self.duck(1.0)
        utterance = Utterance(self._sink, effect.speech, first, done)
        self._utterance = utterance
        utterance.start()

    def ended(self, utterance: Utterance) -> bool:
        """The utterance has ended; gives whether it was the newest one, so that nothing sounds any more."""
        if self._utterance is not utterance:
            return False
        self._utterance = None
        return True

    def stop(self) -> None:
        """Stop at once."""
        if self._utterance is not None:
            self._utterance.stop()

    def duck(self, factor: float) -> None:
        """Multiply the volume by `factor`, 0 to 1, until the next utterance; 1 ends the ducking."""
        if factor != self._volume:
            self._volume = factor
            self._sink.duck(factor)

    def wait(self, timeout: float | None = None) -> None:
        """Wait until nothing is being played, at most `timeout` seconds."""
        utterance = self._utterance
        if utterance is not None:
            utterance.wait(timeout)
