"""Scenarios of the power manager on Debian's stock kernel, seen through the monitor of the emulator."""

from __future__ import annotations

import errno
import time

import pytest

from tests.emulated.emulator import Emulator
from tests.emulated.tables import BIG_PORT, CHARGE, LIMIT, ON_BATTERY, TEMPERATURE

CPU = "/sys/devices/system/cpu"
POLICY = f"{CPU}/cpufreq/policy2"
FILES = (
    *(f"{CPU}/cpufreq/policy{p}/scaling_{n}" for p in (0, 2) for n in ("governor", "min_freq", "max_freq")),
    *(f"{CPU}/cpu{cpu}/online" for cpu in (1, 2, 3)),
    "/sys/fs/cgroup/system.slice/cpuset.cpus",
)
#: The register holds MHz / 100.
LOWEST, HIGHEST = 6, 24


def everything(machine: Emulator) -> dict[str, str]:
    return {path: machine.do("read", path=path) for path in FILES}


def test_speech_onset_takes_the_strong_clusters_register_to_its_maximum(machine: Emulator) -> None:
    assert machine.until(BIG_PORT, LOWEST)
    assert machine.phase("speech")["error"] == ""
    assert machine.register(BIG_PORT) == HIGHEST
    assert machine.phase("idle")["error"] == ""
    assert machine.until(BIG_PORT, LOWEST)


def test_a_stranger_cannot_raise_the_clocks(machine: Emulator) -> None:
    assert machine.until(BIG_PORT, LOWEST)
    assert "AccessDenied" in machine.phase("speech", user=901)["error"]
    assert machine.do("read", path=f"{POLICY}/scaling_min_freq") == "600000"
    assert machine.until(BIG_PORT, LOWEST)


def test_a_boost_without_further_news_ends_by_itself(machine: Emulator) -> None:
    machine.phase("speech")
    assert machine.until(BIG_PORT, LOWEST)


def test_heat_is_reported_and_met_with_lower_floors(machine: Emulator) -> None:
    machine.turn(TEMPERATURE, 90)
    machine.until_state("degraded", "high-operating-temperature")
    machine.phase("thinking")
    assert int(machine.do("read", path=f"{POLICY}/scaling_min_freq")) <= 1_200_000
    machine.turn(TEMPERATURE, 40)
    machine.until_state("degraded", "")
    machine.phase("thinking")
    assert machine.until(BIG_PORT, HIGHEST)


def test_throttling_by_the_kernel_is_not_fought(machine: Emulator) -> None:
    if machine.do("read", path="/sys/class/thermal/cooling_device2/max_state") == "0":
        pytest.skip("this kernel does not throttle when acpi-cpufreq is loaded as a module")
    machine.turn(TEMPERATURE, 90)
    end = time.monotonic() + 40
    while not machine.state()["cooling"]:
        assert time.monotonic() < end
        time.sleep(0.3)
    machine.phase("thinking")
    time.sleep(3)
    # The kernel allows 40 % of 2400 MHz, and takes the next step above. No floor of ours argues with it.
    assert machine.register(BIG_PORT) <= 12
    assert machine.do("read", path=f"{POLICY}/scaling_min_freq") == "600000"


def test_a_limit_of_the_firmware_is_honoured_and_told(machine: Emulator) -> None:
    machine.turn(LIMIT, 2)
    machine.until_state("degraded", "firmware-limit")
    machine.until_so(lambda found: found["clusters"][1]["limit"] == 1_200_000)
    machine.phase("thinking")
    assert machine.until(BIG_PORT, 12)
    machine.turn(LIMIT, 0)
    machine.until_state("degraded", "")
    assert machine.until(BIG_PORT, HIGHEST)


def test_a_battery_that_runs_low_brings_the_thrifty_profile(machine: Emulator) -> None:
    machine.turn(CHARGE, 10)
    machine.turn(ON_BATTERY, 1)
    found = machine.until_state("in_force", "power-saver")
    assert (found["profile"], found["battery_percent"]) == ("balanced", 10)
    machine.turn(ON_BATTERY, 0)
    machine.until_state("in_force", "balanced")


def test_a_cluster_whose_cores_are_all_off_is_busy_and_comes_back(machine: Emulator) -> None:
    for cpu in (2, 3):
        machine.do("write", path=f"{CPU}/cpu{cpu}/online", value="0")
    try:
        with pytest.raises(OSError) as caught:
            machine.do("read", path=f"{POLICY}/scaling_cur_freq")
        assert caught.value.errno == errno.EBUSY
        assert machine.phase("speech")["error"] == ""
        assert any("EBUSY" in why for why in machine.state()["problems"].values())
    finally:
        for cpu in (2, 3):
            machine.do("write", path=f"{CPU}/cpu{cpu}/online", value="1")
    machine.phase("thinking")
    assert machine.until(BIG_PORT, HIGHEST)


def test_a_powerd_killed_in_the_middle_of_a_boost_leaves_nothing_behind(booted: Emulator) -> None:
    booted.calm()
    before = everything(booted)
    assert booted.do("start") == "READY=1"
    booted.phase("thinking")
    assert booted.until(BIG_PORT, HIGHEST)
    booted.do("kill")
    assert everything(booted) != before
    assert booted.do("restore") == 0
    assert everything(booted) == before
    assert booted.until(BIG_PORT, LOWEST)


def test_a_powerd_that_ends_puts_everything_back(booted: Emulator) -> None:
    booted.calm()
    before = everything(booted)
    assert booted.do("start") == "READY=1"
    booted.phase("thinking")
    assert booted.do("stop") == 0
    assert everything(booted) == before
