"""One owner for the state folder: two assistants must not write the same timers."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from assistant.errors import Conflict, StorageError


class StateLock:
    """An advisory lock on `folder`, held until released or until the process ends, however it ends.

    Raises:
        Conflict: another process holds it; the message names its process id.
        StorageError: the folder cannot be made or written.
    """

    def __init__(self, folder: Path) -> None:
        path = folder / "lock"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StorageError(
                f"the state folder {folder} cannot be used: {error.strerror}",
                hint="check that it is writable, or set SOTTO_STATE to another folder",
                code="storage.state",
            ) from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.read(self._file, 20).decode("ascii", "replace").strip()
            os.close(self._file)
            raise Conflict(
                f"an assistant is already running on {folder} (process {holder or 'unknown'})",
                hint="stop it first, or set SOTTO_STATE and SOTTO_SOCKET to run a second one",
                code="daemon.running",
            ) from error
        os.ftruncate(self._file, 0)
        os.write(self._file, str(os.getpid()).encode("ascii"))

    def release(self) -> None:
        """Give the folder back."""
        os.close(self._file)
