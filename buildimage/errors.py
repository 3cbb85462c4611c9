"""Errors of the build: what was wrong, where, and what to do.

The image is built by the system's own Python, so this package shares no code with the device's; the kinds
and exit statuses are those of the `sotto` command.
"""

from __future__ import annotations


class BuildError(Exception):
    """Base of all errors that are shown to whoever builds.

    Args:
        message: what is wrong and where; may be several lines when it is a list.
        hint: what to do about it, in one sentence.
        code: a stable, machine-readable name such as ``lock.line``.
    """

    exit_status = 70
    default_code = "internal"

    def __init__(self, message: str, *, hint: str = "", code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.code = code or self.default_code

    def __str__(self) -> str:
        return f"{self.message} [{self.code}]" + (f" Hint: {self.hint}" if self.hint else "")


class InvalidInput(BuildError):
    """A setting, a list or a lock cannot be used; the message names file and line."""

    exit_status = 2
    default_code = "invalid"


class NotFound(BuildError):
    """A named thing is nowhere to be had: a locked version, a package, a keyring."""

    exit_status = 3
    default_code = "not-found"


class TooLarge(BuildError):
    """The input is above a limit; the message names the limit."""

    exit_status = 4
    default_code = "too-large"


class Unavailable(BuildError):
    """A mirror or a tool is not there now."""

    exit_status = 5
    default_code = "unavailable"


class Damaged(BuildError):
    """Bytes are not what their name or lock says."""

    exit_status = 7
    default_code = "damaged"


class StorageError(BuildError):
    """Something could not be written or read (full disk, rights)."""

    exit_status = 8
    default_code = "storage"
