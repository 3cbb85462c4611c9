"""A box's disk, touched from outside while the box is off."""

from __future__ import annotations

import subprocess
import uuid
from dataclasses import dataclass
from pathlib import Path

_SECTOR = 512


@dataclass(frozen=True)
class Partition:
    """Where a partition lies: label, offset and size in bytes."""

    label: str
    offset: int
    size: int


def partitions(disk: Path) -> dict[str, Partition]:
    """The partitions of a GPT disk by label; read from the primary table (UEFI specification 5.3)."""
    with disk.open("rb") as stream:
        stream.seek(_SECTOR)
        header = stream.read(92)
        assert header[:8] == b"EFI PART", f"{disk} has no partition table"
        first = int.from_bytes(header[72:80], "little")
        count = int.from_bytes(header[80:84], "little")
        size = int.from_bytes(header[84:88], "little")
        stream.seek(first * _SECTOR)
        table = stream.read(count * size)
    found = {}
    for start in range(0, len(table), size):
        entry = table[start : start + size]
        if uuid.UUID(bytes_le=entry[:16]).int:
            begin, end = (int.from_bytes(entry[at : at + 8], "little") for at in (32, 40))
            label = entry[56:128].decode("utf-16-le").rstrip("\0")
            found[label] = Partition(label, begin * _SECTOR, (end - begin + 1) * _SECTOR)
    return found


def flip_byte(disk: Path, offset: int) -> None:
    """Change one byte."""
    with disk.open("r+b") as stream:
        stream.seek(offset)
        byte = stream.read(1)
        stream.seek(offset)
        stream.write(bytes([byte[0] ^ 0x40]))


def data_write(disk: Path, content: str, path: str, mode: int = 0o600) -> None:
    """Write a small file into the data partition, as root; its folder exists."""
    offset = partitions(disk)["sotto-data"].offset
    source = disk.with_suffix(".part")
    source.write_text(content)
    commands = f"rm {path}\nwrite {source} {path}\nset_inode_field {path} mode 0100{mode:o}\n"
    subprocess.run(
        ["debugfs", "-w", "-f", "/dev/stdin", f"{disk}?offset={offset}"],
        input=commands.encode(), capture_output=True, check=True,
    )  # fmt: skip
    source.unlink()


def data_faults(disk: Path) -> str:
    """What e2fsck finds wrong once journal and orphans are dealt with as a mount would; empty when whole.

    It looks at a copy of the partition: at an offset into a disk e2fsck 1.47 loses its place after replaying
    the journal ("Bad magic number ... while trying to re-open").
    """
    place = partitions(disk)["sotto-data"]
    copy = disk.with_suffix(".data")
    take = ["dd", f"if={disk}", f"of={copy}", "bs=1M", "conv=sparse", "iflag=skip_bytes,count_bytes"]
    subprocess.run([*take, f"skip={place.offset}", f"count={place.size}"], check=True, capture_output=True)
    try:
        # "-p" does what a mount does and asks for no full check; what is left is found by the second.
        for options in (["-p"], ["-f", "-n"]):
            done = subprocess.run(["e2fsck", *options, str(copy)], capture_output=True, check=False)
            if done.returncode not in (0, 1):
                return (done.stdout + done.stderr).decode(errors="replace")
    finally:
        copy.unlink()
    return ""


def esp_names(disk: Path, folder: str = "EFI/Linux") -> list[str]:
    """Names in a folder of the boot partition."""
    listing = subprocess.run(
        ["mdir", "-b", "-i", f"{disk}@@{partitions(disk)['esp'].offset}", f"::{folder}"],
        capture_output=True, check=True, env={"MTOOLS_SKIP_CHECK": "1", "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    return [line.rsplit("/", 1)[-1] for line in listing.stdout.decode().splitlines()]


def esp_copy(disk: Path, source: Path, target: str) -> None:
    """Copy a file onto the boot partition."""
    subprocess.run(
        ["mcopy", "-o", "-i", f"{disk}@@{partitions(disk)['esp'].offset}", str(source), f"::{target}"],
        check=True, env={"MTOOLS_SKIP_CHECK": "1", "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
