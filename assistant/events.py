"""Events: what happens in the assistant, published to watchers that are not in the path of an utterance.

A slow watcher loses its oldest events, and can read how many; it never delays an utterance.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from common.metrics import Counter

log = logging.getLogger(__name__)

DROPPED = Counter("sotto_events_dropped_total", "Events that watchers missed because they were behind")


class EventKind(StrEnum):
    """The kinds of events; the value is the name on the wire."""

    STATE = "state"
    ONSET = "onset"
    WAKE = "wake"
    SPEECH_STARTED = "speech-started"
    SPEECH_ENDED = "speech-ended"
    TRANSCRIPT = "transcript"
    DECIDED = "decided"
    ACTED = "acted"
    CORRECTED = "corrected"
    REPLY = "reply"
    REPLY_STARTED = "reply-started"
    REPLY_ENDED = "reply-ended"
    INTERRUPTED = "interrupted"
    TURN = "turn"
    RING = "ring"
    HUB = "hub"
    MICROPHONE = "microphone"
    SPEAKER = "speaker"
    GRAMMAR = "grammar"
    WARNING = "warning"


@dataclass(frozen=True)
class Event:
    """One event.

    Attributes:
        kind: what happened.
        time: when it was published, in seconds since the epoch.
        turn: id of the turn that it belongs to; "" for none.
        data: details, by name; they depend on the kind.
    """

    kind: EventKind
    time: float
    turn: str = ""
    data: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))


class Subscription:
    """A bounded queue of events for one watcher. Close it, or use it as a context manager.

    Attributes:
        dropped: number of events that the watcher has lost.
    """

    def __init__(self, bus: EventBus, capacity: int) -> None:
        self._bus = bus
        self._queue: deque[Event] = deque(maxlen=capacity)
        self._ready = threading.Condition()
        self._closed = False
        self.dropped = 0

    def put(self, event: Event) -> None:
        """Append `event`. If the queue is full, the oldest event is dropped."""
        with self._ready:
            if len(self._queue) == self._queue.maxlen:
                self.dropped += 1
                DROPPED.inc()
            self._queue.append(event)
            self._ready.notify()

    def get(self, timeout: float | None = None) -> Event | None:
        """The next event; None after `timeout` seconds, or if the subscription is closed and empty."""
        with self._ready:
            self._ready.wait_for(lambda: self._queue or self._closed, timeout)
            return self._queue.popleft() if self._queue else None

    def __iter__(self) -> Iterator[Event]:
        while (event := self.get()) is not None:
            yield event

    def close(self) -> None:
        """Stop receiving. An iteration in progress ends after the queued events."""
        self._bus.drop(self)
        with self._ready:
            self._closed = True
            self._ready.notify_all()

    def __enter__(self) -> Subscription:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class EventBus:
    """Passes events to all watchers and listeners. Publishing never blocks and never raises."""

    def __init__(self, wall_clock: Callable[[], float] = time.time) -> None:
        self._wall_clock = wall_clock
        self._lock = threading.Lock()
        self._watchers: tuple[Subscription, ...] = ()
        self._listeners: tuple[Callable[[Event], None], ...] = ()

    def publish(self, kind: EventKind, turn: str = "", **data: object) -> Event:
        """Publish an event; `data` are its details."""
        event = Event(kind, self._wall_clock(), turn, MappingProxyType(data))
        self.relay(event)
        return event

    def relay(self, event: Event) -> None:
        """Publish an event that another bus has published."""
        for watcher in self._watchers:
            watcher.put(event)
        for listener in self._listeners:
            try:
                listener(event)
            except Exception:
                log.exception("an event listener failed on %s", event.kind)

    def subscribe(self, capacity: int = 256) -> Subscription:
        """A queue of all events from now on, at most `capacity` at a time."""
        subscription = Subscription(self, capacity)
        with self._lock:
            self._watchers = (*self._watchers, subscription)
        return subscription

    def listen(self, listener: Callable[[Event], None]) -> None:
        """Call `listener` for each event, in the publishing thread. It must be fast; errors are logged."""
        with self._lock:
            self._listeners = (*self._listeners, listener)

    def drop(self, subscription: Subscription) -> None:
        """Remove a watcher."""
        with self._lock:
            self._watchers = tuple(w for w in self._watchers if w is not subscription)
