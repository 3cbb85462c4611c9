"""Settings of the scheduling."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SchedulingSettings:
    """How devices and engines are chosen.

    Attributes:
        tune: whether the box measures in the quiet what has no figures yet, such as a new engine. The command
            `sotto tune` measures all the same.
    """

    tune: bool = True
