"""Typed errors: what was wrong, where, and what to do.

Every error that a user can meet is a `SottoError` with a stable `code` and a `hint`. The daemons map
`kind` to an exit status, a gRPC status or an HTTP status in exactly one place each.
"""

from __future__ import annotations

from enum import Enum


class ErrorKind(Enum):
    """Kinds of failure; the value is the exit status of the command line."""

    INVALID = 2
    NOT_FOUND = 3
    TOO_LARGE = 4
    UNAVAILABLE = 5
    CONFLICT = 6
    PRECONDITION = 7
    STORAGE = 8
    UNAUTHENTICATED = 9
    DENIED = 10
    INTERNAL = 70


class SottoError(Exception):
    """Base of all errors that are shown to people.

    Args:
        message: what is wrong and where, in one sentence.
        hint: what to do about it, in one sentence.
        code: a stable, machine-readable name such as ``audio.not-wav``.
    """

    kind = ErrorKind.INTERNAL
    default_code = "internal"

    def __init__(self, message: str, *, hint: str = "", code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.code = code or self.default_code

    def __str__(self) -> str:
        return f"{self.message} [{self.code}]" + (f" Hint: {self.hint}" if self.hint else "")


class InvalidInput(SottoError):
    """The caller gave something that cannot be used."""

    kind = ErrorKind.INVALID
    default_code = "invalid"


class NotFound(SottoError):
    """A named thing does not exist."""

    kind = ErrorKind.NOT_FOUND
    default_code = "not-found"


class TooLarge(SottoError):
    """The input is above a limit; the message names the limit."""

    kind = ErrorKind.TOO_LARGE
    default_code = "too-large"


class Unavailable(SottoError):
    """A device, a daemon or a library is not available now."""

    kind = ErrorKind.UNAVAILABLE
    default_code = "unavailable"


class Conflict(SottoError):
    """Something of that name exists already, or is already running."""

    kind = ErrorKind.CONFLICT
    default_code = "conflict"


class Unauthenticated(SottoError):
    """The caller gave no token, or one that is not valid."""

    kind = ErrorKind.UNAUTHENTICATED
    default_code = "access.unauthenticated"


class Denied(SottoError):
    """The caller is known, and may not do this."""

    kind = ErrorKind.DENIED
    default_code = "access.denied"


class ModelError(SottoError):
    """A model file is missing or damaged."""

    kind = ErrorKind.PRECONDITION
    default_code = "model"


class GrammarError(SottoError):
    """A sentence file cannot be used; the message names file and line."""

    kind = ErrorKind.INVALID
    default_code = "grammar"


class HomeError(SottoError):
    """A home description cannot be used, or a device refused a command."""

    kind = ErrorKind.INVALID
    default_code = "home"


class StorageError(SottoError):
    """State could not be written or read (full disk, rights)."""

    kind = ErrorKind.STORAGE
    default_code = "storage"
