"""Bounds the memory that the allocator keeps after a long sentence."""

from __future__ import annotations

from assistant.events import EventBus, EventKind
from services.daemon.allocator import bound_allocator, give_back

_MB = 1024 * 1024


def give_back_after_turns(bus: EventBus) -> None:
    """After each turn, return unused memory of the allocator to the system."""
    bus.listen(lambda event: give_back() if event.kind is EventKind.TURN else None)


def tame_allocator() -> None:
    """Bound the memory that the allocator keeps; call it before the first thread starts.

    Unbounded, the daemon held 434 MB after 60 turns instead of 350 MB. Thresholds of 2 MB and 16 MB cost no
    measurable time; smaller ones cost 17 % of `compute`, in page faults.
    """
    bound_allocator(2 * _MB, 16 * _MB)
