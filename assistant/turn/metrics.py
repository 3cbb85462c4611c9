"""What is counted of finished turns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from common.metrics import Counter, Histogram

if TYPE_CHECKING:
    from assistant.turn.store import Turn

#: Streams that the box itself names; a client may name its own as it likes.
_SOURCES = ("room", "ask", "fault")
_CLOCKS = ("decided", "acted", "heard", "compute")

TURNS = Counter(
    "sotto_turns_total",
    "Finished turns: of the room, asked in writing, or of a client's stream; and what became of them",
    ("source", "outcome"),
)
CLOCKS = Histogram(
    "sotto_turn_clock_seconds",
    "Clocks of turns: decided, acted and heard from the last speech sample on, compute from the commit on",
    ("clock",),
)
STAGES = Histogram("sotto_turn_stage_seconds", "Computing time of the stages of turns", ("stage",))


def count(turn: Turn) -> None:
    """Count one turn."""
    source = turn.label if turn.label in _SOURCES else "stream"
    outcome = "accepted" if turn.accepted else "rejected"
    TURNS.inc(source, "interrupted" if turn.interrupted else outcome)
    for name in _CLOCKS:
        value = getattr(turn.clocks_ms, name)
        if value is not None:
            CLOCKS.observe(value / 1000, name)
    for stage, value in turn.stages_ms.items():
        STAGES.observe(value / 1000, stage)
