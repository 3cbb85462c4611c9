"""What is told of the models and their engines."""

from __future__ import annotations

from dataclasses import dataclass

from assistant.serving.health import Why


@dataclass(frozen=True)
class LeftEngine:
    """An engine that does not answer for a model.

    Attributes:
        engine: its id.
        why: it was left.
        reason: in words.
        ago_s: seconds since it was left.
        again_s: seconds until it may prove itself again; 0 if it may now.
    """

    engine: str
    why: Why
    reason: str
    ago_s: float
    again_s: float


@dataclass(frozen=True)
class ModelStatus:
    """A model that is open, and its engines.

    Attributes:
        model: its name.
        engine: id of the engine that answers.
        choice: what was chosen: an id, or "auto".
        left: engines that were left.
    """

    model: str
    engine: str
    choice: str
    left: tuple[LeftEngine, ...] = ()
