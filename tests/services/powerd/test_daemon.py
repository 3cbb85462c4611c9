from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from power.sysfs import Sysfs
from services.bench.virtual_sound import until
from tests.conftest import REPOSITORY
from tests.power.machine import CPU, get, put, snapshot
from tests.services.powerd.conftest import World

FLOOR = f"{CPU}/cpufreq/policy2/scaling_min_freq"


def test_speech_is_followed_by_a_higher_floor_and_the_end_puts_everything_back(world: World) -> None:
    before = snapshot(world.root)
    powerd = world.start()
    assert "method return" in world.phase("speech")
    assert get(world.root, FLOOR) == "2400000"
    powerd.send_signal(signal.SIGTERM)
    assert powerd.wait(20) == 0
    assert snapshot(world.root) == before


def test_a_boost_ends_by_itself_when_the_assistant_says_no_more(world: World) -> None:
    world.start()
    world.phase("speech")
    end = time.monotonic() + 20
    while get(world.root, FLOOR) != "600000":
        assert time.monotonic() < end
        time.sleep(0.1)


def test_what_a_killed_powerd_left_is_put_back_by_the_restore_program(world: World) -> None:
    before = snapshot(world.root)
    powerd = world.start()
    world.phase("thinking")
    powerd.kill()
    powerd.wait()
    assert snapshot(world.root) != before
    done = world.restore()
    assert done.returncode == 0, done.stderr
    assert snapshot(world.root) == before


def test_restoring_where_nothing_was_left_does_nothing(world: World) -> None:
    before = snapshot(world.root)
    assert world.restore().returncode == 0
    assert snapshot(world.root) == before


def test_a_second_powerd_says_that_there_is_one(world: World) -> None:
    world.start()
    second = world.start()
    assert second.wait(20) == 6
    assert second.stderr is not None
    assert "a power daemon is already running" in second.stderr.read()


def test_where_another_power_daemon_owns_the_name_this_one_stands_back(world: World) -> None:
    code = (
        "import asyncio\nfrom dbus_next.aio.message_bus import MessageBus\n"
        "from dbus_next.constants import BusType\n"
        "async def main():\n bus = await MessageBus(bus_type=BusType.SYSTEM).connect()\n"
        " await bus.request_name('net.hadess.PowerProfiles')\n print('owned', flush=True)\n"
        " await asyncio.sleep(60)\nasyncio.run(main())"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", code], env=world.environment, stdout=subprocess.PIPE, text=True
    )
    world.processes.append(other)
    assert other.stdout is not None
    assert other.stdout.readline() == "owned\n"
    before = snapshot(world.root)
    powerd = world.start()
    assert powerd.wait(20) == 6
    assert powerd.stderr is not None
    assert "another power daemon owns net.hadess.PowerProfiles" in powerd.stderr.read()
    assert snapshot(world.root) == before


def test_nonsense_over_the_bus_is_refused_with_words_and_nothing_dies(world: World) -> None:
    powerd = world.start()
    own, name = ("org.sotto.Power1", "/org/sotto/Power1"), "org.sotto.Power1"
    assert "there is no phase" in world.phase("dancing")
    assert "InvalidArgs" in world.phase("x" * 5000)
    assert "UnknownMethod" in world.send(*own, f"{name}.SetPhase", "uint32:3")
    assert "UnknownMethod" in world.send(*own, f"{name}.Explode")
    properties = "org.freedesktop.DBus.Properties"
    assert "no property" in world.send(*own, f"{properties}.Get", f"string:{name}", "string:Colour")
    assert "cannot be set" in world.send(
        *own, f"{properties}.Set", f"string:{name}", "string:Phase", "variant:string:speech"
    )
    assert "InvalidArgs" in world.send(
        "net.hadess.PowerProfiles",
        "/net/hadess/PowerProfiles",
        f"{properties}.Set",
        "string:net.hadess.PowerProfiles",
        "string:ActiveProfile",
        "variant:string:turbo",
    )
    assert powerd.poll() is None
    assert "method return" in world.phase("idle")


