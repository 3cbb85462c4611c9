"""Cooling devices that hold processors down."""

from __future__ import annotations

from power.sysfs import Sysfs

_THERMAL = "sys/class/thermal"
#: More devices than any machine has.
_MOST = 256
#: As the kernel names them: ACPI's, and those of cpufreq (drivers/thermal/cpufreq_cooling.c).
_PROCESSORS = ("Processor", "cpufreq", "thermal-cpufreq")


def coolers(sysfs: Sysfs) -> tuple[str, ...]:
    """Names of the cooling devices that slow processors."""
    names = (name for name in sysfs.names(_THERMAL)[:_MOST] if name.startswith("cooling_device"))
    return tuple(
        name for name in names if (sysfs.maybe(f"{_THERMAL}/{name}/type") or "").startswith(_PROCESSORS)
    )


def steps(sysfs: Sysfs, names: tuple[str, ...]) -> dict[str, int]:
    """Of the devices `names`, those at work, and at which step."""
    found = {name: sysfs.maybe_int(f"{_THERMAL}/{name}/cur_state") or 0 for name in names}
    return {name: step for name, step in found.items() if step > 0}
