"""Errors of the power library, beside those of `common.errors`."""

from __future__ import annotations

from common.errors import InvalidInput, StorageError


class UndoLogError(StorageError):
    """The undo log is damaged or cannot be written; nothing may be changed then."""

    default_code = "power.journal"


class SysfsError(StorageError):
    """A file of the kernel could not be read or written.

    Args:
        path: below the root, such as ``sys/devices/system/cpu/online``.
        errno: of the failed call; 0 if the content made no sense.
        doing: "read" or "write", with the value.
        reason: what the system said.
    """

    default_code = "power.sysfs"

    def __init__(self, path: str, errno: int, doing: str, reason: str) -> None:
        super().__init__(
            f"/{path}: {doing} failed: {reason}", hint="see docs/power.md for what the kernel must offer"
        )
        self.path = path
        self.errno = errno


class ProfileError(InvalidInput):
    """A profile does not exist, or its file has a mistake; the message names file and key."""

    default_code = "power.profile"


class SimulationError(InvalidInput):
    """A trace or a machine of the simulator cannot be used; the message names file and key."""

    default_code = "power.simulation"
