"""The phase of each device, for the power manager: it can raise the clock of that which has work."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Mapping

from assistant.scheduling.devices import Device
from assistant.scheduling.jobs import Job, JobKind, Priority

log = logging.getLogger(__name__)

IDLE = "idle"
#: As powerd names its phases; the later one needs more.
_RISING = (IDLE, "speech", "speaking", "thinking")
_PHASES = {JobKind.ASR: "thinking", JobKind.LLM: "thinking", JobKind.VAD: "speech", JobKind.TTS: "speaking"}


def phase_of(jobs: Iterable[Job]) -> str:
    """The phase of a device on which these jobs run. Nobody waits for what is rendered ahead."""
    phases = [_PHASES[job.kind] for job in jobs if job.priority is not Priority.AHEAD]
    return max(phases, key=_RISING.index, default=IDLE)


class PhaseTeller:
    """Tells the phases of devices when they change, in order.

    Args:
        tell: called with (phase, device), by one thread at a time; None if nobody wants to know.
        running: gives the jobs that run now, by device.
    """

    def __init__(
        self,
        tell: Callable[[str, Device], None] | None,
        running: Callable[[], Mapping[Device, Iterable[Job]]],
    ) -> None:
        self._tell = tell
        self._running = running
        self._lock = threading.Lock()
        self._told: dict[Device, str] = {}

    def tell(self) -> None:
        """Tell what has changed. What came and went before it was told is left out."""
        if self._tell is None:
            return
        with self._lock:
            phases = {device: phase_of(jobs) for device, jobs in self._running().items()}
            for device in {**self._told, **phases}:
                phase = phases.get(device, IDLE)
                if self._told.get(device, IDLE) != phase:
                    try:
                        self._tell(phase, device)
                    except Exception:
                        log.exception("the phase %s of %s could not be told", phase, device.id)
            self._told = phases
