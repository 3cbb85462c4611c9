"""Bounds the memory that the allocator keeps after a long sentence."""

from __future__ import annotations

from assistant.events import EventBus, EventKind
from services.daemon.allocator import FOR_MODELS, bound_allocator, give_back


def give_back_after_turns(bus: EventBus) -> None:
    """After each turn, return unused memory of the allocator to the system."""
    bus.listen(lambda event: give_back() if event.kind is EventKind.TURN else None)


def tame_allocator() -> None:
    """Bound the memory that the allocator keeps; call it before the first thread starts."""
    bound_allocator(*FOR_MODELS)
