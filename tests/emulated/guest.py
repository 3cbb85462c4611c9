"""What runs in the emulated machine: the first process, which does what lines of JSON on the second serial
port say.

It stands alone on the RAM disk and imports nothing of the tests.
"""

from __future__ import annotations

import asyncio
import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import termios
import time
import tty
from pathlib import Path
from typing import Any

#: Python starts in seconds here, and takes a minute when something else runs beside the emulator.
PATIENCE_S = 240
APP = "/app"
BUS = "unix:path=/run/dbus/system_bus_socket"
ENVIRONMENT = {
    "PYTHONPATH": APP,
    "DBUS_SYSTEM_BUS_ADDRESS": BUS,
    "PATH": "/bin",
    "PYTHONDONTWRITEBYTECODE": "1",
}
ASSISTANT, STRANGER = 900, 901
#: Where powerd keeps the chosen profile.
STATE = Path("/var/lib/sotto-power")
#: finit_module(2) on x86-64.
_FINIT_MODULE = 313


def prepare() -> None:
    """File systems, modules, cgroups."""
    libc = ctypes.CDLL(None, use_errno=True)
    for kind, place in (
        ("proc", "/proc"),
        ("sysfs", "/sys"),
        ("devtmpfs", "/dev"),
        ("cgroup2", "/sys/fs/cgroup"),
    ):
        libc.mount(kind.encode(), place.encode(), kind.encode(), 0, None)
    os.environ.update(ENVIRONMENT)
    for module in ("cpufreq_ondemand", "cpufreq_powersave", "acpi-cpufreq", "ac", "battery"):
        file = Path(f"/modules/{module}.ko")
        if file.exists():
            handle = os.open(file, os.O_RDONLY)
            if libc.syscall(_FINIT_MODULE, handle, b"", 0) != 0:
                print(f"{module}: {os.strerror(ctypes.get_errno())}", flush=True)
            os.close(handle)
    Path("/sys/fs/cgroup/cgroup.subtree_control").write_text("+cpuset")
    Path("/sys/fs/cgroup/system.slice").mkdir()
    for folder in ("/run/dbus", "/run/sotto-power"):
        Path(folder).mkdir(parents=True)
    subprocess.Popen(["/usr/bin/dbus-daemon", "--config-file=/usr/share/dbus-1/system.conf", "--nofork"])
    while not Path("/run/dbus/system_bus_socket").exists():
        time.sleep(0.05)


