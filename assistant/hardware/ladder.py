"""The evidence ladder: how far an accelerator can be used, and why no further. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from assistant.hardware.table import Entry


class Rung(IntEnum):
    """What is known of an accelerator; each rung stands on the one before."""

    SEEN = 1
    DRIVER = 2
    NODE = 3
    OPENABLE = 4
    RUNTIME = 5
    INFERENCE = 6

    @property
    def label(self) -> str:
        """As it is written in reports."""
        return self.name.lower()


class Stop(StrEnum):
    """Why the next rung was not reached."""

    NO_DRIVER = "no-driver"
    OTHER_DRIVER = "other-driver"
    UNBOUND = "driver-unbound"
    NO_NODE = "no-node"
    DENIED = "denied"
    BUSY = "busy"
    HANGS = "hangs"
    NOT_OPENED = "not-opened"
    NO_RUNTIME = "no-runtime"
    NOT_TRIED = "not-tried"
    FAILED = "failed"
    WRONG = "wrong"
    NOTHING = "nothing"


#: The reasons for which a rung may be the last one.
STOPS: dict[Rung, frozenset[Stop]] = {
    Rung.SEEN: frozenset({Stop.NO_DRIVER, Stop.OTHER_DRIVER, Stop.UNBOUND}),
    Rung.DRIVER: frozenset({Stop.NO_NODE}),
    Rung.NODE: frozenset({Stop.DENIED, Stop.BUSY, Stop.HANGS, Stop.NOT_OPENED}),
    Rung.OPENABLE: frozenset({Stop.NO_RUNTIME}),
    Rung.RUNTIME: frozenset({Stop.NOT_TRIED, Stop.FAILED, Stop.WRONG}),
    Rung.INFERENCE: frozenset({Stop.NOTHING}),
}


class Outcome(StrEnum):
    """What became of opening a node, or of an inference."""

    OPENED = "opened"
    DENIED = "denied"
    BUSY = "busy"
    HANGS = "hangs"
    RIGHT = "right"
    WRONG = "wrong"
    FAILED = "failed"


@dataclass(frozen=True)
class Opening:
    """One node, and what became of opening it; `detail` in words."""

    node: str
    outcome: Outcome
    detail: str = ""


@dataclass(frozen=True)
class Trial:
    """One inference on the accelerator, and whether its result was right; `detail` in words."""

    outcome: Outcome
    detail: str = ""


@dataclass(frozen=True)
class Evidence:
    """All that was found out about one accelerator.

    Attributes:
        driver: the driver that is bound, or "".
        made_by_driver: what was seen is a device that only its driver makes, so a driver is there, although
            the kernel does not say which one.
        loaded: drivers that it needs and that the kernel has, bound or not.
        openings: its nodes, in the order in which they were tried.
        runtimes: names of those that are installed.
        engines: ids of our engines among them.
        trial: None where none was made.
    """

    driver: str = ""
    made_by_driver: bool = False
    loaded: tuple[str, ...] = ()
    openings: tuple[Opening, ...] = ()
    runtimes: tuple[str, ...] = ()
    engines: tuple[str, ...] = ()
    trial: Trial | None = None


@dataclass(frozen=True)
class Standing:
    """The highest rung reached, and why no further: as a code, and in words."""

    rung: Rung
    stop: Stop
    reason: str


def climb(entry: Entry, evidence: Evidence) -> Standing:
    """How far the accelerator can be used.

    A rung that the accelerator does not need (no driver, no node) counts as reached. One node that opens is
    enough.
    """
    is_driven = evidence.driver in entry.drivers or (evidence.made_by_driver and not evidence.driver)
    if entry.drivers and not is_driven:
        return _without_driver(entry, evidence)
    if entry.needs_node and not evidence.openings:
        return Standing(Rung.DRIVER, Stop.NO_NODE, "there is no device node: the driver made none")
    if entry.needs_node and not any(each.outcome is Outcome.OPENED for each in evidence.openings):
        return _closed(evidence.openings[0])
    if not evidence.runtimes:
        wanted = " or ".join(entry.runtime_names)
        return Standing(Rung.OPENABLE, Stop.NO_RUNTIME, f"not installed: {wanted}")
    return _tried(entry, evidence)


def _without_driver(entry: Entry, evidence: Evidence) -> Standing:
    needed = " or ".join(entry.drivers)
    if evidence.driver:
        reason = f"the driver {evidence.driver} is bound; {needed} is needed"
        return Standing(Rung.SEEN, Stop.OTHER_DRIVER, reason)
    if evidence.loaded:
        reason = f"the driver {evidence.loaded[0]} is loaded, but has not taken this device"
        return Standing(Rung.SEEN, Stop.UNBOUND, reason)
    return Standing(Rung.SEEN, Stop.NO_DRIVER, f"no driver is bound; {needed} is needed")


def _closed(opening: Opening) -> Standing:
    stops = {Outcome.DENIED: Stop.DENIED, Outcome.BUSY: Stop.BUSY, Outcome.HANGS: Stop.HANGS}
    stop = stops.get(opening.outcome, Stop.NOT_OPENED)
    return Standing(Rung.NODE, stop, f"{opening.node} cannot be opened: {opening.detail}")


def _tried(entry: Entry, evidence: Evidence) -> Standing:
    trial = evidence.trial
    if trial is None:
        why = "it was not asked for"
        if not entry.engines:
            why = "no engine of Sotto serves it"
        elif not evidence.engines:
            why = f"not installed: {' or '.join(engine.name for engine in entry.served_by)}"
        return Standing(Rung.RUNTIME, Stop.NOT_TRIED, f"no inference was tried: {why}")
    if trial.outcome is Outcome.RIGHT:
        return Standing(Rung.INFERENCE, Stop.NOTHING, "one inference was done, and its result is right")
    if trial.outcome is Outcome.WRONG:
        return Standing(Rung.RUNTIME, Stop.WRONG, f"the result of an inference is wrong: {trial.detail}")
    return Standing(Rung.RUNTIME, Stop.FAILED, f"an inference failed: {trial.detail}")
