"""The end of a turn: a pure decision from how long it is quiet and how finished the words are."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from assistant.errors import InvalidInput
from assistant.understanding.completeness import Completeness


class Decision(Enum):
    """Take the sentence as it is, or wait for more."""

    COMMIT = "commit"
    WAIT = "wait"


@dataclass(frozen=True)
class TurnEndSettings:
    """How long a pause may be before the turn is over, by how finished the words are.

    Inside 150 recorded commands of many speakers the longest silence that `VoiceActivity` counts is
    30 ms at the median (its own granularity), 150 ms at the 90th percentile and 290 ms at the 98th.

    Attributes:
        complete_ms: the words are a command and cannot usefully go on.
        extendable_ms: they are a command and could go on.
        unparsed_ms: the grammar does not know them.
        unfinished_ms: they are the beginning of a command, or nothing is recognised yet.
        max_turn_s: a turn is never longer, counted from its first speech.

    Raises:
        InvalidInput: `turn.settings` if the waits are not in this order.
    """

    complete_ms: int = 160
    extendable_ms: int = 400
    unparsed_ms: int = 700
    unfinished_ms: int = 2000
    max_turn_s: float = 15.0

    def __post_init__(self) -> None:
        waits = (self.complete_ms, self.extendable_ms, self.unparsed_ms, self.unfinished_ms)
        if not 0 < waits[0] <= waits[1] <= waits[2] <= waits[3] or self.max_turn_s <= 0:
            raise InvalidInput(
                f"the waits {waits} ms and {self.max_turn_s} s of the turn end cannot be used",
                hint="give positive waits: complete <= extendable <= unparsed <= unfinished",
                code="turn.settings",
            )


def wait_ms(completeness: Completeness | None, settings: TurnEndSettings) -> int:
    """How much silence ends a turn whose words stand so in the grammar."""
    match completeness:
        case Completeness.COMPLETE:
            return settings.complete_ms
        case Completeness.EXTENDABLE:
            return settings.extendable_ms
        case Completeness.UNPARSED:
            return settings.unparsed_ms
        case Completeness.UNFINISHED | None:
            return settings.unfinished_ms


def decide(
    silence_ms: int,
    speech_ms: int,
    completeness: Completeness | None,
    settings: TurnEndSettings | None = None,
) -> Decision:
    """Whether the turn is over.

    A one-word command pays nothing for being short: there is no least length.

    Args:
        silence_ms: since the last speech sample.
        speech_ms: from the first to the last speech sample of the turn; 0 if nobody has spoken.
        completeness: how finished the words are; None while nothing is recognised yet.
        settings: the waits.
    """
    settings = settings or TurnEndSettings()
    if silence_ms + speech_ms >= settings.max_turn_s * 1000:
        return Decision.COMMIT
    if speech_ms > 0 and silence_ms >= wait_ms(completeness, settings):
        return Decision.COMMIT
    return Decision.WAIT