class Guest:
    """The orders, by name."""

    def __init__(self) -> None:
        self._powerd: subprocess.Popen[bytes] | None = None
        self._clients: dict[int, subprocess.Popen[str]] = {}

    def do(self, order: dict[str, Any]) -> Any:
        return getattr(self, "do_" + order.pop("do"))(**order)

    def do_read(self, path: str) -> str:
        return Path(path).read_text().strip()

    def do_write(self, path: str, value: str) -> str:
        Path(path).write_text(value)
        return ""

    def do_start(self, profile: str = "balanced") -> str:
        """Start powerd as if somebody had chosen `profile` earlier."""
        STATE.mkdir(parents=True, exist_ok=True)
        (STATE / "profile").write_text(profile + "\n")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
            Path("/run/notify").unlink(missing_ok=True)
            channel.bind("/run/notify")
            channel.settimeout(PATIENCE_S)
            command = [sys.executable, "-B", "-m", "services.powerd.main"]
            environment = {**os.environ, "NOTIFY_SOCKET": "/run/notify"}
            self._powerd = subprocess.Popen(command, cwd=APP, env=environment)
            return channel.recv(100).decode()

    def do_kill(self) -> str:
        assert self._powerd is not None
        self._powerd.send_signal(signal.SIGKILL)
        self._powerd.wait()
        return ""

    def do_stop(self) -> int:
        assert self._powerd is not None
        self._powerd.send_signal(signal.SIGTERM)
        return self._powerd.wait(PATIENCE_S)

    def do_restore(self) -> int:
        return subprocess.run(
            [sys.executable, "-B", "-m", "services.powerd.restore"], cwd=APP, timeout=PATIENCE_S
        ).returncode

    def do_memory(self) -> int:
        assert self._powerd is not None
        lines = Path(f"/proc/{self._powerd.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))

    def do_wakeups(self, seconds: float) -> int:
        assert self._powerd is not None

        def count() -> int:
            lines = Path(f"/proc/{self._powerd.pid}/status").read_text().splitlines()  # type: ignore[union-attr]
            return next(int(line.split()[1]) for line in lines if line.startswith("voluntary"))

        before = count()
        time.sleep(seconds)
        return count() - before

    def do_call(self, user: int, **order: Any) -> Any:
        """Have a process of `user`, which keeps its connection, call powerd."""
        client = self._clients.get(user)
        if client is None:
            port = os.open("/dev/port", os.O_RDONLY)
            client = subprocess.Popen(
                [
                    sys.executable,
                    "-B",
                    __file__ if Path(__file__).exists() else "/app/guest.py",
                    "client",
                    str(port),
                ],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                pass_fds=(port,),
                user=user,
                env=ENVIRONMENT,
            )
            self._clients[user] = client
        assert client.stdin is not None and client.stdout is not None
        client.stdin.write(json.dumps(order) + "\n")
        client.stdin.flush()
        return json.loads(client.stdout.readline())


def client(port: int) -> None:
    """Calls powerd as an unprivileged user, and can watch the P-state register."""
    sys.path.insert(0, APP)
    from dbus_next.aio.message_bus import MessageBus
    from dbus_next.constants import BusType
    from dbus_next.message import Message

    async def main() -> None:
        bus = await MessageBus(bus_type=BusType.SYSTEM).connect()

        def message(member: str, *body: str) -> Message:
            own = ("org.sotto.Power1", "/org/sotto/Power1", "org.sotto.Power1")
            return Message(*own, member, signature="s" * len(body), body=list(body))

        while line := await asyncio.to_thread(sys.stdin.readline):
            order = json.loads(line)
            if order["what"] == "race":
                answer: Any = []
                for _ in range(order["times"]):
                    await bus.call(message("SetPhase", "idle"))
                    while os.pread(port, 1, order["port"])[0] == order["value"]:
                        await asyncio.sleep(0.01)
                    await asyncio.sleep(0.05)
                    begin = time.perf_counter()
                    bus.send(message("SetPhase", "thinking"))
                    while os.pread(port, 1, order["port"])[0] != order["value"]:
                        await asyncio.sleep(0.0001)
                    answer.append(1000 * (time.perf_counter() - begin))
            else:
                reply = await bus.call(message(order["what"], *order.get("body", [])))
                assert reply is not None
                answer = {"error": reply.error_name or "", "body": reply.body}
            print(json.dumps(answer), flush=True)

    asyncio.run(main())


def serve() -> None:
    """Read orders, one a line, until the machine is switched off."""
    prepare()
    with open("/dev/ttyS1", "r+b", buffering=0) as line:  # noqa: PTH123
        tty.setraw(line.fileno(), termios.TCSANOW)
        guest = Guest()
        line.write(b'{"ready": true}\n')
        data = b""
        while True:
            data += line.read(4096)
            while b"\n" in data:
                order, _, data = data.partition(b"\n")
                try:
                    answer = {"answer": guest.do(json.loads(order))}
                except Exception as error:
                    answer = {
                        "failed": f"{type(error).__name__}: {error}",
                        "errno": getattr(error, "errno", None),
                    }
                line.write(json.dumps(answer).encode() + b"\n")


if __name__ == "__main__":
    if len(sys.argv) > 1 and sys.argv[1] == "client":
        client(int(sys.argv[2]))
    else:
        serve()