def test_a_machine_without_clocks_is_served_and_says_what_is_missing(world: World) -> None:
    for file in sorted((world.root / "sys").rglob("*"), reverse=True):
        file.unlink() if file.is_file() else file.rmdir()
    put(world.root, f"{CPU}/online", "0-1")
    world.start()
    world.phase("speech")
    explained = world.send("org.sotto.Power1", "/org/sotto/Power1", "org.sotto.Power1.Explain")
    assert "no cpufreq driver" in explained


def test_heat_is_reported_as_degraded_and_not_fought(world: World) -> None:
    world.start()
    assert '""' in world.get("PerformanceDegraded")
    put(world.root, "sys/class/thermal/cooling_device0/cur_state", "2")
    end = time.monotonic() + 20
    while "high-operating-temperature" not in world.get("PerformanceDegraded"):
        assert time.monotonic() < end
        time.sleep(0.2)


def test_a_profile_with_a_mistake_costs_that_profile_only(world: World) -> None:
    (world.folder / "profiles").mkdir()
    (world.folder / "profiles/night.toml").write_text("speech_floor = ")
    (world.folder / "profiles/day.toml").write_text("speech_floor = 7")
    powerd = world.start()
    assert powerd.poll() is None
    assert '"night"' not in world.get("Profiles")
    assert '"day"' in world.get("Profiles")


def test_the_chosen_profile_is_there_again_after_a_restart(world: World) -> None:
    powerd = world.start()
    done = subprocess.run(
        [sys.executable, "-m", "services.cli.main", "power", "profile", "performance"],
        env=world.environment,
        cwd=REPOSITORY,
        timeout=60,
    )
    assert done.returncode == 0
    powerd.send_signal(signal.SIGTERM)
    powerd.wait(20)
    world.start()
    assert until(lambda: "performance" in world.get("ActiveProfile"))


def test_systemd_is_told_of_readiness_and_life(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind(str(world.folder / "notify"))
        channel.settimeout(30)
        monkeypatch.setenv("NOTIFY_SOCKET", str(world.folder / "notify"))
        powerd = world.start()
        said = {channel.recv(100) for _ in range(3)}
        powerd.send_signal(signal.SIGTERM)
        while b"STOPPING=1" not in said:
            said.add(channel.recv(100))
    assert {b"READY=1", b"WATCHDOG=1", b"STOPPING=1"} <= said


@pytest.mark.slow
def test_a_resting_powerd_is_small_and_seldom_awake(world: World) -> None:
    powerd = world.start()
    time.sleep(3)
    status = Path(f"/proc/{powerd.pid}/status")

    def figure(name: str) -> int:
        return next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith(name))

    before = figure("voluntary_ctxt_switches")
    time.sleep(10)
    assert figure("voluntary_ctxt_switches") - before <= 10
    assert figure("VmRSS") * 1024 < 25_000_000


def test_the_command_explains_and_tells_the_status(world: World) -> None:
    world.start()

    def sotto(*words: str) -> str:
        command = [sys.executable, "-m", "services.cli.main", "power", *words]
        done = subprocess.run(
            command, env=world.environment, cwd=REPOSITORY, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    world.phase("thinking")
    assert "a sentence is being heard or understood" in sotto("explain")
    assert json.loads(sotto("status", "--json"))["phase"] == "thinking"
    assert "balanced" in sotto("status")


def test_the_command_says_when_there_is_no_powerd(world: World) -> None:
    command = [sys.executable, "-m", "services.cli.main", "power", "status"]
    done = subprocess.run(
        command, env=world.environment, cwd=REPOSITORY, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 5
    assert "powerd does not answer" in done.stderr


def test_without_a_bus_powerd_says_so_and_changes_nothing(world: World) -> None:
    before = snapshot(world.root)
    command = [sys.executable, "-m", "services.powerd.main", "--root", str(world.root)]
    done = subprocess.run(
        [*command, "--runtime", str(world.folder / "run")],
        env={**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={world.folder}/nothing"},
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 5
    assert "system bus" in done.stderr
    assert snapshot(world.root) == before
    assert Sysfs(world.root).exists(FLOOR)
