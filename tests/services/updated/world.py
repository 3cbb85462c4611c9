"""A box in a folder: disk image with two slots, boot folder, kernel's views, keys, and update sources."""

from __future__ import annotations

import hashlib
import lzma
import os
import shutil
import struct
import subprocess
import uuid
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from common.programs import Finished
from services.updated.gpt import ROOT, VERITY
from services.updated.machine import Machine
from services.updated.places import Places
from services.updated.runner import Programs
from services.updated.updater import Updater
from tests.conftest import REPOSITORY

ARCH = "x86-64"
NOW = 1_800_000_000.0
_SECTOR = 512
#: Size of the test's partitions, sectors: (root, verity).
_SIZES = (2048, 512)
_FIRST = 64


@dataclass(frozen=True)
class Key:
    """A signing key in a GnuPG folder of its own."""

    home: Path

    def sign(self, file: Path) -> None:
        """Write FILE.gpg, detached and binary."""
        _gpg(self.home, "--yes", "--output", f"{file}.gpg", "--detach-sign", str(file))

    def public(self) -> bytes:
        """The keyring that an image has."""
        return _gpg(self.home, "--export")


def make_key(home: Path) -> Key:
    """A fresh key without passphrase."""
    home.mkdir(mode=0o700, parents=True)
    _gpg(home, "--passphrase", "", "--quick-generate-key", "sotto-test", "ed25519", "sign", "never")
    return Key(home)


def _gpg(home: Path, *arguments: str) -> bytes:
    command = ["gpg", "--homedir", str(home), "--batch", "--quiet", "--pinentry-mode", "loopback", *arguments]
    return subprocess.run(command, check=True, capture_output=True, timeout=60).stdout


class PowerCut(BaseException):
    """The machine loses power; nothing may catch it."""


