"""The bound on how long a sleeping core may take to wake up, held through ``/dev/cpu_dma_latency``.

The kernel drops the bound when the file is closed, however the process ends.
"""

from __future__ import annotations

import os
import struct
from pathlib import Path

from power.discover import LATENCY_DEVICE
from power.errors import SysfsError

#: The kernel's own value for "no bound" (PM_QOS_CPU_LATENCY_DEFAULT_VALUE in include/linux/pm_qos.h).
_NO_BOUND = 2_000_000_000


class LatencyBound:
    """The bound below `root`; nothing is opened before it is first wanted."""

    def __init__(self, root: Path) -> None:
        self._path = root / LATENCY_DEVICE
        self._handle = -1
        self.held_us: int | None = None

    def set(self, bound_us: int | None) -> None:
        """Hold `bound_us` microseconds, or none.

        Raises:
            SysfsError: the device cannot be opened or refuses.
        """
        if bound_us == self.held_us:
            return
        try:
            if self._handle < 0:
                self._handle = os.open(self._path, os.O_WRONLY | os.O_CLOEXEC)
            # The device takes a signed 32-bit number in the machine's order, whatever the position.
            os.write(self._handle, struct.pack("=i", _NO_BOUND if bound_us is None else bound_us))
        except OSError as error:
            raise SysfsError(
                LATENCY_DEVICE, error.errno or 0, "write", error.strerror or str(error)
            ) from error
        self.held_us = bound_us

    def close(self) -> None:
        """Release the bound."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle, self.held_us = -1, None
