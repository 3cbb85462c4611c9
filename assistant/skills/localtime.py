"""The time zone of the box, with its future changes to summer time, and whether its clock is set."""

from __future__ import annotations

import os
from datetime import UTC, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

_LINK = Path("/etc/localtime")
_NAME = Path("/etc/timezone")
#: What systemd-timesyncd leaves: while it runs, and once it has set the clock (systemd-timesyncd.service(8)).
_KEEPER = Path("run/systemd/timesync")
_SET = _KEEPER / "synchronized"
#: Clocks that go on while the machine is off.
_BATTERY_CLOCKS = Path("sys/class/rtc")


def local_zone() -> tzinfo:
    """The zone named by `TZ`, `/etc/localtime` or `/etc/timezone`; UTC where none names one."""
    candidates = [os.environ.get("TZ", "").removeprefix(":")]
    target = str(_LINK.resolve()) if _LINK.exists() else ""
    if "/zoneinfo/" in target:
        candidates.append(target.split("/zoneinfo/", 1)[1])
    if _NAME.is_file():
        candidates.append(_NAME.read_text("utf-8", errors="replace").strip())
    for name in filter(None, candidates):
        try:
            return ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            continue
    return UTC


def clock_is_set(root: Path = Path("/")) -> bool:
    """Whether the machine's clock can be right.

    It cannot on a machine without a battery-backed clock whose time is kept by systemd-timesyncd, as on the
    box, until that has reached a time server: it goes on from when the machine was switched off.

    Args:
        root: of the file system.
    """
    if not (root / _KEEPER).is_dir() or (root / _SET).exists():
        return True
    clocks = root / _BATTERY_CLOCKS
    return clocks.is_dir() and any(clocks.iterdir())
