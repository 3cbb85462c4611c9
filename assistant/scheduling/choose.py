"""Which device a job goes to, at one moment. Pure; a decision takes microseconds.

1. A language model goes to an NPU whose load is under 0.7 and which has a free slot.
2. Else the devices count that are under their ceiling. If none of those has a free slot, those count too that
   run nothing, so that nobody is held back on an idle machine; and for the room all that have a free slot:
   what lies above the ceilings is kept for it.
3. Of these, the job goes where it ends first: the time until a slot is free, and its own time there. If that
   device has no free slot yet, the job waits for it.
4. With the profile `power-saver`, it goes instead where it costs least energy, of those where nearly all
   (p95) end before the deadline.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from assistant.scheduling.devices import DeviceKind
from assistant.scheduling.jobs import Job, JobKind, Priority
from assistant.scheduling.options import Option

#: Load of an NPU under which it is given language models.
NPU_FOR_LLM = 0.7


@dataclass(frozen=True)
class Outlook:
    """A device at one moment.

    Attributes:
        load: its busy share, 0 to 1.
        running: jobs that run on it.
        free_in_s: seconds until it has a free slot, as far as can be told; 0 if it has one.
    """

    load: float
    running: int
    free_in_s: float


class Choice(NamedTuple):
    """Where a job goes, and whether it can begin there now; else it waits for that device."""

    option: Option
    begins: bool


def choose(
    job: Job, options: Sequence[Option], outlooks: Mapping[str, Outlook], now: float, saving: bool = False
) -> Choice | None:
    """The device for a job.

    Args:
        job: see `Job`.
        options: where it may run.
        outlooks: device id -> `Outlook`, of all devices of `options`.
        now: by the clock of the job's deadline.
        saving: whether the profile is `power-saver`.

    Returns:
        None if all devices are above their ceiling, or if there is none.
    """
    if job.kind is JobKind.LLM:
        for option in options:
            look = outlooks[option.device.id]
            if option.device.kind is DeviceKind.NPU and look.load < NPU_FOR_LLM and not look.free_in_s:
                return Choice(option, True)
    allowed = _allowed(job, options, outlooks)
    if not allowed:
        return None
    best = _cheapest(allowed, outlooks, job.deadline - now) if saving else None
    if best is None:
        best = allowed[0] if len(allowed) == 1 else min(allowed, key=lambda each: _ends(each, outlooks))
    return Choice(best, not outlooks[best.device.id].free_in_s)


def _allowed(job: Job, options: Sequence[Option], outlooks: Mapping[str, Outlook]) -> list[Option]:
    under, above = [], []
    has_slot = False
    for option in options:
        look = outlooks[option.device.id]
        if look.load < option.device.ceiling:
            under.append(option)
            has_slot = has_slot or not look.free_in_s
        elif not look.running or (job.priority is Priority.ROOM and not look.free_in_s):
            above.append(option)
    return under if has_slot else under + above


def _ends(option: Option, outlooks: Mapping[str, Outlook]) -> tuple[float, float]:
    """In how many seconds the job would end there; of those that cannot be told, the sooner begun."""
    free_in_s = outlooks[option.device.id].free_in_s
    return free_in_s + (option.cost.p50_s if option.cost is not None else math.inf), free_in_s


def _cheapest(options: Sequence[Option], outlooks: Mapping[str, Outlook], left_s: float) -> Option | None:
    best, least = None, math.inf
    for option in options:
        cost = option.cost
        if cost is None or cost.energy_mj is None or cost.energy_mj >= least:
            continue
        if outlooks[option.device.id].free_in_s + cost.p95_s <= left_s:
            best, least = option, cost.energy_mj
    return best
