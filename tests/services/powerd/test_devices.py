"""powerd on a machine of umockdev: batteries and sensors come, change and go, under the kernel's paths."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from tests.power.machine import CPU, big_little, get
from tests.services.powerd.conftest import World, until
from tests.testbed import Testbed

_BATTERY = {"type": "Battery", "present": "1", "status": "Discharging", "capacity": "80", "scope": "System"}


@pytest.fixture
def bed(world: World) -> Iterator[Testbed]:
    """Devices that powerd, once started, takes for those of the machine."""
    bed = Testbed()
    world.processes.append(bed.process)
    shutil.rmtree(world.root)
    big_little(bed.folder)
    shutil.rmtree(bed.folder / "sys/class/thermal")
    # umockdev lets the real files through where the testbed has none, but for /sys.
    world.seen_by_powerd = bed.environment
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
