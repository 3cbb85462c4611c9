"""Endpointing: a pure decision from the silence so far and the completeness of the words."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from assistant.understanding.completeness import Completeness
from common.errors import InvalidInput
from common.settings_file import between


class Decision(Enum):
    """Commit the utterance as it is, or wait for more."""

    COMMIT = "commit"
    WAIT = "wait"


@dataclass(frozen=True)
class EndpointingSettings:
    """How long a pause may be before the turn is over, by how finished the words are.

    Inside 150 recorded commands of many speakers the longest silence that `VoiceActivity` counts is
    30 ms at the median (its own granularity), 150 ms at the 90th percentile and 290 ms at the 98th.

    Attributes:
        complete_ms: the words are a command and cannot usefully go on.
        extendable_ms: they are a command and could go on; `longest_extendable_ms` if it sounds so, too.
        finished_ms: the grammar does not know them, and the voice sounds finished (`hearing.turn_model`).
        unparsed_ms: the grammar does not know them, and the voice does not sound finished or is not judged.
        unfinished_ms: they are the beginning of a command, or nothing is recognised yet.
        longest_complete_ms, longest_extendable_ms: what a speaker who pauses much can raise the waits to.
        max_turn_s: a turn is never longer, counted from its first speech.

    Raises:
        InvalidInput: `turn.settings` if the waits are not in this order.
    """

    complete_ms: int = field(default=64, metadata=between(1, 60_000))
    extendable_ms: int = field(default=320, metadata=between(1, 60_000))
    finished_ms: int = field(default=400, metadata=between(1, 60_000))
    unparsed_ms: int = field(default=700, metadata=between(1, 60_000))
    unfinished_ms: int = field(default=2000, metadata=between(1, 60_000))
    longest_complete_ms: int = field(default=96, metadata=between(1, 60_000))
    longest_extendable_ms: int = field(default=500, metadata=between(1, 60_000))
    max_turn_s: float = field(default=15.0, metadata=between(0.1, 600))

    def __post_init__(self) -> None:
        waits = (
            self.complete_ms, self.extendable_ms, self.finished_ms, self.unparsed_ms, self.unfinished_ms
        )  # fmt: skip
        longest = (self.longest_complete_ms, self.longest_extendable_ms, self.unparsed_ms)
        ordered = all(list(row) == sorted(row) for row in (waits, longest))
        raised = self.complete_ms <= longest[0] and self.extendable_ms <= longest[1]
        if not (ordered and raised and waits[0] > 0 and self.max_turn_s > 0):
            raise InvalidInput(
                f"the waits {waits} ms, at most {longest[:2]} ms, and the longest turn of "
                f"{self.max_turn_s} s cannot be used",
                hint="give positive waits: complete <= extendable <= finished <= unparsed <= unfinished, "
                "complete <= longest_complete <= longest_extendable <= unparsed and "
                "extendable <= longest_extendable",
                code="turn.settings",
            )


def wait_ms(
    completeness: Completeness | None,
    settings: EndpointingSettings,
    *,
    stretch: float = 1.0,
    sounds_finished: bool | None = None,
) -> int:
    """The silence, in ms, that ends a turn.

    Args:
        completeness: of the words in the grammar; None while nothing is recognised yet.
        settings: the waits.
        stretch: how much longer than usual this speaker pauses, see `Pauses.stretch`; 1 or more.
        sounds_finished: verdict of the end-of-turn model; None if it has not judged.
    """
    match completeness:
        case Completeness.COMPLETE:
            return min(settings.longest_complete_ms, round(settings.complete_ms * stretch))
        case Completeness.EXTENDABLE:
            if sounds_finished is False:
                return settings.longest_extendable_ms
            return min(settings.longest_extendable_ms, round(settings.extendable_ms * stretch))
        case Completeness.UNPARSED:
            if sounds_finished:
                return min(settings.unparsed_ms, round(settings.finished_ms * stretch))
            return settings.unparsed_ms
        case Completeness.UNFINISHED | None:
            return settings.unfinished_ms


def decide(
    silence_ms: int,
    speech_ms: int,
    completeness: Completeness | None,
    settings: EndpointingSettings | None = None,
    *,
    stretch: float = 1.0,
    sounds_finished: bool | None = None,
) -> Decision:
    """Whether the turn is over.

    There is no minimum length: a one-word command waits no longer than others.

    Args:
        silence_ms: since the last speech sample.
        speech_ms: from the first to the last speech sample of the turn; 0 if nobody has spoken.
        completeness, stretch, sounds_finished: see `wait_ms`.
        settings: the waits.
    """
    settings = settings or EndpointingSettings()
    if silence_ms + speech_ms >= settings.max_turn_s * 1000:
        return Decision.COMMIT
    wait = wait_ms(completeness, settings, stretch=stretch, sounds_finished=sounds_finished)
    if speech_ms > 0 and silence_ms >= wait:
        return Decision.COMMIT
    return Decision.WAIT
