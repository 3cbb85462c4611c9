"""The zone the box lives in, as a real zone: alarms must know about summer time ahead."""

from __future__ import annotations

import os
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

_LINK = Path("/etc/localtime")
_NAME = Path("/etc/timezone")


def local_zone() -> tzinfo:
    """The zone named by `TZ`, `/etc/localtime` or `/etc/timezone`; UTC where none says."""
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


def local_now(zone: tzinfo | None = None) -> datetime:
    """The time now, aware, in `zone` (the local one by default)."""
    return datetime.now(zone or local_zone())
