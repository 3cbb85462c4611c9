"""What can go wrong with an update, as typed errors."""

from __future__ import annotations

from common.errors import ErrorKind, SottoError


class UpdateRefused(SottoError):
    """The update may not be installed: unsigned, older, incomplete, rolled back, or nowhere to put it."""

    kind = ErrorKind.PRECONDITION
    default_code = "update.refused"


class SourceFailed(SottoError):
    """The source of updates does not answer, stalls, or gives something else than it announced."""

    kind = ErrorKind.UNAVAILABLE
    default_code = "update.source"


class InstallFailed(SottoError):
    """The update could not be written; the running version is untouched."""

    kind = ErrorKind.STORAGE
    default_code = "update.install"
