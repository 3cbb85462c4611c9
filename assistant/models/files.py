"""File operations for fetching and preparing: digests, a lock, atomic placement."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from common.errors import Conflict, StorageError

_BLOCK = 1 << 20
_SCRATCH = ".work-"


def sha256_of(path: Path) -> str:
    """Hexadecimal SHA-256 of a file, read in blocks of 1 MiB."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


@contextmanager
def exclusive(root: Path) -> Iterator[Path]:
    """Hold the store's lock and give a scratch folder on the same file system.

    Files that an interrupted run left there are removed. Raises `Conflict` when another process holds the
    lock and `StorageError` when the folder cannot be written or the disk is full.
    """
    with storage_errors(root):
        root.mkdir(parents=True, exist_ok=True)
        lock = os.open(root / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Conflict(
                f"another process is changing the models in {root}",
                hint="Wait until it has finished, then try again.",
                code="model.busy",
            ) from None
        with storage_errors(root):
            for stale in root.glob(_SCRATCH + "*"):
                shutil.rmtree(stale, ignore_errors=True)
            scratch = Path(tempfile.mkdtemp(prefix=_SCRATCH, dir=root))
        try:
            with storage_errors(root):
                yield scratch
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    finally:
        os.close(lock)


@contextmanager
def storage_errors(where: Path) -> Iterator[None]:
    """Turn errors of the operating system about space and permissions into `StorageError`."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageError(
                f"the disk that holds {where} is full",
                hint="Free some space (the models need about 500 MB), then try again.",
                code="storage.full",
            ) from error
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise StorageError(
                f"{where} cannot be written: {error.strerror}",
                hint="Set SOTTO_MODELS to a folder you may write.",
                code="storage.read-only",
            ) from error
        raise


def place_file(finished: Path, target: Path) -> None:
    """Move a finished file to its place, atomically and durably."""
    with finished.open("rb") as stream:
        os.fsync(stream.fileno())
    target.parent.mkdir(parents=True, exist_ok=True)
    finished.chmod(0o644)
    finished.replace(target)


def place_folder(finished: Path, target: Path) -> None:
    """Move a finished folder to its place; a folder of the same name is removed first."""
    for path in finished.iterdir():
        with path.open("rb") as stream:
            os.fsync(stream.fileno())
    finished.chmod(0o755)
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(target, ignore_errors=True)
    finished.replace(target)
