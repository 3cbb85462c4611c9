"""Files of the kernel below a root: bounded reads, writes through descriptors that stay open.

A write on the way of a sentence must not look a path up nor open anything, so what was written once stays
open.
"""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path

from power.errors import SysfsError

#: sysfs hands out at most one page; the few longer files of /proc are cut here.
_MOST_BYTES = 64 * 1024
#: Descriptors that stay open; a machine of 64 clusters with four files each fits.
_MOST_OPEN = 512
#: What a descriptor says when the thing behind it is gone (a driver unbound, a processor unplugged).
_GONE = (errno.ENODEV, errno.ENOENT, errno.EBADF, errno.ENXIO)


class Sysfs:
    """The kernel's files below `root`; paths are given without the leading slash.

    Args:
        root: "/" on a machine, any folder with the same layout in a test.
    """

    def __init__(self, root: Path = Path("/")) -> None:
        self.root = root
        #: Below a root of their own these are plain files, which keep the end of a longer value.
        self._is_plain = root != Path("/")
        self._open: dict[str, int] = {}

    def read(self, path: str) -> str:
        """The content, without white space around it.

        Raises:
            SysfsError: with path and errno.
        """
        try:
            handle = os.open(self.root / path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
            try:
                return os.read(handle, _MOST_BYTES).decode("ascii", "replace").strip()
            finally:
                os.close(handle)
        except OSError as error:
            raise _failed(path, error, "read") from error

    def read_int(self, path: str) -> int:
        """The content as a number.

        Raises:
            SysfsError: it cannot be read, or is no number.
        """
        text = self.read(path)
        try:
            return int(text)
        except ValueError:
            raise SysfsError(path, 0, "read", f"{text[:40]!r} is no number") from None

    def maybe(self, path: str) -> str | None:
        """The content, or None where it cannot be read for whatever reason."""
        try:
            return self.read(path)
        except SysfsError:
            return None

    def maybe_int(self, path: str) -> int | None:
        """The content as a number, or None."""
        try:
            return self.read_int(path)
        except SysfsError:
            return None

    def names(self, folder: str) -> tuple[str, ...]:
        """What lies in a folder, sorted; nothing where there is none."""
        try:
            return tuple(sorted(each.name for each in (self.root / folder).iterdir()))
        except OSError:
            return ()

    def exists(self, path: str) -> bool:
        """Whether there is such a file."""
        return (self.root / path).exists()

    def write(self, path: str, value: str) -> None:
        """Write `value` in one call, through a descriptor that stays open.

        Raises:
            SysfsError: with path and errno; a file that was replaced meanwhile has been tried again.
        """
        # Nothing at all would not reach the kernel; a line end empties a list.
        data = value.encode("ascii") or b"\n"
        try:
            kept = path in self._open
            try:
                self._write(self._descriptor(path), data)
            except OSError as error:
                if not (kept and error.errno in _GONE):
                    raise
                self.forget(path)
                self._write(self._descriptor(path), data)
        except OSError as error:
            self.forget(path)
            raise _failed(path, error, f"write of {value!r}") from error

    def prepare(self, path: str) -> None:
        """Open a file for later writes; a file that cannot be opened now is tried again when written."""
        with contextlib.suppress(OSError):
            self._descriptor(path)

    def forget(self, path: str) -> None:
        """Close the descriptor of `path`."""
        handle = self._open.pop(path, None)
        if handle is not None:
            os.close(handle)

    def close(self) -> None:
        """Close everything."""
        for path in tuple(self._open):
            self.forget(path)

    def _descriptor(self, path: str) -> int:
        handle = self._open.get(path)
        if handle is None:
            if len(self._open) >= _MOST_OPEN:
                self.forget(next(iter(self._open)))
            handle = os.open(self.root / path, os.O_WRONLY | os.O_CLOEXEC)
            self._open[path] = handle
        return handle

    def _write(self, handle: int, data: bytes) -> None:
        os.pwrite(handle, data, 0)
        if self._is_plain:
            os.ftruncate(handle, len(data))


def _failed(path: str, error: OSError, doing: str) -> SysfsError:
    name = errno.errorcode.get(error.errno or 0, "")
    return SysfsError(path, error.errno or 0, doing, f"{error.strerror or error} ({name})")
