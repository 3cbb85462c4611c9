"""The errors of quantisation, besides those of `common.errors`."""

from __future__ import annotations

from common.errors import ErrorKind, InvalidInput, SottoError


class OutsideBudget(SottoError):
    """A variant loses more accuracy than it may, or there is none to take."""

    kind = ErrorKind.PRECONDITION
    default_code = "quantise.outside-budget"


def unusable(what: str, hint: str, code: str = "quantise.model") -> InvalidInput:
    """The error for a model that cannot be quantised."""
    return InvalidInput(what, hint=hint, code=code)
