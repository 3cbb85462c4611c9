"""Reads cgroups and network interfaces from /sys."""

from __future__ import annotations

import contextlib
import itertools
from pathlib import Path

from services.traffic.figures import Link

SYS = Path("/sys")
_MOST = 4096


def living_units(sys: Path = SYS) -> dict[str, str]:
    """Units by the number of their cgroup (the inode of its folder); the second level, as in the firewall."""
    found: dict[str, str] = {}
    for folder in itertools.islice((sys / "fs/cgroup").glob("*/*/"), _MOST):
        with contextlib.suppress(OSError):  # it may have ended meanwhile
            found[str(folder.stat().st_ino)] = folder.name
    return found


def links(sys: Path = SYS) -> tuple[Link, ...]:
    """The network interfaces but loopback."""
    found = []
    for folder in sorted(itertools.islice((sys / "class/net").glob("*/"), _MOST)):
        if folder.name != "lo":
            with contextlib.suppress(OSError, ValueError):
                sent, received = (
                    int((folder / "statistics" / name).read_text("ascii"))
                    for name in ("tx_bytes", "rx_bytes")
                )
                found.append(Link(folder.name, sent, received))
    return tuple(found)
