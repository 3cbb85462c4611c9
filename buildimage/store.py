"""The content store: every input of the image under the SHA-256 of its bytes.

`<root>/sha256/ab/<sha256>` are the objects, read-only; `<root>/partial` holds downloads under way and
`<root>/tmp` files not yet complete. Both are on the objects' file system, so that a rename is all it takes.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from buildimage.download import digest_of
from buildimage.errors import Damaged
from common.errors import InvalidInput, StorageError

_BLOCK = 1 << 20
_SHA256 = re.compile(r"[0-9a-f]{64}\Z")
#: Left behind by a run that was killed; nothing takes a day.
_STALE_S = 86400.0


class ContentStore:
    """Objects by hash below one folder, shared by any number of builds.

    Args:
        root: made when something is put; a store that is only read may be read-only.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, sha256: str) -> Path:
        """Where an object lies or would lie.

        Raises:
            InvalidInput: `sha256` is not 64 lower-case hexadecimal digits.
        """
        if not _SHA256.match(sha256):
            raise InvalidInput(f"{sha256!r} is not a sha256", code="store.hash")
        return self.root / "sha256" / sha256[:2] / sha256

    def partial(self, sha256: str) -> Path:
        """Where an unfinished download of the object lies; its folder exists afterwards."""
        place = self.path(sha256)
        with storage_errors(self.root):
            (self.root / "partial").mkdir(parents=True, exist_ok=True)
        return self.root / "partial" / place.name

    def get(self, sha256: str, size: int | None = None, *, full: bool = False) -> Path | None:
        """The object's file, or None where it is absent or damaged.

        Args:
            sha256: its name.
            size: in bytes; compared where it is known, which costs nothing.
            full: read and hash it too.
        """
        path = self.path(sha256)
        try:
            if not path.is_file() or (size is not None and path.stat().st_size != size):
                return None
            return path if not full or digest_of(path) == sha256 else None
        except OSError:
            # A block that the disk cannot read is damage like any other.
            return None

    def put(self, source: Path | BinaryIO, sha256: str, size: int | None = None) -> Path:
        """Copy a file or stream in, at once or not at all.

        Args:
            source: read to its end, or one byte past `size`.
            sha256: what its bytes must hash to.
            size: what it must measure, where that is known.

        Raises:
            Damaged: the bytes are others.
            StorageError: the disk is full or not writable.
        """
        target = self.path(sha256)
        name = str(source) if isinstance(source, Path) else "the stream"
        with storage_errors(self.root), self._scratch() as scratch:
            if isinstance(source, Path):
                with source.open("rb") as stream:
                    found = _copy(stream, scratch, size)
            else:
                found = _copy(source, scratch, size)
            if found != sha256:
                raise Damaged(f"{name} is not the object {sha256}", code="store.content")
            self._place(scratch, target)
        return target

    def adopt(self, partial: Path, sha256: str) -> Path:
        """Make a download that was hashed already an object; raises `StorageError` where it cannot."""
        target = self.path(sha256)
        with storage_errors(self.root):
            self._place(partial, target)
        return target

    def remove(self, sha256: str) -> bool:
        """Remove an object; False where there was none."""
        path = self.path(sha256)
        with storage_errors(self.root):
            if not path.exists():
                return False
            path.unlink()
            return True

    def verify(self, wanted: Iterable[str] | None = None) -> tuple[Path, ...]:
        """Hash objects, all of the store or the `wanted` ones that are there; the damaged, sorted."""
        if wanted is None:
            paths = sorted((self.root / "sha256").glob("*/*"))
        else:
            paths = sorted({self.path(sha256) for sha256 in wanted})
        return tuple(
            path
            for path in paths
            if path.exists() and not (_SHA256.match(path.name) and self.get(path.name, full=True) == path)
        )

    @contextmanager
    def exclusive(self, waiting: Callable[[], None]) -> Iterator[None]:
        """Be the only one who fills the store, after removing what a dead build left there.

        Args:
            waiting: called once, before waiting for another build to finish.
        """
        with storage_errors(self.root):
            self.root.mkdir(parents=True, exist_ok=True)
            lock = os.open(self.root / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                waiting()
                fcntl.flock(lock, fcntl.LOCK_EX)
            self._sweep(time.time())
            yield
        finally:
            os.close(lock)

    def _sweep(self, now_s: float) -> None:
        for folder in ("tmp", "partial"):
            for stale in (self.root / folder).glob("*"):
                # Gone between the two calls means that its owner has finished with it.
                try:
                    if now_s - stale.stat().st_mtime <= _STALE_S:
                        continue
                    if stale.is_dir():
                        shutil.rmtree(stale)
                    else:
                        stale.unlink()
                except OSError:
                    continue

    @contextmanager
    def _scratch(self) -> Iterator[Path]:
        folder = self.root / "tmp"
        folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=folder)
        os.close(handle)
        try:
            yield Path(name)
        finally:
            Path(name).unlink(missing_ok=True)

    def _place(self, complete: Path, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        complete.chmod(0o444)
        _flush(complete)
        complete.replace(target)
        _flush(target.parent)


def _copy(stream: BinaryIO, target: Path, size: int | None) -> str:
    digest = hashlib.sha256()
    left = None if size is None else size + 1
    with target.open("wb") as out:
        while block := stream.read(_BLOCK if left is None else min(_BLOCK, left)):
            digest.update(block)
            out.write(block)
            if left is not None:
                left -= len(block)
    return digest.hexdigest()


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def storage_errors(root: Path, needed: int = 0) -> Iterator[None]:
    """Turn errors of the file system below `root` into `StorageError`; `needed` bytes are named."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise no_space(root, needed) from error
        raise StorageError(
            f"{error.filename or root}: {error.strerror or error}",
            hint=f"See that {root} can be read and written by the user who builds.",
            code="store.write",
        ) from error


def no_space(root: Path, needed: int) -> StorageError:
    """The error for a full disk; `needed` is what is still to come, in bytes, or 0 where unknown."""
    free = free_bytes(root)
    amount = f"{needed} bytes are still needed, {free} are free" if needed else f"{free} bytes are free"
    return StorageError(
        f"no space left for {root}: {amount}",
        hint="Free some space and run the same again; what has arrived is kept.",
        code="store.full",
    )


def free_bytes(root: Path) -> int:
    """What an ordinary user may still write to the file system of `root` or of its nearest parent."""
    folder = root
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return shutil.disk_usage(folder).free
