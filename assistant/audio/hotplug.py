"""Reports when a device is plugged in or removed; a sound device, if nothing else is asked for."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

OnChange = Callable[[str, str], None]

_LOGGER = logging.getLogger(__name__)
_POLL_S = 1.0
_UDEV_RUNS = Path("/run/udev/control")


class Hotplug:
    """Watches device events in a thread of its own.

    If udev runs, its events are used, because they come when the device node is ready; otherwise the kernel's
    own. If neither is available, nothing is reported, and `reason` says why.

    Args:
        on_change: called in the watching thread with the action ("add", "remove", "change") and the device's
            name. An exception that it raises is logged.
        subsystems: the kernel's subsystems whose events are wanted.
    """

    def __init__(self, on_change: OnChange, subsystems: Sequence[str] = ("sound",)) -> None:
        self.reason = ""
        self._on_change = on_change
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        try:
            monitor = _monitor(subsystems)
        except (ImportError, OSError, ValueError) as error:
            self.reason = f"device changes are not noticed: {error}"
            return
        self._thread = threading.Thread(target=self._watch, args=(monitor,), name="hotplug", daemon=True)
        self._thread.start()

    @property
    def watching(self) -> bool:
        """Whether events are being watched."""
        return self._thread is not None and self._thread.is_alive()

    def stop(self) -> None:
        """Stop watching; safe more than once."""
        self._stopped.set()
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(2 * _POLL_S)

    def _watch(self, monitor: Any) -> None:
        while not self._stopped.is_set():
            try:
                device = monitor.poll(_POLL_S)
            except OSError as error:
                self.reason = f"device changes are not noticed any more: {error}"
                return
            if device is None:
                continue
            try:
                self._on_change(str(device.action), str(device.sys_name))
            except Exception:
                # A fault of the callback must not end the watching.
                _LOGGER.exception("the callback failed on %s of %s", device.action, device.sys_name)


def _monitor(subsystems: Sequence[str]) -> Any:
    import pyudev

    source = "udev" if _UDEV_RUNS.exists() else "kernel"
    monitor = pyudev.Monitor.from_netlink(pyudev.Context(), source=source)
    for subsystem in subsystems:
        monitor.filter_by(subsystem)
    monitor.start()
    return monitor
