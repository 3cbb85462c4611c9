"""The error of the image builder that no other part has; all others are those of `common.errors`."""

from __future__ import annotations

from common.errors import ErrorKind, SottoError


class Damaged(SottoError):
    """Bytes are not what their name or lock says."""

    kind = ErrorKind.PRECONDITION
    default_code = "damaged"
