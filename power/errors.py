"""Typed errors of the power library: what was wrong, where, and what to do.

The library knows neither `assistant` nor `services`; the daemon and the command line map these errors to
their own.
"""

from __future__ import annotations


class PowerError(Exception):
    """Base of all errors of this library.

    Args:
        message: what is wrong and where, in one sentence.
        hint: what to do about it, in one sentence.
        code: a stable, machine-readable name such as ``power.profile``.
    """

    default_code = "power"

    def __init__(self, message: str, *, hint: str = "", code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.code = code or self.default_code

    def __str__(self) -> str:
        return f"{self.message} [{self.code}]" + (f" Hint: {self.hint}" if self.hint else "")


class SysfsError(PowerError):
    """A file of the kernel could not be read or written.

    Args:
        path: below the root, such as ``sys/devices/system/cpu/online``.
        errno: of the failed call; 0 if the content made no sense.
        doing: "read" or "write", with the value.
    """

    default_code = "power.sysfs"

    def __init__(self, path: str, errno: int, doing: str, reason: str) -> None:
        super().__init__(
            f"/{path}: {doing} failed: {reason}", hint="see docs/power.md for what the kernel must offer"
        )
        self.path = path
        self.errno = errno


class ProfileError(PowerError):
    """A profile does not exist, or its file has a mistake; the message names file and key."""

    default_code = "power.profile"


class SimulationError(PowerError):
    """A trace or a machine of the simulator cannot be used; the message names file and key."""

    default_code = "power.simulation"
