"""The sizes in the header of a WAV file, which programs that write into a pipe do not know."""

from __future__ import annotations

import io
import struct
from typing import BinaryIO, cast

_CHUNKS = 64
_LARGEST = 0xFFFF_FFFF


class CutHeader(Exception):
    """The file ends before its samples begin."""


def with_true_size(file: BinaryIO, size: int) -> BinaryIO:
    """The file, with a size of its samples that is not larger than the file.

    A declared size that goes beyond the end of the file, or that is zero although samples follow, was not
    known when it was written (ffmpeg, espeak-ng, Python's `wave` into a pipe): the samples go on to the end.

    Args:
        file: at its beginning; any file that is no RIFF is returned as it is.
        size: of the file, in bytes.

    Raises:
        CutHeader: there is no beginning of samples.
    """
    head = file.read(12)
    file.seek(0)
    if head[:4] != b"RIFF":
        return file
    if len(head) < 12:
        raise CutHeader
    at, declared = _data(file)
    file.seek(0)
    rest = size - at
    unknown = declared == 0 and not _chunks_follow(file, at, size)
    file.seek(0)
    if declared <= rest and not unknown:
        return file
    # It has the methods of a binary file that decoders use.
    return cast(BinaryIO, _Overlay(file, at - 4, struct.pack("<I", min(rest, _LARGEST))))


def _data(file: BinaryIO) -> tuple[int, int]:
    """Where the samples begin, and how many bytes they have by the header."""
    at = 12
    for _ in range(_CHUNKS):
        name, length = _chunk(file, at)
        at += 8
        if name == b"data":
            return at, length
        at += length + length % 2
    raise CutHeader


def _chunk(file: BinaryIO, at: int) -> tuple[bytes, int]:
    file.seek(at)
    head = file.read(8)
    if len(head) < 8:
        raise CutHeader
    return head[:4], int.from_bytes(head[4:], "little")


def _chunks_follow(file: BinaryIO, at: int, size: int) -> bool:
    """Whether the rest of the file is nothing, or chunks that end where it does: it has no samples then."""
    for _ in range(_CHUNKS):
        if at >= size:
            return at - size <= 1  # the last one may lack its padding
        try:
            name, length = _chunk(file, at)
        except CutHeader:
            return False
        if not (name.isascii() and name.decode("ascii").isprintable()):
            return False
        at += 8 + length + length % 2
    return False


class _Overlay(io.RawIOBase):
    """A file to read, some bytes of which are replaced."""

    def __init__(self, file: BinaryIO, at: int, data: bytes) -> None:
        self._file, self._at, self._data = file, at, data

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        """As for a file."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """As for a file."""
        return self._file.tell()

    def readinto(self, buffer: object) -> int:
        """As for a file."""
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        start = self._file.tell()
        data = self._file.read(len(view))
        view[: len(data)] = data
        low, high = max(self._at, start), min(self._at + len(self._data), start + len(data))
        if low < high:
            view[low - start : high - start] = self._data[low - self._at : high - self._at]
        return len(data)
