"""A file system of FUSE with one character device whose lookup is never answered: a driver that hangs.

The process that looks waits inside the kernel and cannot be killed until the file system is gone.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
import tempfile
import threading
from pathlib import Path

import pytest

_LIBC = ctypes.CDLL(None, use_errno=True)
_LOOKUP, _GETATTR, _INIT = 1, 3, 26
#: Of a request and of an answer (linux/fuse.h).
_IN, _OUT = struct.Struct("<IIQQIIII"), struct.Struct("<IiQ")
_FOLDER = 0o040755


class StuckFolder:
    """Mounted on a folder from here on; whoever opens anything in it waits until `close`."""

    def __init__(self) -> None:
        # Not in pytest's own folder, which it goes through at its end, whatever became of this test.
        self.folder = Path(tempfile.mkdtemp(prefix="sotto-stuck-"))
        #: Set when somebody waits.
        self.waiting = threading.Event()
        try:
            self._handle = os.open("/dev/fuse", os.O_RDWR | os.O_CLOEXEC)
        except OSError as error:
            pytest.skip(f"there is no FUSE here: {error}")
        options = f"fd={self._handle},rootmode=40000,user_id=0,group_id=0".encode()
        if _LIBC.mount(b"stuck", os.fsencode(self.folder), b"fuse.stuck", 0, options) != 0:
            os.close(self._handle)
            pytest.skip(f"nothing can be mounted here: {os.strerror(ctypes.get_errno())}")
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        # MNT_FORCE and MNT_DETACH: who waits gets an error, and nobody keeps the folder.
        _LIBC.umount2(os.fsencode(self.folder), 1 | 2)
        self._thread.join(10)
        os.close(self._handle)
        self.folder.rmdir()

    def _serve(self) -> None:
        while True:
            try:
                data = os.read(self._handle, 1 << 17)
            except OSError as error:
                if error.errno in (errno.ENODEV, errno.ECONNABORTED):
                    return
                continue
            _, opcode, unique, *_ = _IN.unpack_from(data)
            if opcode == _INIT:
                self._answer(unique, struct.pack("<IIIIHHIIHHI28x", 7, 31, 65536, 0, 12, 9, 4096, 1, 1, 0, 0))
            elif opcode == _GETATTR:
                attributes = struct.pack(
                    "<QQQQQQIIIIIIIIII", 1, 0, 0, 0, 0, 0, 0, 0, 0, _FOLDER, 2, 0, 0, 0, 4096, 0
                )
                self._answer(unique, struct.pack("<QII", 60, 0, 0) + attributes)
            elif opcode == _LOOKUP:
                self.waiting.set()
            else:
                self._answer(unique, b"", -errno.ENOSYS)

    def _answer(self, unique: int, body: bytes, error: int = 0) -> None:
        os.write(self._handle, _OUT.pack(_OUT.size + len(body), error, unique) + body)
