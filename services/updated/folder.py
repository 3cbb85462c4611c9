"""Updates from a folder, such as a mounted USB stick."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from common.errors import StorageError
from services.updated.errors import SourceFailed

_BLOCK = 1024 * 1024


class FolderSource:
    """A folder of update files; links in it are not followed, what is no plain file is refused."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def small(self, name: str, limit: int) -> bytes:
        """A whole file of at most `limit` bytes."""
        with self._open(name) as file:
            try:
                content = file.read(limit + 1)
            except OSError as error:
                raise self._failed(name, error) from error
        if len(content) > limit:
            raise SourceFailed(f"{name} is larger than {limit // 1024} kB", code="update.too-large")
        return content

    def size(self, name: str) -> int:
        """The size of a file in bytes."""
        with self._open(name) as file:
            return os.fstat(file.fileno()).st_size

    def fetch(self, name: str, size: int, sha256: str, target: Path, progress: Callable[[int], None]) -> None:
        """Copy a file; from the start, as reading is fast and the stick may be another one by now."""
        done = 0
        with self._open(name) as file:
            try:
                copy = target.open("wb")
            except OSError as error:
                raise _full(target, error) from error
            with copy:
                while done < size:
                    try:
                        block = file.read(min(_BLOCK, size - done))
                    except OSError as error:
                        raise self._failed(name, error) from error
                    if not block:
                        raise SourceFailed(f"{name} ended after {done} of {size} bytes", code="update.short")
                    try:
                        copy.write(block)
                    except OSError as error:
                        raise _full(target, error) from error
                    done += len(block)
                    progress(done)

    def _open(self, name: str) -> BinaryIO:
        try:
            # Without O_NONBLOCK a pipe of that name would wait for ever.
            handle = os.open(self._folder / name, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError as error:
            raise self._failed(name, error) from error
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            os.close(handle)
            raise SourceFailed(f"{self._folder / name} is no plain file", code="update.source")
        return os.fdopen(handle, "rb")

    def _failed(self, name: str, error: OSError) -> SourceFailed:
        return SourceFailed(
            f"{self._folder / name} cannot be read: {error.strerror or error}",
            hint="is the stick still there? copy all files of the update onto it",
        )


def _full(target: Path, error: OSError) -> StorageError:
    return StorageError(
        f"{target} could not be written: {error.strerror or error}",
        hint="free some disk space",
        code="update.space",
    )
