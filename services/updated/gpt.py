"""Reading a GUID partition table: UEFI specification 2.10, chapter 5.3. Nothing here writes."""

from __future__ import annotations

import struct
import uuid
import zlib
from dataclasses import dataclass
from pathlib import Path

from services.updated.errors import InstallFailed

#: Types of the Discoverable Partitions Specification, by our names of architectures.
ROOT = {
    "x86-64": "4f68bce3-e8cd-4db1-96e7-fbcaf984b709",
    "arm64": "b921b045-1df0-41c3-af44-4c6f280d3fae",
}
VERITY = {
    "x86-64": "2c7357ed-ebd2-46d9-aec1-23d437ec2bf5",
    "arm64": "df3300ce-d69f-4c92-978c-9bfb0f38d820",
}
_SECTORS = (512, 4096)
_HEADER = struct.Struct("<8sIIIIQQQQ16sQIII")
_ENTRIES_LIMIT = 1024 * 1024
_ENTRY = struct.Struct("<16s16sQQQ72s")


@dataclass(frozen=True)
class Partition:
    """One entry. `number` counts from 1; `type` and `uuid` are lower-case; `bytes` is the size."""

    number: int
    type: str
    uuid: str
    label: str
    bytes: int


def read_table(device: Path) -> list[Partition]:
    """The partitions of a disk or disk image, by number.

    Raises:
        InstallFailed: it cannot be read, or has no undamaged table.
    """
    try:
        with device.open("rb") as disk:
            for sector in _SECTORS:
                disk.seek(sector)
                raw = disk.read(_HEADER.size)
                if raw.startswith(b"EFI PART"):
                    fields = _HEADER.unpack(raw)
                    length = fields[2]
                    disk.seek(sector)
                    header = bytearray(disk.read(length)) if 92 <= length <= sector else bytearray(raw)
                    first, count, size, checksum = fields[10], fields[11], fields[12], fields[13]
                    header[16:20] = bytes(4)
                    if zlib.crc32(header) != fields[3] or size < 128 or count * size > _ENTRIES_LIMIT:
                        raise _unreadable(device, "the header of its partition table is damaged")
                    disk.seek(first * sector)
                    entries = disk.read(count * size)
                    if len(entries) != count * size or zlib.crc32(entries) != checksum:
                        raise _unreadable(device, "its partition table is damaged")
                    return _partitions(entries, size, sector)
    except OSError as error:
        raise _unreadable(device, error.strerror or str(error)) from error
    raise _unreadable(device, "it has no GUID partition table")


def _partitions(entries: bytes, size: int, sector: int) -> list[Partition]:
    found = []
    for index in range(len(entries) // size):
        kind, unique, first, last, _flags, label = _ENTRY.unpack_from(entries, index * size)
        if kind != bytes(16):
            name = label.decode("utf-16-le", "replace").split("\0", 1)[0]
            found.append(
                Partition(
                    index + 1,
                    str(uuid.UUID(bytes_le=kind)),
                    str(uuid.UUID(bytes_le=unique)),
                    name,
                    (last + 1 - first) * sector,
                )
            )
    return found


def _unreadable(device: Path, why: str) -> InstallFailed:
    return InstallFailed(
        f"the partitions of {device} cannot be read: {why}",
        hint="nothing was changed; back up the data partition and look at the disk",
        code="update.table",
    )
