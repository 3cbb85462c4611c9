"""A folder for the work of one run; what an interrupted run has left there is removed."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from assistant.quantisation.model_file import storage_errors

_PREFIX = ".work-"


@contextmanager
def work_folder(out: Path) -> Iterator[Path]:
    """An empty folder inside `out`, removed at the end. Several runs may work in the same `out`.

    Raises:
        StorageError: `out` cannot be written.
    """
    with storage_errors(out):
        out.mkdir(parents=True, exist_ok=True)
        gate = os.open(out, os.O_RDONLY | os.O_CLOEXEC)
        try:
            # So that no other run finds the new folder before it is locked.
            fcntl.flock(gate, fcntl.LOCK_EX)
            _remove_abandoned(out)
            folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=out))
            held = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
            fcntl.flock(held, fcntl.LOCK_EX)
        finally:
            os.close(gate)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(held)


def _remove_abandoned(out: Path) -> None:
    """Remove the folders whose run has ended: nobody holds their lock."""
    for folder in out.glob(f"{_PREFIX}*"):
        with suppress(OSError):
            handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(handle)
