"""powerd on a machine of umockdev: batteries and sensors come, change and go, under the kernel's paths."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.power.machine import CPU, big_little, get
from tests.services.powerd.conftest import World, until

_PYTHON = "/usr/bin/python3"
_TESTBED = Path(__file__).with_name("testbed.py")
_BATTERY = {"type": "Battery", "present": "1", "status": "Discharging", "capacity": "80", "scope": "System"}


class Testbed:
    """The testbed of another process; it is gone when that ends."""

    __test__ = False

    def __init__(self) -> None:
        command = ["umockdev-wrapper", _PYTHON, str(_TESTBED)]
        self.process = subprocess.Popen(
            command, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        self.folder = Path(self._answer())

    def do(self, verb: str, **order: Any) -> str:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"do": verb, **order}) + "\n")
        self.process.stdin.flush()
        return self._answer()

    def add(self, subsystem: str, name: str, attributes: dict[str, str]) -> str:
        """A device; its path."""
        return self.do("add", subsystem=subsystem, name=name, attributes=attributes, properties={})

    def set(self, device: str, attribute: str, value: str) -> None:
        """A new value, and the event that tells of it."""
        self.do("set", device=device, attribute=attribute, value=value)

    def _answer(self) -> str:
        assert self.process.stdout is not None and self.process.stderr is not None
        line = self.process.stdout.readline()
        assert line, self.process.stderr.read()
        return str(json.loads(line)["answer"])


@pytest.fixture
def bed(world: World) -> Iterator[Testbed]:
    """Devices that powerd, once started, takes for those of the machine."""
    if shutil.which("umockdev-wrapper") is None:
        pytest.skip("umockdev is not installed (package umockdev)")
    asked = [_PYTHON, "-c", "import gi; gi.require_version('UMockdev', '1.0')"]
    if subprocess.run(asked, capture_output=True, timeout=60).returncode != 0:
        pytest.skip("Python has no bindings of umockdev (packages python3-gi, gir1.2-umockdev-1.0)")
    bed = Testbed()
    world.processes.append(bed.process)
    shutil.rmtree(world.root)
    big_little(bed.folder)
    shutil.rmtree(bed.folder / "sys/class/thermal")
    # umockdev lets the real files through where the testbed has none, but for /sys.
    world.seen_by_powerd = {"LD_PRELOAD": "libumockdev-preload.so.0", "UMOCKDEV_DIR": str(bed.folder)}
    yield bed


def start(world: World) -> None:
    powerd = world.start("--root", "/")
    assert powerd.poll() is None, powerd.stderr


def test_the_clocks_under_the_paths_of_the_kernel_are_governed(world: World, bed: Testbed) -> None:
    start(world)
    world.phase("speech")
    assert get(bed.folder, f"{CPU}/cpufreq/policy2/scaling_min_freq") == "2400000"


def test_a_battery_that_appears_runs_low_and_vanishes_is_followed(world: World, bed: Testbed) -> None:
    start(world)
    assert world.state()["battery_percent"] is None
    battery = bed.add("power_supply", "BAT0", _BATTERY)
    until(lambda: world.state()["battery_percent"] == 80, "the battery is seen")
    assert world.state()["in_force"] == "balanced"
    bed.set(battery, "capacity", "12")
    until(lambda: world.state()["in_force"] == "power-saver", "the thrifty profile")
    bed.set(battery, "status", "Charging")
    until(lambda: world.state()["in_force"] == "balanced", "on mains again")
    bed.do("remove", device=battery)
    until(lambda: world.state()["battery_percent"] is None, "the battery is gone")


def test_a_battery_pulled_out_while_it_runs_low_ends_the_thrifty_profile(world: World, bed: Testbed) -> None:
    battery = bed.add("power_supply", "BAT0", {**_BATTERY, "capacity": "5"})
    start(world)
    assert world.state()["in_force"] == "power-saver"
    bed.do("remove", device=battery)
    until(lambda: world.state()["in_force"] == "balanced", "the chosen profile")


def test_an_empty_mouse_does_not_put_the_box_on_battery(world: World, bed: Testbed) -> None:
    bed.add("power_supply", "hidpp_battery_0", {**_BATTERY, "capacity": "3", "scope": "Device"})
    start(world)
    assert world.state()["battery_percent"] is None
    assert world.state()["in_force"] == "balanced"


def test_a_hot_zone_is_told_and_lowers_floors_until_it_is_cool(world: World, bed: Testbed) -> None:
    zone = bed.add("thermal", "thermal_zone0", {"type": "x86_pkg_temp", "temp": "45000"})
    start(world)
    assert world.state()["hottest_c"] == 45
    bed.set(zone, "temp", "92000")
    until(lambda: world.state()["degraded"] == "high-operating-temperature", "heat is told")
    world.phase("thinking")
    assert get(bed.folder, f"{CPU}/cpufreq/policy2/scaling_min_freq") == "1200000"
    bed.set(zone, "temp", "50000")
    until(lambda: world.state()["degraded"] == "", "it is cool")


def test_a_zone_that_goes_away_leaves_no_heat_behind(world: World, bed: Testbed) -> None:
    zone = bed.add("thermal", "thermal_zone0", {"type": "cpu-thermal", "temp": "92000"})
    start(world)
    assert world.state()["degraded"] == "high-operating-temperature"
    bed.do("remove", device=zone)
    until(lambda: world.state()["hottest_c"] is None, "no sensor is left")
    assert world.state()["degraded"] == ""
