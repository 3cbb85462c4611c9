"""A machine made of plain files, and the ways in which a kernel says no."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass, field
from pathlib import Path

from power import cpulist
from power.errors import SysfsError
from power.sysfs import Sysfs

LITTLE = (600_000, 1_200_000, 1_800_000)
BIG = (600_000, 1_200_000, 1_800_000, 2_400_000)
CPU = "sys/devices/system/cpu"


def put(root: Path, path: str, text: str) -> None:
    """A file with this content."""
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text + "\n")


def get(root: Path, path: str) -> str:
    """What a file says."""
    return (root / path).read_text().strip()


@dataclass
class Kernel(Sysfs):
    """A tree whose files can refuse: `refuses` gives an errno, `ignores` takes a value and forgets it.

    As in Linux, a policy whose cores are all off answers EBUSY, and a preference does so under the governor
    "performance".
    """

    root: Path = Path()
    refuses: dict[str, int] = field(default_factory=dict)
    ignores: set[str] = field(default_factory=set)
    writes: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(self.root)

    def read(self, path: str) -> str:
        if self._sleeps(path):
            raise SysfsError(path, errno.EBUSY, "read", os.strerror(errno.EBUSY))
        return super().read(path)

    def write(self, path: str, value: str) -> None:
        self.writes.append((path, value))
        refused = self.refuses.get(path, 0) or (errno.EBUSY if self._sleeps(path) else 0)
        folder = path.rpartition("/")[0]
        if path.endswith("preference") and value != "performance":
            governor = self.maybe(f"{folder}/scaling_governor")
            refused = refused or (errno.EBUSY if governor == "performance" else 0)
        if refused:
            raise SysfsError(path, refused, "write", os.strerror(refused))
        if path not in self.ignores:
            super().write(path, value)

    def _sleeps(self, path: str) -> bool:
        if "/cpufreq/policy" not in path:
            return False
        related = self.root / path.rpartition("/")[0] / "related_cpus"
        if not related.exists():
            return False
        files = [self.root / f"{CPU}/cpu{cpu}/online" for cpu in cpulist.parse(related.read_text())]
        return all(file.exists() and file.read_text().strip() == "0" for file in files)


def cluster(
    root: Path,
    cpus: list[int],
    steps: tuple[int, ...],
    *,
    governor: str = "schedutil",
    hints: bool = False,
    ceiling: int | None = None,
) -> None:
    """One cpufreq policy over `cpus`."""
    folder = f"{CPU}/cpufreq/policy{cpus[0]}"
    put(root, f"{folder}/related_cpus", " ".join(map(str, cpus)))
    put(root, f"{folder}/cpuinfo_min_freq", str(steps[0]))
    put(root, f"{folder}/cpuinfo_max_freq", str(steps[-1]))
    put(root, f"{folder}/scaling_available_frequencies", " ".join(map(str, reversed(steps))))
    put(root, f"{folder}/scaling_min_freq", str(steps[0]))
    put(root, f"{folder}/scaling_max_freq", str(ceiling or steps[-1]))
    put(root, f"{folder}/scaling_cur_freq", str(steps[0]))
    put(root, f"{folder}/scaling_driver", "amd-pstate-epp" if hints else "acpi-cpufreq")
    governors = "performance powersave" if hints else "ondemand userspace powersave performance schedutil"
    put(root, f"{folder}/scaling_available_governors", governors)
    put(root, f"{folder}/scaling_governor", governor)
    if hints:
        put(root, f"{folder}/energy_performance_preference", "balance_performance")
        put(root, f"{folder}/energy_performance_available_preferences", "default performance power")


def big_little(root: Path) -> Kernel:
    """Four cores in two clusters, with cpusets, an NPU, a sensor and a latency device."""
    put(root, f"{CPU}/online", "0-3")
    put(root, f"{CPU}/present", "0-3")
    for cpu in (1, 2, 3):
        put(root, f"{CPU}/cpu{cpu}/online", "1")
    cluster(root, [0, 1], LITTLE)
    cluster(root, [2, 3], BIG)
    put(root, "sys/fs/cgroup/system.slice/cpuset.cpus", "")
    put(root, "sys/class/devfreq/fdab0000.npu/available_frequencies", "300000000 600000000 1000000000")
    put(root, "sys/class/devfreq/fdab0000.npu/min_freq", "300000000")
    put(root, "sys/class/thermal/thermal_zone0/type", "acpitz")
    put(root, "sys/class/thermal/thermal_zone0/temp", "45000")
    put(root, "sys/class/thermal/cooling_device0/type", "Processor")
    put(root, "sys/class/thermal/cooling_device0/cur_state", "0")
    put(root, "dev/cpu_dma_latency", "")
    put(root, "proc/stat", "cpu0 0 0 0 1000 0 0 0 0\ncpu2 0 0 0 1000 0 0 0 0")
    return Kernel(root)


def snapshot(root: Path) -> dict[str, str]:
    """Everything that may be governed, as it is."""
    files = [*root.glob("sys/**/*"), *root.glob("proc/*")]
    return {str(file.relative_to(root)): file.read_text().strip() for file in files if file.is_file()}
