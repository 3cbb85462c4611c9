"""What the machine says about itself: load, heat, supply, and who holds the clocks down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from power.cooling import coolers, steps
from power.policy import Readings
from power.sysfs import Sysfs
from power.topology import Topology

_MOST_ZONES = 128
#: Zones of this sort say how hot the processors are; a battery or a disk says something else.
_FOREIGN = ("bat", "nvme", "wifi", "iwlwifi", "charger", "disk")


@dataclass(frozen=True)
class Usage:
    """Busy and total ticks of each processor, as /proc/stat has them."""

    busy: Mapping[int, int]
    total: Mapping[int, int]


class Sensors:
    """Reads the sensors of one machine; what is not there is left out."""

    def __init__(self, sysfs: Sysfs, topology: Topology) -> None:
        self._sysfs = sysfs
        self._topology = topology
        thermal = sysfs.names("sys/class/thermal")[: 2 * _MOST_ZONES]
        zones = [name for name in thermal if name.startswith("thermal_zone")]
        kinds = {name: (sysfs.maybe(f"sys/class/thermal/{name}/type") or "").lower() for name in zones}
        self._zones = tuple(name for name in zones if not any(word in kinds[name] for word in _FOREIGN))
        self._coolers = coolers(sysfs)
        self._usage = self._read_usage()

    def read(self, limits_khz: Mapping[int, int]) -> Readings:
        """Everything once.

        Args:
            limits_khz: what `Actuator.verify` found held below our own ceilings.
        """
        load, work = self._load()
        battery = self._battery()
        return Readings(
            load=load,
            work_khz=work,
            hottest_c=self._hottest(),
            limits_khz={**limits_khz, **self._firmware_limits()},
            throttled=bool(self.cooling()),
            on_battery=battery is not None and battery[1],
            battery_percent=battery[0] if battery is not None else None,
            governors={
                cluster.policy: self._sysfs.maybe(f"{cluster.folder}/scaling_governor") or ""
                for cluster in self._topology.clusters
            },
        )

    def cooling(self) -> tuple[str, ...]:
        """Processors' cooling devices that are at work, by name and step."""
        working = steps(self._sysfs, self._coolers)
        return tuple(f"{name} at step {step}" for name, step in working.items())

    def clocks_khz(self) -> dict[int, int]:
        """By policy, the clock at present, where it can be known."""
        clocks = {}
        for cluster in self._topology.clusters:
            khz = self._sysfs.maybe_int(f"{cluster.folder}/scaling_cur_freq")
            if khz is not None:
                clocks[cluster.policy] = khz
        return clocks

    def residency_ms(self) -> dict[int, dict[int, int]]:
        """By policy, milliseconds at each frequency since boot, where the kernel counts (cpufreq/stats)."""
        found = {}
        for cluster in self._topology.clusters:
            lines = (self._sysfs.maybe(f"{cluster.folder}/stats/time_in_state") or "").splitlines()
            pairs = [line.split() for line in lines]
            table = {
                int(p[0]): int(p[1]) * 10 for p in pairs if len(p) == 2 and p[0].isdigit() and p[1].isdigit()
            }
            if table:
                found[cluster.policy] = table
        return found

    def _hottest(self) -> float | None:
        temperatures = (self._sysfs.maybe_int(f"sys/class/thermal/{name}/temp") for name in self._zones)
        # Zones without a sensor behind them answer with nonsense.
        sane = [t / 1000 for t in temperatures if t is not None and -40_000 < t < 150_000]
        return max(sane, default=None)

    def _firmware_limits(self) -> dict[int, int]:
        limits = {}
        for cluster in self._topology.clusters:
            bios = self._sysfs.maybe_int(f"{cluster.folder}/bios_limit")
            if bios is not None and 0 < bios < cluster.high_khz:
                limits[cluster.policy] = bios
        return limits

    def _battery(self) -> tuple[int, bool] | None:
        """Percent of the box's own battery and whether it is being emptied; a mouse's does not count."""
        for name in self._sysfs.names("sys/class/power_supply")[:_MOST_ZONES]:
            folder = f"sys/class/power_supply/{name}"
            if (
                self._sysfs.maybe(f"{folder}/type") != "Battery"
                or self._sysfs.maybe(f"{folder}/scope") == "Device"
            ):
                continue
            percent = self._sysfs.maybe_int(f"{folder}/capacity")
            if percent is not None:
                return percent, self._sysfs.maybe(f"{folder}/status") == "Discharging"
        return None

    def _load(self) -> tuple[dict[int, float], float]:
        """By policy the work of the busiest processor, and that of all, in kHz, since the last reading."""
        before, self._usage = self._usage, self._read_usage()
        clocks = self.clocks_khz()
        load: dict[int, float] = {}
        work = 0.0
        for cluster in self._topology.clusters:
            khz = clocks.get(cluster.policy, cluster.high_khz)
            shares = []
            for cpu in cluster.cpus:
                total = self._usage.total.get(cpu, 0) - before.total.get(cpu, 0)
                busy = self._usage.busy.get(cpu, 0) - before.busy.get(cpu, 0)
                shares.append(min(1.0, max(0.0, busy / total)) if total > 0 else 0.0)
            load[cluster.policy] = khz * max(shares, default=0.0)
            work += khz * sum(shares)
        return load, work

    def _read_usage(self) -> Usage:
        busy: dict[int, int] = {}
        total: dict[int, int] = {}
        for line in (self._sysfs.maybe("proc/stat") or "").splitlines():
            name, *words = line.split()
            if not name.startswith("cpu") or not name[3:].isdigit() or len(words) < 5:
                continue
            ticks = [int(word) for word in words[:8]]
            cpu = int(name[3:])
            total[cpu] = sum(ticks)
            busy[cpu] = total[cpu] - ticks[3] - ticks[4]  # idle and waiting for input and output
        return Usage(busy, total)
