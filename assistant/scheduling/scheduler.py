"""`DeviceScheduler`: gives jobs their turn on the devices of the machine. For any number of threads."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace

from assistant.scheduling import metrics
from assistant.scheduling.devices import Device, Placement
from assistant.scheduling.dispatch import Dispatcher, Outcome, Ticket
from assistant.scheduling.figures import Figures, Installed
from assistant.scheduling.jobs import Job
from assistant.scheduling.options import Options, Places
from assistant.scheduling.phases import PhaseTeller
from assistant.scheduling.queue import QueueLimits

#: Seconds after which waiting jobs are looked at again although no job has ended: loads fall by themselves.
_LOOK_S = 0.05


@dataclass(frozen=True)
class Assignment:
    """Where a job runs.

    Attributes:
        device: see `Device`.
        engines: model of the job -> engine that runs it there.
    """

    device: Device
    engines: Mapping[str, str]

    def placement(self, model: str) -> Placement:
        """Where a model of the job runs."""
        return Placement(self.device.id, self.engines[model])


@dataclass(frozen=True)
class DeviceState:
    """A device as it is now.

    Attributes:
        device: see `Device`.
        load: its busy share, 0 to 1.
        running: jobs that run on it.
        excluded: engine -> why it is not used there.
    """

    device: Device
    load: float
    running: int
    excluded: Mapping[str, str]


class DeviceScheduler:
    """Gives jobs their turn.

    Args:
        devices: those that are there, with the engines that each has.
        installed: what figures must be of so that they count.
        figures: of this machine.
        limits: of the queue.
        tell: called with (phase, device) when the phase of a device changes: "idle", "speech", "thinking" or
            "speaking", as the power manager names them. It must be fast; what it raises is logged.
        clock: the clock of deadlines, in seconds.
    """

    def __init__(
        self,
        devices: Mapping[Device, tuple[str, ...]],
        installed: Installed,
        figures: Figures | None = None,
        limits: QueueLimits | None = None,
        tell: Callable[[str, Device], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._wakes: dict[Ticket, threading.Condition] = {}
        self._why: dict[Placement, str] = {}
        self._places = Places(dict(devices), figures or Figures(), installed, {}, ())
        self._options = Options(self._places)
        self._dispatcher = Dispatcher(limits or QueueLimits(), self._options, devices, clock())
        self._first: Ticket | None = None
        self._teller = PhaseTeller(tell, self._running)

    @contextmanager
    def turn(self, job: Job) -> Iterator[Assignment]:
        """Wait until the job may run, and hold a slot of a device until the block ends.

        Raises:
            Overloaded: `serving.overloaded`: too much waits already, or no device was free in time.
            Unavailable: `serving.no-device`: no device can run it.
        """
        ticket = self._admitted(job)
        outcome = Outcome.FAILED
        try:
            self._teller.tell()
            assert ticket.option is not None
            yield Assignment(ticket.option.device, ticket.option.engines)
            outcome = Outcome.DONE
        finally:
            with self._lock:
                now = self._clock()
                metrics.count_end(ticket, outcome, now)
                self._wake(self._dispatcher.end(ticket, outcome, now))
            self._teller.tell()

    def failed(self, placement: Placement, reason: str) -> None:
        """A placement has failed: it gets no more jobs until `good` is called.

        The processor with ONNX Runtime is the last resort, and goes on.
        """
        with self._lock:
            self._why[placement] = reason
            self._change(excluded=tuple(self._why))

    def good(self, placement: Placement) -> None:
        """A placement has proven itself again."""
        with self._lock:
            if self._why.pop(placement, None) is not None:
                self._change(excluded=tuple(self._why))

    def set_devices(self, devices: Mapping[Device, tuple[str, ...]]) -> None:
        """Devices have come or gone. What waited for one that is gone moves to others."""
        with self._lock:
            for gone in self._places.devices.keys() - devices.keys():
                metrics.LOAD.set(0.0, gone.id)
            self._change(devices=dict(devices))
        self._teller.tell()

    def set_figures(self, figures: Figures, installed: Installed) -> None:
        """Other figures count, or other models or runtimes are installed."""
        with self._lock:
            self._change(figures=figures, installed=installed)

    def fix(self, engines: Mapping[str, str]) -> None:
        """The engines that the owner wants, by model; for all other models the figures decide."""
        with self._lock:
            self._change(fixed=dict(engines))

    def set_profile(self, name: str) -> None:
        """The power profile that is in force."""
        with self._lock:
            self._dispatcher.saving = name == "power-saver"
            self._wake(self._dispatcher.run_waiting(self._clock()))

    def states(self) -> list[DeviceState]:
        """All devices as they are now. The load in the metrics is as new as the last call."""
        with self._lock:
            looks = self._dispatcher.outlooks(self._clock())
            why = dict(self._why)
        states = []
        for device, look in looks.items():
            metrics.LOAD.set(look.load, device.id)
            excluded = {p.engine: reason for p, reason in why.items() if p.device == device.id}
            states.append(DeviceState(device, look.load, look.running, excluded))
        return states

    @property
    def waiting(self) -> int:
        """Jobs that wait."""
        return self._dispatcher.waiting

    def _admitted(self, job: Job) -> Ticket:
        """The ticket of a job once it has begun."""
        with self._lock:
            ticket, settled = self._dispatcher.submit(job, self._clock())
            self._wake(settled)
            try:
                self._wait(ticket)
            except BaseException:  # an interruption from the keyboard, for example
                self._leave(ticket)
                raise
            metrics.count_begin(ticket)
        if ticket.error is not None:
            raise ticket.error
        return ticket

    def _wait(self, ticket: Ticket) -> None:
        """Wait until the ticket is settled. The first of the queue looks again from time to time."""
        if ticket.settled:
            return
        self._wakes[ticket] = threading.Condition(self._lock)
        try:
            while not ticket.settled:
                now = self._clock()
                if now >= ticket.give_up_at:
                    self._wake(self._dispatcher.give_up(ticket, now))
                    continue
                is_first = self._dispatcher.first() is ticket
                left_s = ticket.give_up_at - now
                self._wakes[ticket].wait(min(left_s, _LOOK_S) if is_first else left_s)
                if is_first and not ticket.settled:
                    self._wake(self._dispatcher.run_waiting(self._clock()))
        finally:
            del self._wakes[ticket]

    def _leave(self, ticket: Ticket) -> None:
        """The caller of a ticket has left while it waited; it may have begun meanwhile."""
        now = self._clock()
        if ticket.option is None:
            self._wake(self._dispatcher.give_up(ticket, now))
            metrics.count_begin(ticket)
        else:
            self._wake(self._dispatcher.end(ticket, Outcome.FAILED, now))
            metrics.count_end(ticket, Outcome.FAILED, now)

    def _wake(self, settled: list[Ticket]) -> None:
        """Wake the threads of tickets that are settled, and that of the first, which looks at the clock."""
        metrics.WAITING.set(self._dispatcher.waiting)
        first = self._dispatcher.first()
        if first is not None and first is not self._first:
            settled = [*settled, first]
        self._first = first
        for ticket in settled:
            wake = self._wakes.get(ticket)
            if wake is not None:
                wake.notify()

    def _change(self, **changes: object) -> None:
        """Put something else in the place of what the options follow from."""
        self._places = replace(self._places, **changes)  # type: ignore[arg-type]
        self._options = Options(self._places, before=self._options)
        self._wake(self._dispatcher.set_options(self._options, self._places.devices, self._clock()))

    def _running(self) -> dict[Device, tuple[Job, ...]]:
        with self._lock:
            return {device: self._dispatcher.running(device.id) for device in self._places.devices}
