"""Files that root reads from others and writes for others: bounded, whole, and never through a link."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from dataclasses import dataclass
from pathlib import Path

from common.errors import StorageError, TooLarge


@dataclass(frozen=True)
class Owner:
    """User and group of a file; None leaves them as they come."""

    user: int | None = None
    group: int | None = None


def read_bounded(path: Path, limit: int) -> bytes | None:
    """At most `limit` bytes of a plain file; None where there is none.

    Raises:
        TooLarge: it is larger.
        StorageError: it is no plain file, or cannot be read.
    """
    try:
        # Not blocking: a pipe put there by somebody else must not hold up the boot.
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _unreadable(path, error.strerror or str(error)) from error
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise _unreadable(path, "it is no plain file")
        with os.fdopen(handle, "rb", closefd=False) as file:
            data = file.read(limit + 1)
    except OSError as error:
        raise _unreadable(path, error.strerror or str(error)) from error
    finally:
        os.close(handle)
    if len(data) > limit:
        raise TooLarge(
            f"{path} has more than {limit // 1024} kB", hint="is it the right file?", code="file.too-large"
        )
    return data


def write_whole(path: Path, data: bytes, mode: int = 0o644, owner: Owner | None = None) -> bool:
    """Replace `path` by `data`, whole or not at all, and durably; a file that has it already is left alone.

    The folder is entered without following a link at its end, and the file is made anew inside it: whoever
    owns the folder cannot lead a write elsewhere.

    Args:
        mode: exact, whatever the umask.

    Returns:
        Whether anything was written.

    Raises:
        StorageError: it cannot be written; the old file is untouched.
    """
    try:
        plain = path.is_file() and not path.is_symlink()
        if plain and path.stat().st_size == len(data) and read_bounded(path, len(data)) == data:
            return False
        _write(path, data, mode, owner)
    except OSError as error:
        raise StorageError(
            f"{path} could not be written: {error.strerror or error}",
            hint="free some space, and check that the folder is there and can be written",
            code="storage.provision",
        ) from error
    return True


def _write(path: Path, data: bytes, mode: int, owner: Owner | None) -> None:
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    temporary = f".{path.name}.{secrets.token_hex(4)}"
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        handle = os.open(temporary, flags, 0o600, dir_fd=folder)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            _hand_over(handle, mode, owner)
            os.fsync(handle)
        os.rename(temporary, path.name, src_dir_fd=folder, dst_dir_fd=folder)
        temporary = ""
        os.fsync(folder)
    finally:
        if temporary:
            with contextlib.suppress(OSError):
                os.unlink(temporary, dir_fd=folder)
        os.close(folder)


def _hand_over(handle: int, mode: int, owner: Owner | None) -> None:
    # FAT has neither owners nor modes of its own; nothing that needs an owner lies there.
    with contextlib.suppress(PermissionError) if owner is None else contextlib.nullcontext():
        os.fchmod(handle, mode)
    if owner is not None:
        os.fchown(
            handle, -1 if owner.user is None else owner.user, -1 if owner.group is None else owner.group
        )


def remove(path: Path) -> bool:
    """Remove a file if it is there; whether it was."""
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


def _unreadable(path: Path, reason: str) -> StorageError:
    return StorageError(
        f"{path} cannot be read: {reason}", hint="is it a plain file?", code="file.unreadable"
    )


def make_folder(path: Path, mode: int, owner: Owner) -> None:
    """Make a folder; one that is there is left as it is."""
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
