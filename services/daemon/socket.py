"""The Unix socket of a daemon, in a folder whose mode says who may connect."""

from __future__ import annotations

import os
import socket
import stat
from pathlib import Path

from common.errors import Conflict, StorageError


def socket_umask(folder_mode: int) -> int:
    """The umask for a socket: the group of the folder may connect if the folder is open to the group alone.

    Otherwise only its owner may. On the device the folder is open to group sotto.
    """
    return 0o117 if folder_mode & 0o017 == 0o010 else 0o177


def prepare_socket_path(path: Path, variable: str = "SOTTO_SOCKET") -> None:
    """Make the folder of a socket, open to its owner alone, and remove a stale socket from it.

    Args:
        path: of the socket.
        variable: the environment variable that moves it, for hints.

    Raises:
        Conflict: another process answers there.
        StorageError: the folder cannot be used, or somebody else's file is in the way.
    """
    folder = path.parent
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = folder.stat()
    except OSError as error:
        raise StorageError(
            f"the folder {folder} cannot be used: {error.strerror}",
            hint=f"set {variable} to a path in a folder of your own",
            code="daemon.socket",
        ) from error
    if status.st_uid != os.getuid():
        raise StorageError(
            f"the folder {folder} belongs to somebody else (user {status.st_uid})",
            hint=f"set {variable} to a path in a folder of your own",
            code="daemon.socket",
        )
    if status.st_mode & 0o022:
        raise StorageError(
            f"others may write in the folder {folder}",
            hint=f"chmod 700 {folder}, or set {variable} to a path in a folder of your own",
            code="daemon.socket",
        )
    if not path.exists():
        return
    if not stat.S_ISSOCK(path.stat().st_mode):
        raise StorageError(
            f"{path} is there and is no socket",
            hint=f"remove it, or set {variable} to another path",
            code="daemon.socket",
        )
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            path.unlink()  # left behind by a daemon that was killed
            return
    raise Conflict(
        f"another daemon answers on {path}",
        hint=f"stop it first, or set {variable} to run a second one",
        code="daemon.running",
    )
