"""Dispatching: jobs come, wait, begin and end. No threads and no clock: time is passed in.

`DeviceScheduler` holds a lock around it. A ticket is settled when its job has begun, or when it will not run;
each method returns the tickets that it settled.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum

from assistant.scheduling.choose import Outlook, choose
from assistant.scheduling.devices import Device
from assistant.scheduling.jobs import Job
from assistant.scheduling.load import BusyShare
from assistant.scheduling.options import Option, Options
from assistant.scheduling.overload import Overloaded, no_device
from assistant.scheduling.queue import Entry, JobQueue, QueueLimits
from common.errors import SottoError

#: Assumed of a job of which nothing was measured, in seconds: a recognition on a small computer.
_UNKNOWN_S = 0.3
#: A device without a free slot is never free at once.
_SOON_S = 1e-6


class Outcome(StrEnum):
    """What became of a job; the value is the name in metrics."""

    DONE = "done"
    FAILED = "failed"
    REFUSED = "refused"
    DISPLACED = "displaced"
    EXPIRED = "expired"
    NO_DEVICE = "no-device"


@dataclass(eq=False)
class Ticket(Entry):
    """A job on its way.

    Attributes:
        give_up_at: when it is refused if it has not begun.
        option: where it runs, once it has begun.
        began_at: when it has begun.
        outcome: what became of it; None while it waits or runs.
        error: why it will not run.
    """

    give_up_at: float = math.inf
    option: Option | None = None
    began_at: float = 0.0
    outcome: Outcome | None = None
    error: SottoError | None = None
    place: _Place | None = field(default=None, repr=False)

    @property
    def settled(self) -> bool:
        """Whether it has begun, or will not run."""
        return self.option is not None or self.error is not None

    def expected_s(self) -> float:
        """Seconds that it takes where it runs."""
        return _UNKNOWN_S if self.option is None or self.option.cost is None else self.option.cost.p50_s

    def left_s(self, now: float) -> float:
        """Seconds that it still runs. One that has overrun is expected to go on as long as it has overrun."""
        return max(_SOON_S, abs(self.expected_s() - (now - self.began_at)))


class _Place:
    """A device, what runs on it, and its load."""

    def __init__(self, device: Device, now: float) -> None:
        self.device = device
        self.share = BusyShare(device.slots, now)
        self.tickets: set[Ticket] = set()

    def outlook(self, now: float) -> Outlook:
        """As it is now."""
        has_slot = len(self.tickets) < self.device.slots
        free_in_s = 0.0 if has_slot else min(ticket.left_s(now) for ticket in self.tickets)
        return Outlook(self.share.share(now), len(self.tickets), free_in_s)


class Dispatcher:
    """All jobs of a machine and its devices.

    Args:
        limits: of the queue.
        options: where jobs may run; of the same devices as `devices`.
        devices: those that are there.
        now: when it begins.

    Attributes:
        saving: whether the profile is `power-saver`.
    """

    def __init__(self, limits: QueueLimits, options: Options, devices: Iterable[Device], now: float) -> None:
        self.saving = False
        self._limits = limits
        self._options = options
        self._queue: JobQueue[Ticket] = JobQueue(limits)
        self._places = {device.id: _Place(device, now) for device in devices}
        self._number = 0

    @property
    def waiting(self) -> int:
        """Jobs that wait."""
        return len(self._queue)

    def first(self) -> Ticket | None:
        """The ticket that is first in the queue."""
        return self._queue.first()

    def outlooks(self, now: float) -> dict[Device, Outlook]:
        """All devices as they are now."""
        return {place.device: place.outlook(now) for place in self._places.values()}

    def running(self, device: str) -> tuple[Job, ...]:
        """The jobs that run on a device."""
        place = self._places.get(device)
        return () if place is None else tuple(ticket.job for ticket in place.tickets)

    def set_options(self, options: Options, devices: Iterable[Device], now: float) -> list[Ticket]:
        """Replace options and devices. What runs on a device that is gone ends by itself.

        What waited for a device that is gone goes elsewhere, or is settled with an error if none is left.
        """
        before = self._places
        self._places = {}
        for device in devices:
            place = before.get(device.id)
            self._places[device.id] = place if place and place.device == device else _Place(device, now)
        self._options = options
        homeless = [ticket for ticket in self._queue if not options.of(ticket.job)]
        for ticket in homeless:
            self._queue.remove(ticket)
            ticket.outcome, ticket.error = Outcome.NO_DEVICE, no_device(ticket.job.kind)
        return homeless + self.run_waiting(now)

    def submit(self, job: Job, now: float) -> tuple[Ticket, list[Ticket]]:
        """A job comes.

        Returns:
            Its ticket, and those that are settled.
        """
        self._number += 1
        give_up_at = min(job.deadline, now + self._limits.wait_s)
        ticket = Ticket(job, self._number, now, give_up_at=give_up_at)
        if not self._options.of(job):
            ticket.outcome, ticket.error = Outcome.NO_DEVICE, no_device(job.kind)
            return ticket, [ticket]
        if now >= job.deadline:
            self._expire(ticket, now)
            return ticket, [ticket]
        left_out = self._queue.add(ticket)
        if left_out is None:
            return ticket, self.run_waiting(now)
        left_out.outcome = Outcome.REFUSED if left_out is ticket else Outcome.DISPLACED
        left_out.error = Overloaded(f"{self._crowd(left_out)} wait already", self._work_s())
        return ticket, [left_out, *self.run_waiting(now)]

    def end(self, ticket: Ticket, outcome: Outcome, now: float) -> list[Ticket]:
        """A job that has begun has ended."""
        ticket.outcome = outcome
        place, ticket.place = ticket.place, None
        if place is not None:
            place.share.ended(now)
            place.tickets.discard(ticket)
        return self.run_waiting(now)

    def give_up(self, ticket: Ticket, now: float) -> list[Ticket]:
        """A job that waits is not waited for any longer: its time has passed, or its caller has left."""
        settled = self._given_up(ticket, now)
        return settled + self.run_waiting(now) if settled else []

    def run_waiting(self, now: float) -> list[Ticket]:
        """Begin what can begin, in the order of the queue. Call it again when time alone has passed."""
        if not self._queue:
            return []
        looks = {name: place.outlook(now) for name, place in self._places.items()}
        blocked: set[str] = set()
        settled = []
        for ticket in self._queue.in_order(now):
            if all(look.free_in_s for look in looks.values()):
                break
            speaker = ticket.job.speaker
            if speaker and speaker in blocked:
                continue
            if now >= ticket.give_up_at:
                settled += self._given_up(ticket, now)
            elif self._begins(ticket, looks, now):
                settled.append(ticket)
            else:
                blocked.add(speaker)
        return settled

    def _begins(self, ticket: Ticket, looks: dict[str, Outlook], now: float) -> bool:
        choice = choose(ticket.job, self._options.of(ticket.job), looks, now, self.saving)
        if choice is None:
            return False
        place = self._places[choice.option.device.id]
        look = looks[place.device.id]
        if not choice.begins:
            # The slot that becomes free next is taken: for those behind, the device is free later.
            later = _expected_s(choice.option) / place.device.slots
            looks[place.device.id] = replace(look, free_in_s=look.free_in_s + later)
            return False
        self._queue.begin(ticket, now)
        ticket.option, ticket.began_at, ticket.place = choice.option, now, place
        place.share.began(now)
        place.tickets.add(ticket)
        looks[place.device.id] = place.outlook(now)
        return True

    def _given_up(self, ticket: Ticket, now: float) -> list[Ticket]:
        if not self._queue.remove(ticket):
            return []
        self._expire(ticket, now)
        return [ticket]

    def _expire(self, ticket: Ticket, now: float) -> None:
        ticket.outcome = Outcome.EXPIRED
        waited = f"within {now - ticket.came_at:.1f} s" if now > ticket.came_at else "before its deadline"
        ticket.error = Overloaded(
            f"no device was free for this {ticket.job.kind} job {waited}", self._work_s()
        )

    def _crowd(self, ticket: Ticket) -> str:
        speaker = ticket.job.speaker
        same = sum(1 for entry in self._queue if entry.job.speaker == speaker)
        if speaker and same >= self._limits.per_speaker:
            return f"{same} jobs of this caller"
        return f"{self.waiting} jobs"

    def _work_s(self) -> float:
        """Seconds until all that waits now has begun, by what was measured."""
        work = 0.0
        for ticket in self._queue:
            work += min((_expected_s(option) for option in self._options.of(ticket.job)), default=0.0)
        capacity = sum(place.device.slots * place.device.ceiling for place in self._places.values())
        return work / capacity if capacity else 0.0


def _expected_s(option: Option) -> float:
    return option.cost.p50_s if option.cost is not None else _UNKNOWN_S
