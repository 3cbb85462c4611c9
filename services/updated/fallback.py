"""After a boot: which versions turned out bad, and what the box says about it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from services.updated.bootentries import BootEntry, on_trial
from services.updated.errors import UpdateRefused
from services.updated.state import Fallback, RolledBack, State
from services.updated.versions import compare

#: What is said of the reasons; the rest is in the status.
_SPOKEN_REASONS = 2


@dataclass(frozen=True)
class Settled:
    """The state after a look at the boot entries; `give_up` names versions to mark as failed on disk."""

    state: State
    give_up: tuple[str, ...]


def settle(state: State, entries: Sequence[BootEntry], running: str, now: float) -> Settled:
    """Put versions that failed their trial on the list, note the fall back to `running`, and what waits."""
    refused = state.refused
    verdict = state.trial
    condemned = verdict.version if verdict and verdict.on_trial and not verdict.passed else None
    failed = [
        entry
        for entry in entries
        if entry.version != running
        and entry.version not in refused
        and (entry.failed or entry.version == condemned)
    ]
    for entry in failed:
        reasons = verdict.reasons if verdict and condemned == entry.version else ()
        text = _spoken(entry.version, running, reasons)
        state = replace(
            state,
            rolled_back=(
                *state.rolled_back,
                RolledBack(entry.version, "; ".join(reasons) or "it did not start", now),
            ),
            fallback=Fallback(entry.version, running, text, now),
        )
    # Only the disk says what waits: a power cut may come between an installation and the note of it.
    waiting = [
        e.version for e in entries if e.version != running and e.left and e.version not in state.refused
    ]
    given_up = {entry.version for entry in failed}
    staged = next((version for version in waiting if version not in given_up), "")
    state = replace(state, staged=staged)
    return Settled(state, tuple(entry.version for entry in failed if not entry.failed))


@dataclass(frozen=True)
class GoingBack:
    """How to roll back: mark `give_up` as failed, or remove `withdraw` that was never started."""

    version: str
    text: str
    give_up: str = ""
    withdraw: str = ""


def plan_rollback(
    entries: Sequence[BootEntry], running: str, in_slot: str | None, staged: str, refused: frozenset[str]
) -> GoingBack:
    """What `sotto update rollback` has to do.

    Args:
        entries: kernel images.
        running: the running version.
        in_slot: the version that lies in the other slot, None for none.
        staged: the version that waits to be tried, or "".
        refused: versions that were rolled back.

    Raises:
        UpdateRefused: there is nothing to go back to.
    """
    others = [entry for entry in entries if entry.version == in_slot and entry.version != running]
    usable = [entry for entry in others if not entry.failed and entry.version not in refused]
    if not usable or in_slot is None:
        why = f"version {in_slot} did not pass" if others else "the other slot has no version"
        raise UpdateRefused(
            f"there is nothing to go back to: {why}",
            hint="the running version stays; `sotto update check` looks for a newer one",
            code="update.no-way-back",
        )
    if staged == in_slot and not any(entry.blessed for entry in usable) and compare(in_slot, running) > 0:
        return GoingBack(running, f"version {in_slot} was not started yet and is withdrawn", withdraw=in_slot)
    return GoingBack(
        in_slot, f"version {in_slot} starts after the next reboot instead of {running}", give_up=running
    )


def trial_of(entries: Sequence[BootEntry], running: str) -> str:
    """ "on trial", "blessed" or, where the boot loader has no image of it, "unknown"."""
    if not any(entry.version == running for entry in entries):
        return "unknown"
    return "on trial" if on_trial(entries, running) else "blessed"


def _spoken(failed: str, running: str, reasons: Sequence[str]) -> str:
    """What the box says aloud."""
    why = ", and ".join(reasons[:_SPOKEN_REASONS]) or "it did not start"
    return f"Version {failed} did not pass: {why}. I am back on version {running}."
