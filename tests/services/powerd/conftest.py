"""A private bus, a machine of files, and the real daemon on both."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import REPOSITORY
from tests.power.machine import big_little

_BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path={socket}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/>
<allow own="*"/><allow user="*"/></policy></busconfig>"""


@dataclass
class World:
    """One bus and one machine; `start` runs powerd on them."""

    folder: Path
    processes: list[subprocess.Popen[Any]] = field(default_factory=list)
    #: More for powerd alone: what makes it see other devices.
    seen_by_powerd: dict[str, str] = field(default_factory=dict)
    #: Where powerd's code lies.
    repository: Path = REPOSITORY

    @property
    def root(self) -> Path:
        return self.folder / "root"

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={self.folder}/bus"}

    def start_bus(self) -> None:
        (self.folder / "bus.conf").write_text(_BUS.format(socket=self.folder / "bus"))
        command = ["dbus-daemon", f"--config-file={self.folder}/bus.conf", "--nofork"]
        self.processes.append(subprocess.Popen(command, text=True, stderr=subprocess.DEVNULL))
        until(lambda: (self.folder / "bus").exists(), "the bus is there")

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """A powerd; returns when it owns its names or has ended."""
        command = [sys.executable, "-m", "services.powerd.main", "--root", str(self.root)]
        command += ["--runtime", str(self.folder / "run"), "--state", str(self.folder), *arguments]
        command += ["--profiles", str(self.folder / "profiles")]
        environment = {**self.environment, **self.seen_by_powerd}
        process = subprocess.Popen(
            command, env=environment, cwd=self.repository, text=True, stderr=subprocess.PIPE
        )
        self.processes.append(process)
        until(lambda: process.poll() is not None or self.owned("org.sotto.Power1"), "powerd is ready")
        return process

    def owned(self, name: str) -> bool:
        return "boolean true" in self.send(
            "org.freedesktop.DBus",
            "/org/freedesktop/DBus",
            "org.freedesktop.DBus.NameHasOwner",
            f"string:{name}",
        )

    def send(self, destination: str, path: str, method: str, *arguments: str, user: str | None = None) -> str:
        """A call with dbus-send, as `user` or as whoever runs the tests; what it prints, errors included."""
        command = [
            "dbus-send",
            "--system",
            "--print-reply",
            f"--dest={destination}",
            path,
            method,
            *arguments,
        ]
        done = subprocess.run(
            command,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=30,
            user=user,
            extra_groups=None if user is None else [],
        )
        return done.stdout + done.stderr

    def phase(self, name: str, user: str | None = None) -> str:
        own = ("org.sotto.Power1", "/org/sotto/Power1")
        return self.send(*own, "org.sotto.Power1.SetPhase", f"string:{name}", user=user)

    def state(self) -> dict[str, Any]:
        """What powerd says about the machine."""
        printed = self.send("org.sotto.Power1", "/org/sotto/Power1", "org.sotto.Power1.State")
        told: dict[str, Any] = json.loads(printed[printed.index('"') + 1 : printed.rindex('"')])
        return told

    def get(self, name: str) -> str:
        return self.send(
            "org.freedesktop.UPower.PowerProfiles",
            "/org/freedesktop/UPower/PowerProfiles",
            "org.freedesktop.DBus.Properties.Get",
            "string:org.freedesktop.UPower.PowerProfiles",
            f"string:{name}",
        )

    def set_profile(self, name: str) -> str:
        return self.send(
            "org.freedesktop.UPower.PowerProfiles",
            "/org/freedesktop/UPower/PowerProfiles",
            "org.freedesktop.DBus.Properties.Set",
            "string:org.freedesktop.UPower.PowerProfiles",
            "string:ActiveProfile",
            f"variant:string:{name}",
        )

    def hold(self, profile: str) -> subprocess.Popen[str]:
        """A program that holds a profile until it is ended."""
        code = (
            "import asyncio, sys\nfrom dbus_next.aio.message_bus import MessageBus\n"
            "from dbus_next.constants import BusType\nfrom dbus_next.message import Message\n"
            "async def main():\n bus = await MessageBus(bus_type=BusType.SYSTEM).connect()\n"
            " name = 'net.hadess.PowerProfiles'\n"
            " reply = await bus.call(Message(name, '/net/hadess/PowerProfiles', name, 'HoldProfile',\n"
            "  signature='sss', body=[sys.argv[1], 'a test', 'test']))\n"
            " print(reply.body[0], flush=True)\n await asyncio.sleep(60)\nasyncio.run(main())"
        )
        process = subprocess.Popen(
            [sys.executable, "-c", code, profile], env=self.environment, stdout=subprocess.PIPE, text=True
        )
        self.processes.append(process)
        assert process.stdout is not None and int(process.stdout.readline()) > 0
        return process

    def restore(self) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "services.powerd.restore", "--root", str(self.root)]
        return subprocess.run(
            [*command, "--runtime", str(self.folder / "run")],
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            timeout=60,
        )

    def close(self) -> None:
        for process in reversed(self.processes):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(10)
                except subprocess.TimeoutExpired:
                    process.kill()
            process.wait()


def until(holds: Callable[[], object], what: str, seconds: float = 30.0) -> None:
    """Wait until `holds`; fails when it does not in time."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            pytest.fail(f"not in time: {what}")
        time.sleep(0.05)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A bus without powerd, and a machine with two clusters."""
    for program in ("dbus-daemon", "dbus-send"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed (package dbus)")
    world = World(tmp_path)
    big_little(world.root)
    world.start_bus()
    yield world
    world.close()
