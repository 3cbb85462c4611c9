"""When the box measures by itself: in the quiet, on mains, and not while it is hot. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

#: Seconds without a sound after which the box may measure. Longer than the pauses of a conversation; what is
#: likely to be answered next is rendered ahead before.
QUIET_S = 60.0
#: Seconds until the box looks again for what has no figures: an engine may have been installed since.
LOOK_S = 24 * 3600.0
#: Seconds until it tries again after the figures could not be kept, or another process was at it.
RETRY_S = 3600.0


class Standing(StrEnum):
    """How it stands with the figures."""

    UNKNOWN = "not looked"
    INTERRUPTED = "interrupted"
    COMPLETE = "complete"
    FAILED = "failed"


@dataclass(frozen=True)
class Supply:
    """What the machine runs on.

    Attributes:
        on_battery: its own battery is being emptied.
        is_hot: it is so hot that the power manager holds the clocks down. Figures taken then would be wrong.
    """

    on_battery: bool = False
    is_hot: bool = False


def when_to_tune(now: float, heard_at: float, standing: Standing, looked_at: float, supply: Supply) -> bool:
    """Whether to measure now.

    Args:
        now: seconds, of a clock that never steps.
        heard_at: when somebody was heard or answered last, or the start of the process.
        standing: how it stands with the figures.
        looked_at: when the last measurement ended, or was given up.
        supply: what the machine runs on.
    """
    if supply.on_battery or supply.is_hot or now - heard_at < QUIET_S:
        return False
    match standing:
        case Standing.UNKNOWN | Standing.INTERRUPTED:
            return True
        case Standing.COMPLETE:
            return now - looked_at >= LOOK_S
        case Standing.FAILED:
            return now - looked_at >= RETRY_S
