"""What every process of the box says of itself, under the names that Prometheus' own clients use."""

from __future__ import annotations

import os
import time
from pathlib import Path

from common.metrics import Counter, Gauge

_STARTED = time.monotonic()


def resident_bytes() -> int:
    """Resident memory of this process, see proc(5), statm."""
    pages = Path("/proc/self/statm").read_text("ascii").split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def _start_time() -> float:
    """Seconds since the epoch; computed anew each time, because a box sets its clock while it runs."""
    return float(round(time.time() - (time.monotonic() - _STARTED)))


def _open_files() -> float:
    return float(sum(1 for _ in Path("/proc/self/fd").iterdir()))


MEMORY = Gauge("process_resident_memory_bytes", "Resident memory", read=resident_bytes)
CPU = Counter("process_cpu_seconds_total", "Processor time, user and system", read=time.process_time)
STARTED = Gauge("process_start_time_seconds", "Start of the process since the epoch", read=_start_time)
FILES = Gauge("process_open_fds", "Open file descriptors", read=_open_files)
