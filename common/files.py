"""Files that are read up to a limit, and replaced whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from common.errors import StorageError, TooLarge

#: Errors of fsync(2) for a folder on a file system that does not support it.
_NO_SYNC = (errno.EINVAL, errno.ENOTSUP)


@dataclass(frozen=True)
class Owner:
    """User and group of a file; None does not change them."""

    user: int | None = None
    group: int | None = None


def read_plain(path: Path, most: int, *, follow: bool = True) -> bytes:
    """At most `most` bytes of a plain file.

    Args:
        follow: False refuses a link at the end of the path.

    Raises:
        OSError: it is not there, is no plain file, or cannot be read.
    """
    # Not blocking: a pipe that somebody put there must not stop the boot.
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | (0 if follow else os.O_NOFOLLOW)
    handle = os.open(path, flags)
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, "it is no plain file")
        with os.fdopen(handle, "rb", closefd=False) as file:
            return file.read(most)
    finally:
        os.close(handle)


def read_bounded(path: Path, limit: int) -> bytes | None:
    """A plain file of at most `limit` bytes, never through a link; None if there is none.

    Raises:
        TooLarge: it is larger.
        StorageError: it is no plain file, or cannot be read.
    """
    try:
        data = read_plain(path, limit + 1, follow=False)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StorageError(
            f"{path} cannot be read: {error.strerror or error}",
            hint="is it a plain file?",
            code="file.unreadable",
        ) from error
    if len(data) > limit:
        raise TooLarge(
            f"{path} has more than {limit // 1024} kB", hint="is it the right file?", code="file.too-large"
        )
    return data


def write_whole(path: Path, data: bytes, mode: int = 0o644, owner: Owner | None = None) -> bool:
    """Replace `path` by `data` in one step, and durably; a file with that content is not touched.

    The folder is entered without following a link at its end, and the file is made anew inside it: whoever
    owns the folder cannot lead a write elsewhere.

    Args:
        mode: exact mode, whatever the umask.

    Returns:
        Whether anything was written.

    Raises:
        StorageError: it cannot be written; the old file is untouched.
    """
    try:
        plain = path.is_file() and not path.is_symlink()
        if plain and path.stat().st_size == len(data) and read_bounded(path, len(data)) == data:
            return False
        replace_file(path, data, mode, owner=owner, follow=False)
    except OSError as error:
        raise StorageError(
            f"{path} could not be written: {error.strerror or error}",
            hint="free some space, and check that the folder is there and can be written",
            code="storage.provision",
        ) from error
    return True


def replace_file(
    path: Path,
    data: bytes,
    mode: int | None = None,
    *,
    owner: Owner | None = None,
    durable: bool = True,
    follow: bool = True,
) -> None:
    """Replace `path` by `data` in one step: a reader or a power cut finds the old or the new content.

    Args:
        mode: exact mode, whatever the umask; None for 0666 less the umask.
        durable: wait until it is on the disk, which costs milliseconds on flash. Without it a power cut
            within the next seconds may leave the old content.
        follow: False refuses a folder that is a link.

    Raises:
        OSError: it cannot be written; the old file is untouched.
    """
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | (0 if follow else os.O_NOFOLLOW)
    folder = os.open(path.parent, flags)
    temporary = f".{path.name}.{os.urandom(4).hex()}"
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        handle = os.open(temporary, flags, 0o666 if mode is None else 0o600, dir_fd=folder)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                if mode is not None:
                    _hand_over(handle, mode, owner)
                if durable:
                    os.fsync(handle)
            os.rename(temporary, path.name, src_dir_fd=folder, dst_dir_fd=folder)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary, dir_fd=folder)
            raise
        if durable:
            _sync_folder(folder)
    finally:
        os.close(folder)


def _sync_folder(folder: int) -> None:
    """Make the rename itself durable, where the file system can."""
    try:
        os.fsync(folder)
    except OSError as error:
        if error.errno not in _NO_SYNC:
            raise


def _hand_over(handle: int, mode: int, owner: Owner | None) -> None:
    # FAT has neither owners nor modes of its own; nothing that needs an owner lies there.
    with contextlib.suppress(PermissionError) if owner is None else contextlib.nullcontext():
        os.fchmod(handle, mode)
    if owner is not None:
        os.fchown(
            handle, -1 if owner.user is None else owner.user, -1 if owner.group is None else owner.group
        )


def remove(path: Path) -> bool:
    """Remove a file if it is there; returns whether it was."""
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise StorageError(
            f"{path} could not be removed: {error.strerror}",
            hint="check that the folder can be written",
            code="storage.provision",
        ) from error
    return True


def make_folder(path: Path, mode: int, owner: Owner) -> None:
    """Make a folder; an existing one is not changed."""
    try:
        path.mkdir(mode=0o700)
    except FileExistsError:
        return
    path.chmod(mode, follow_symlinks=False) if os.chmod in os.supports_follow_symlinks else path.chmod(mode)
    os.chown(
        path,
        -1 if owner.user is None else owner.user,
        -1 if owner.group is None else owner.group,
        follow_symlinks=False,
    )
