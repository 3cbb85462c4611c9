"""Whether a boot is good: what was observed, held against the last good boot. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from services.updated.household import Household, lost
from services.updated.state import GoodBoot

#: How much slower than the last good boot an answer may be.
FACTOR = 1.2


@dataclass(frozen=True)
class HeardSentence:
    """A test sentence and what the box made of it. `right`: whether the words are the same."""

    sentence: str
    expected: str
    transcript: str = ""
    intent: str = ""
    right: bool = False
    error: str = ""


@dataclass(frozen=True)
class Observations:
    """What the health check saw.

    Attributes:
        version, cpu: what runs, and on what.
        rolled_back: whether the version was rolled back meanwhile.
        idle_units: units that must run and do not.
        failed_units: units that failed or start again and again.
        api_error: why the API does not answer, or "".
        spoken_to: whether anything was to be said to the assistant.
        heard: one entry for each test sentence.
        compute_ms: best time to an answer; None where none was measured.
        cards: sound devices.
        household: timers and hubs.
        machine_error: why the units could not be asked for, or "".
    """

    version: str
    cpu: str
    household: Household
    rolled_back: bool = False
    idle_units: tuple[str, ...] = ()
    failed_units: tuple[str, ...] = ()
    api_error: str = ""
    spoken_to: bool = True
    heard: tuple[HeardSentence, ...] = ()
    compute_ms: float | None = None
    cards: tuple[str, ...] = ()
    machine_error: str = ""


@dataclass(frozen=True)
class Verdict:
    """`reasons` says what is wrong, in words for the owner; empty when the boot is good."""

    reasons: tuple[str, ...] = field(default_factory=tuple)

    @property
    def passed(self) -> bool:
        """Whether the boot is good."""
        return not self.reasons


def judge(
    seen: Observations, good: GoodBoot | None, before: Household | None, factor: float = FACTOR
) -> Verdict:
    """The verdict on a boot.

    Args:
        seen: this boot.
        good: the last good boot, None on a new box.
        before: the household when the box was last shut down, None after a power cut.
        factor: how much slower an answer may be.
    """
    reasons = []
    if seen.rolled_back:
        reasons.append(f"version {seen.version} was rolled back")
    if seen.machine_error:
        reasons.append(f"the services cannot be looked at: {seen.machine_error}")
    reasons += [f"{unit} failed" for unit in seen.failed_units]
    reasons += [f"{unit} does not run" for unit in seen.idle_units if unit not in seen.failed_units]
    if seen.api_error:
        reasons.append(f"the assistant does not answer: {seen.api_error}")
    elif seen.spoken_to:
        reasons += _voice(seen, good.intents if good else {})
        reasons += _speed(seen, good.compute_ms.get(seen.cpu) if good else None, factor)
    if good:
        reasons += [f"the sound device {card} is gone" for card in good.cards if card not in seen.cards]
    if before is not None:
        reasons += lost(before, seen.household)
    return Verdict(tuple(reasons))


def as_good_boot(seen: Observations, good: GoodBoot | None, now: float) -> GoodBoot:
    """What to hold later boots against after this one has passed.

    Within a version the best figure stays, so that one slow day does not allow slower versions.
    """
    figures = dict(good.compute_ms) if good else {}
    if seen.compute_ms is not None:
        known = figures.get(seen.cpu)
        same = good is not None and good.version == seen.version and known is not None
        figures[seen.cpu] = min(known, seen.compute_ms) if same and known is not None else seen.compute_ms
    if good is not None and not seen.spoken_to:
        intents = good.intents
    else:
        intents = {heard.sentence: heard.intent for heard in seen.heard}
    return GoodBoot(seen.version, figures, seen.cards, intents, now)


def _voice(seen: Observations, accustomed: Mapping[str, str]) -> list[str]:
    if not seen.heard:
        return ["nothing was said to the assistant"]
    reasons = []
    for heard in seen.heard:
        if heard.error:
            reasons.append(f'"{heard.sentence}" was not answered: {heard.error}')
        elif not heard.right:
            reasons.append(f'"{heard.sentence}" was heard as "{heard.transcript}"')
        # An owner's own sentences may take these words for something else, in every version.
        elif heard.intent not in (heard.expected, accustomed.get(heard.sentence, heard.expected)):
            reasons.append(f'"{heard.sentence}" was understood as {heard.intent or "nothing"}')
    return reasons


def _speed(seen: Observations, before_ms: float | None, factor: float) -> list[str]:
    if seen.compute_ms is None:
        return [] if any(heard.error or not heard.right for heard in seen.heard) else ["no answer was timed"]
    if before_ms is not None and seen.compute_ms > factor * before_ms:
        return [
            f"an answer takes {seen.compute_ms:.0f} ms, more than {factor:g} times"
            f" the {before_ms:.0f} ms of before"
        ]
    return []
