"""Unified kernel images on the EFI system partition, and what their names mean to the boot loader.

`sotto_2.efi` is proven good; `sotto_3+2-1.efi` is on trial with two tries left and one done;
`sotto_3+0-3.efi` failed. https://systemd.io/AUTOMATIC_BOOT_ASSESSMENT/
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from services.updated.errors import InstallFailed
from services.updated.versions import VERSION

_NAME = re.compile(rf"sotto_(?P<version>{VERSION})(?:\+(?P<left>\d{{1,4}})(?:-(?P<done>\d{{1,4}}))?)?\.efi")
#: What systemd-sysupdate leaves behind when it is interrupted.
_LEFTOVER = ".#sysupdate"


@dataclass(frozen=True)
class BootEntry:
    """A kernel image. `left` is None when it is no longer counted, that is blessed."""

    version: str
    left: int | None = None
    done: int = 0

    @property
    def name(self) -> str:
        """The file's name."""
        counter = "" if self.left is None else f"+{self.left}-{self.done}"
        return f"sotto_{self.version}{counter}.efi"

    @property
    def blessed(self) -> bool:
        """Whether it is proven good."""
        return self.left is None

    @property
    def failed(self) -> bool:
        """Whether the boot loader prefers any other entry. The last try of a trial runs with this name."""
        return self.left == 0


def parse_entry(name: str) -> BootEntry | None:
    """The entry of a file name; None for files of others."""
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    left = None if match["left"] is None else int(match["left"])
    return BootEntry(match["version"], left, int(match["done"] or 0))


def on_trial(entries: Iterable[BootEntry], running: str) -> bool:
    """Whether the running version still has to prove itself."""
    own = [entry for entry in entries if entry.version == running]
    return bool(own) and not any(entry.blessed for entry in own)


class BootFolder:
    """The folder of kernel images.

    All methods raise InstallFailed `update.boot` when it cannot be used.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def entries(self) -> list[BootEntry]:
        """All images of ours, by name."""
        try:
            names = sorted(path.name for path in self._folder.iterdir())
        except OSError as error:
            raise self._unusable(error) from error
        return [entry for name in names if (entry := parse_entry(name)) is not None]

    def remove(self, versions: Iterable[str]) -> None:
        """Remove all images of these versions, and leftovers of interrupted updates."""
        versions = frozenset(versions)
        try:
            for path in list(self._folder.iterdir()):
                entry = parse_entry(path.name)
                if path.name.startswith(_LEFTOVER) or (entry is not None and entry.version in versions):
                    path.unlink()
            self._sync()
        except OSError as error:
            raise self._unusable(error) from error

    def bless(self, version: str) -> None:
        """Mark all images of a version as proven good."""
        self._rename(version, lambda entry: BootEntry(version))

    def give_up(self, version: str) -> None:
        """Mark all images of a version as failed, so that the boot loader takes another one."""
        self._rename(version, lambda entry: entry if entry.failed else BootEntry(version, 0, entry.done or 3))

    def _rename(self, version: str, wanted: Callable[[BootEntry], BootEntry]) -> None:
        try:
            for path in list(self._folder.iterdir()):
                entry = parse_entry(path.name)
                if entry is not None and entry.version == version and wanted(entry) != entry:
                    path.replace(self._folder / wanted(entry).name)
            self._sync()
        except OSError as error:
            raise self._unusable(error) from error

    def _sync(self) -> None:
        # FAT has no journal: until the folder is written, a power cut may bring the old names back.
        handle = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    def _unusable(self, error: OSError) -> InstallFailed:
        return InstallFailed(
            f"the boot folder {self._folder} cannot be used: {error.strerror or error}",
            hint="is the EFI system partition mounted at /boot, and not full?",
            code="update.boot",
        )
