"""Debian's own powerprofilesctl against powerd: what it asks, and what happens to holds."""

from __future__ import annotations

import shutil
import subprocess
import time

import pytest

from tests.power.machine import CPU, get
from tests.services.powerd.conftest import World

CONTROL = "/usr/bin/powerprofilesctl"


def control(world: World, *words: str) -> subprocess.CompletedProcess[str]:
    if shutil.which("powerprofilesctl") is None:
        pytest.skip("powerprofilesctl is not installed (package power-profiles-daemon)")
    return subprocess.run(
        [CONTROL, *words], env=world.environment, capture_output=True, text=True, timeout=60
    )


def test_the_profiles_are_listed_and_one_can_be_set(world: World) -> None:
    world.start()
    listed = control(world, "list")
    assert listed.returncode == 0, listed.stderr
    assert {"power-saver", "balanced", "performance"} <= {
        line.strip(" *:\n") for line in listed.stdout.splitlines()
    }
    assert control(world, "set", "performance").returncode == 0
    assert control(world, "get").stdout.strip() == "performance"
    assert control(world, "set", "turbo").returncode != 0


def test_a_hold_lasts_as_long_as_the_program_that_holds_it(world: World) -> None:
    world.start()
    if shutil.which("powerprofilesctl") is None:
        pytest.skip("powerprofilesctl is not installed (package power-profiles-daemon)")
    holder = subprocess.Popen(
        [CONTROL, "launch", "-p", "performance", "-r", "a test", "-i", "org.example.Test", "sleep", "60"],
        env=world.environment,
    )
    world.processes.append(holder)
    _until_profile(world, "performance")
    assert "org.example.Test" in control(world, "list-holds").stdout
    holder.kill()
    holder.wait()
    _until_profile(world, "balanced")
    assert control(world, "list-holds").stdout.strip() == ""


def test_whoever_chooses_ends_all_holds(world: World) -> None:
    world.start()
    hold = world.hold("power-saver")
    _until_profile(world, "power-saver")
    assert control(world, "set", "performance").returncode == 0
    assert control(world, "get").stdout.strip() == "performance"
    assert hold.poll() is None


def test_the_profile_reaches_the_machine(world: World) -> None:
    world.start()
    assert control(world, "set", "performance").returncode == 0
    assert get(world.root, f"{CPU}/cpufreq/policy2/scaling_max_freq") == "2400000"


def _until_profile(world: World, name: str) -> None:
    end = time.monotonic() + 20
    while (found := control(world, "get").stdout.strip()) != name:
        assert time.monotonic() < end, found
        time.sleep(0.1)
