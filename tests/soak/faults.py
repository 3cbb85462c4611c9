"""Faults that are put into a running box: what each breaks, for how long, and how it is mended."""

from __future__ import annotations

import contextlib
import random
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

#: Seconds between the end of one fault and the beginning of the next: daemons start anew, sound comes back.
REST_S = 60.0


@dataclass(frozen=True)
class Fault:
    """One kind of fault.

    Attributes:
        name: for people.
        begin: breaks it.
        end: mends it.
        seconds: between the two.
    """

    name: str
    begin: Callable[[], None]
    end: Callable[[], None]
    seconds: float


def bags(kinds: list[Fault], chance: random.Random) -> Iterator[Fault]:
    """All kinds in random order, then all again: each comes equally often."""
    while kinds:
        bag = list(kinds)
        chance.shuffle(bag)
        yield from bag


class SmallDisk:
    """A file system of 32 MB for the state, which can be filled; needs root.

    Args:
        folder: an empty folder, where it is mounted.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ballast = folder / "ballast"
        command = ["mount", "-t", "tmpfs", "-o", "size=32m,mode=0700", "sotto-soak", str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=30)
        self.mounted = done.returncode == 0
        self.why_not = done.stderr.strip()

    def fill(self) -> None:
        """Leave not a byte."""
        with contextlib.suppress(OSError), self._ballast.open("wb") as file:
            while True:
                file.write(bytes(65536))
                file.flush()

    def free(self) -> None:
        """Give it all back."""
        self._ballast.unlink(missing_ok=True)

    def close(self) -> None:
        """Unmount it."""
        if self.mounted:
            subprocess.run(["umount", "-l", str(self.folder)], check=False, timeout=30)


class FalseClock:
    """The time of day of programs that are started with `environment`, moved by libfaketime.

    Args:
        folder: for the file that tells by how much.
    """

    def __init__(self, folder: Path) -> None:
        libraries = list(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
        self.why_not = "" if libraries else "libfaketime is not installed (apt: faketime)"
        self._file = folder / "clock"
        self._offset = 0
        self._write()
        self.environment = {
            "LD_PRELOAD": str(libraries[0]) if libraries else "",
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            # Read again so often; without a cache each look at the clock would read the file.
            "FAKETIME_CACHE_DURATION": "2",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }

    def step(self, seconds: int) -> None:
        """Set the clock forward, or back below zero."""
        self._offset += seconds
        self._write()

    def _write(self) -> None:
        part = self._file.with_suffix(".part")
        part.write_text(f"{self._offset:+d}\n")
        part.replace(self._file)
