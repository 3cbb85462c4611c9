"""The power library's errors as those of the `sotto` command and the daemons."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from assistant.errors import InvalidInput, SottoError, StorageError
from power.errors import PowerError, ProfileError, SimulationError


@contextmanager
def translated() -> Iterator[None]:
    """Raise what comes from the power library as a `SottoError` with the same words.

    Raises:
        InvalidInput: a profile, a day or a machine is wrong or unknown.
        StorageError: files of the kernel or the undo log.
    """
    try:
        yield
    except PowerError as error:
        user = isinstance(error, ProfileError | SimulationError)
        kind: type[SottoError] = InvalidInput if user else StorageError
        raise kind(error.message, hint=error.hint, code=error.code) from error
