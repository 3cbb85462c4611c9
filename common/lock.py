"""A lock on a state folder, so that two daemons do not write the same files."""

from __future__ import annotations

import contextlib
import fcntl
import os
from pathlib import Path
from time import monotonic, sleep

from common.errors import Conflict, StorageError


class StateLock:
    """An advisory lock on `folder`, held until released or until the process ends, however it ends.

    Args:
        folder: made if it is not there, for its owner alone.
        wait_s: how long to wait until another process releases it.
        what: what holds such a lock, for the error.

    Raises:
        Conflict: another process holds it; the message names its process id.
        StorageError: the folder cannot be made or written.
    """

    def __init__(self, folder: Path, wait_s: float = 0, what: str = "an assistant") -> None:
        path = folder / "lock"
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StorageError(
                f"the state folder {folder} cannot be used: {error.strerror}",
                hint="check that it is writable, or set SOTTO_STATE to another folder",
                code="storage.state",
            ) from error
        give_up = monotonic() + wait_s
        while not self._taken():
            if monotonic() >= give_up:
                holder = os.read(self._file, 20).decode("ascii", "replace").strip()
                os.close(self._file)
                raise Conflict(
                    f"{what} is already running on {folder} (process {holder or 'unknown'})",
                    hint="wait until it answers, or stop it, or give a second one a folder of its own",
                    code="daemon.running",
                )
            sleep(0.05)
        # On a full disk there is no space for the number, but the lock holds.
        with contextlib.suppress(OSError):
            os.ftruncate(self._file, 0)
            os.write(self._file, str(os.getpid()).encode("ascii"))

    def _taken(self) -> bool:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def release(self) -> None:
        """Release the lock."""
        os.close(self._file)