@dataclass
class World(Programs):
    """The box. As a runner it starts gpgv and systemd-sysupdate, real or told by `sysupdate`."""

    folder: Path
    key: Key
    version: str = "1"
    sysupdate: Programs | None = None
    commands: list[list[str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.places = Places(self.folder / "root")
        for path in (self.places.kernels, self.places.state, self.places.templates.parent, self.places.dev):
            path.mkdir(parents=True)
        shutil.copytree(REPOSITORY / "rootfs/usr/lib/sotto/sysupdate.d", self.places.templates)
        self.places.os_release.parent.mkdir(parents=True, exist_ok=True)
        self.places.os_release.write_text(f'IMAGE_ID=sotto\nIMAGE_VERSION="{self.version}"\n')
        self.places.keyring.write_bytes(self.key.public())
        self.disk = self.places.dev / "vda"
        self.write_table([f"sotto_{self.version}", f"sotto_{self.version}_verity", "_empty", "_empty"])
        self.running_content = self.slot_content(0)
        (self.places.kernels / f"sotto_{self.version}.efi").write_bytes(b"kernel of " + self.version.encode())
        self.mount_root(0)
        self.source = self.folder / "source"
        self.source.mkdir()

    def write_table(self, labels: Sequence[str], uuids: Sequence[uuid.UUID] | None = None) -> None:
        """A partition table: root, verity, root, verity; data that is there stays."""
        entries = bytearray(128 * 128)
        start = _FIRST
        for index, label in enumerate(labels):
            kind = uuid.UUID((ROOT, VERITY)[index % 2][ARCH])
            unique = uuids[index] if uuids else uuid.uuid4()
            size = _SIZES[index % 2]
            struct.pack_into(
                "<16s16sQQQ72s", entries, index * 128, kind.bytes_le, unique.bytes_le, start,
                start + size - 1, 0, label.encode("utf-16-le"),
            )  # fmt: skip
            start += size
        last = start + 40
        if not self.disk.exists():
            self.disk.write_bytes(os.urandom((last + 1) * _SECTOR))

        def header(own: int, other: int, table: int) -> bytes:
            fields = [b"EFI PART", 0x10000, 92, 0, 0, own, other, 40, start - 1, uuid.UUID(int=7).bytes_le,
                      table, 128, 128, zlib.crc32(entries)]  # fmt: skip
            fields[3] = zlib.crc32(struct.pack("<8sIIIIQQQQ16sQIII", *fields))
            return struct.pack("<8sIIIIQQQQ16sQIII", *fields).ljust(_SECTOR, b"\0")

        protective = bytearray(_SECTOR)
        struct.pack_into("<BBBBBBBBII", protective, 446, 0, 0, 2, 0, 0xEE, 0xFF, 0xFF, 0xFF, 1, last)
        protective[510:512] = b"\x55\xaa"
        with self.disk.open("r+b") as disk:
            disk.write(protective + header(1, last, 2) + entries)
            disk.seek((last - 32) * _SECTOR)
            disk.write(entries + header(last, 1, last - 32))

    def slot_content(self, slot: int) -> bytes:
        """Root and verity of slot 0 or 1, as they are on the disk."""
        with self.disk.open("rb") as disk:
            disk.seek((_FIRST + slot * sum(_SIZES)) * _SECTOR)
            return disk.read(sum(_SIZES) * _SECTOR)

    def mount_root(self, slot: int) -> None:
        """Let the kernel's views say that / is dm-verity over a slot."""
        shutil.rmtree(self.places.sys, ignore_errors=True)
        block = self.places.sys / "devices/virtual/block/dm-0"
        (block / "slaves").mkdir(parents=True)
        for number in (2 * slot + 1, 2 * slot + 2):
            part = self.places.sys / f"devices/pci0/vda/vda{number}"
            part.mkdir(parents=True)
            (part / "partition").write_text(f"{number}\n")
            (block / "slaves" / part.name).symlink_to(part)
        (self.places.sys / "dev/block").mkdir(parents=True)
        (self.places.sys / "dev/block/254:0").symlink_to(block)
        for name, text in {
            "self/mountinfo": "22 1 254:0 / / ro,relatime - erofs /dev/mapper/root ro\n"
            "23 22 8:1 / /boot rw - vfat /dev/vda1 rw\n",
            "cpuinfo": "processor\t: 0\nmodel name\t: Test CPU\n",
            "asound/cards": " 0 [Loopback       ]: Loopback - Loopback\n                      Loopback 1\n",
            "sys/kernel/random/boot_id": "11111111-2222\n",
        }.items():
            path = self.places.proc / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def publish(self, version: str, *, size: int = 300_000, kernel: bytes | None = None) -> dict[str, bytes]:
        """Put a release into the source, signed together with what is there; file contents by name."""
        root, verity = os.urandom(size), os.urandom(size // 10)
        files = {
            f"sotto_{version}.efi": kernel or b"kernel of " + version.encode(),
            f"sotto_{version}.root-{ARCH}_{uuid.uuid4().hex}.raw.xz": _compressed(root),
            f"sotto_{version}.root-{ARCH}-verity_{uuid.uuid4().hex}.raw.xz": _compressed(verity),
        }
        for name, content in files.items():
            (self.source / name).write_bytes(content)
        self.sign()
        self.published = (root, verity)
        return files

    def sign(self, extra: str = "", key: Key | None = None) -> None:
        """Write SHA256SUMS of what is there, and sign it."""
        lines = [
            f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n"
            for file in sorted(self.source.iterdir())
            if not file.name.startswith("SHA256SUMS")
        ]
        sums = self.source / "SHA256SUMS"
        sums.write_text("".join(lines) + extra)
        (key or self.key).sign(sums)

    def machine(self) -> Machine:
        """What the updater is told."""
        return Machine(self.version, ARCH, "Test CPU")

    def updater(self, stall_s: float = 60.0) -> Updater:
        """An updater as after a start of the daemon."""
        return Updater(self.places, self.machine(), self, lambda: NOW, stall_s=stall_s)

    def run(self, command: Sequence[str], timeout_s: float) -> Finished:
        """Start a program, noting it; reboots are only noted."""
        self.commands.append(list(command))
        if command[0] == "systemctl":
            return Finished(0, "", "")
        if command[0].endswith("systemd-sysupdate"):
            assert self.sysupdate is not None, "this test must not install"
            return self.sysupdate.run(command, timeout_s)
        return super().run(command, timeout_s)

    def boots(self) -> str:
        """The version that the boot loader would start now; checks that it can."""
        from services.updated.bootentries import BootFolder
        from services.updated.gpt import read_table

        entries = [entry for entry in BootFolder(self.places.kernels).entries() if not entry.failed]
        assert entries, "nothing is bootable"
        # systemd-boot takes the newest that has tries left; versions of these tests are whole numbers.
        version = str(max(int(entry.version) for entry in entries))
        labels = [partition.label for partition in read_table(self.disk)]
        assert {f"sotto_{version}", f"sotto_{version}_verity"} <= set(labels), (version, labels)
        return version

    def assert_running_slot_untouched(self) -> None:
        """The running slot and its kernel image are as they were, to the last bit."""
        assert self.slot_content(0) == self.running_content
        kernel = self.places.kernels / f"sotto_{self.version}.efi"
        assert kernel.read_bytes() == b"kernel of " + self.version.encode()


def _compressed(content: bytes) -> bytes:
    return lzma.compress(content, preset=0)
