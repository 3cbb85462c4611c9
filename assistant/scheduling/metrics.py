"""What is counted of jobs and devices."""

from __future__ import annotations

from assistant.scheduling.dispatch import Outcome, Ticket
from common.metrics import Counter, Gauge, Histogram

JOBS = Counter(
    "sotto_jobs_total", "Jobs of the models, and what became of them", ("kind", "priority", "outcome")
)
WAITS = Histogram("sotto_job_wait_seconds", "From the coming of a job to its beginning", ("priority",))
BUSY = Counter("sotto_device_busy_seconds_total", "Time for which slots of a device were held", ("device",))
LOAD = Gauge("sotto_device_load", "Busy share of a device within the last seconds", ("device",))
WAITING = Gauge("sotto_jobs_waiting", "Jobs that wait for a device")


def count_begin(ticket: Ticket) -> None:
    """A job has begun, or will not run."""
    job = ticket.job
    if ticket.option is not None:
        WAITS.observe(ticket.began_at - ticket.came_at, job.priority.label)
    elif ticket.outcome is not None:
        JOBS.inc(job.kind.value, job.priority.label, ticket.outcome.value)


def count_end(ticket: Ticket, outcome: Outcome, now: float) -> None:
    """A job that had begun has ended."""
    job = ticket.job
    JOBS.inc(job.kind.value, job.priority.label, outcome.value)
    if ticket.option is not None:
        BUSY.inc(ticket.option.device.id, by=now - ticket.began_at)
