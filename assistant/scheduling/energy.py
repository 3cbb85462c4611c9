"""The energy counter of the processor's package (RAPL), where the kernel shows one.

The kernel counts microjoules in `class/powercap/intel-rapl:N/energy_uj`, one zone a package, and begins again
at `max_energy_range_uj` (Documentation/power/powercap/powercap.rst; AMD's counters have the same name). Only
root may read the counter, because it tells what is computed; without the right, or in a virtual machine,
there is no energy.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from common.files import read_plain

#: Zones of one package; zones below them ("intel-rapl:0:0") are parts of what it counts.
_ZONE = re.compile(r"intel-rapl:\d{1,4}")
_FOLDER = "class/powercap"
#: More packages than any machine has.
_MOST_ZONES = 64


@dataclass(frozen=True)
class _Zone:
    folder: Path
    range_uj: int


class EnergyMeter:
    """Reads the counters of all packages.

    Args:
        sysfs: root of sysfs.
    """

    def __init__(self, sysfs: Path = Path("/sys")) -> None:
        self._zones = tuple(_zones(sysfs / _FOLDER))

    def read(self) -> tuple[int, ...] | None:
        """The counters now; None where the machine has none, or they cannot be read."""
        values = [_number(zone.folder / "energy_uj") for zone in self._zones]
        counted = tuple(value for value in values if value is not None)
        return counted if counted and len(counted) == len(values) else None

    def spent_mj(self, before: tuple[int, ...] | None, after: tuple[int, ...] | None) -> float | None:
        """Energy between two readings, in mJ; None if one is missing.

        A counter that has begun again once is taken into account; it does so after minutes at the soonest.
        """
        if before is None or after is None:
            return None
        spent = 0
        for zone, first, last in zip(self._zones, before, after, strict=True):
            spent += last - first if last >= first else last - first + zone.range_uj
        return spent / 1e3


def _zones(folder: Path) -> list[_Zone]:
    try:
        names = sorted(path.name for path in folder.iterdir() if _ZONE.fullmatch(path.name))
    except OSError:
        return []
    found = []
    for name in names[:_MOST_ZONES]:
        # "psys" counts the whole board, and with it the packages a second time.
        if not _text(folder / name / "name").startswith("package"):
            continue
        range_uj = _number(folder / name / "max_energy_range_uj")
        if range_uj:
            found.append(_Zone(folder / name, range_uj))
    return found


def _number(path: Path) -> int | None:
    text = _text(path)
    return int(text) if text.isdecimal() and len(text) < 20 else None


def _text(path: Path) -> str:
    try:
        return read_plain(path, 64).decode("ascii", "replace").strip()
    except OSError:
        return ""
