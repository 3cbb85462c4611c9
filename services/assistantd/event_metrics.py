"""What is counted of the events of the box."""

from __future__ import annotations

from assistant.events import Event, EventBus, EventKind
from common.metrics import Counter

EVENTS = Counter("sotto_events_total", "Events by kind", ("kind",))
WAKE_WORDS = Counter("sotto_wake_words_total", "Wake words that were heard", ("word",), max_series=20)


def count_events(bus: EventBus) -> None:
    """Count the events of `bus` from now on."""
    bus.listen(_count)


def _count(event: Event) -> None:
    EVENTS.inc(event.kind.value)
    if event.kind is EventKind.WAKE:
        WAKE_WORDS.inc(str(event.data.get("word", "")))
