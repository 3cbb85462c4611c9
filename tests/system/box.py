"""A booted box, seen from outside: QEMU, its serial line, SSH with the owner's key, the forwarded API."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from buildimage.vm import Machine, new_variables

#: An emulated machine is some twenty times slower than a real one, and may share its processor.
BOOT_S = 900.0
_POLL_S = 3.0


class Box:
    """One emulated computer with its disk; started and stopped as often as a test likes.

    Args:
        folder: for the serial log and the firmware's variables.
        disk: raw image.
        key: private SSH key of the owner.
        kernel_words: added to the kernel's command line.
        machine: fields of `Machine` that differ from the default.
    """

    def __init__(
        self, folder: Path, disk: Path, key: Path, kernel_words: str = "", **machine: object
    ) -> None:
        self.folder = folder
        self.disk = disk
        self.key = key
        self.port = _free_port()
        variables = folder / "variables.fd"
        if not variables.exists():
            new_variables("x86-64", variables)
        fields: dict[str, object] = {
            "arch": "x86-64",
            "disk": disk,
            "variables": variables,
            "serial": folder / "serial.log",
            "monitor": folder / "monitor",
            "ssh_port": self.port,
            # Devices of an emulated machine are minutes late when something else runs beside it.
            "kernel_words": f"systemd.default_device_timeout_sec=15min {kernel_words}".strip(),
            **machine,
        }
        self.machine = Machine(**fields)  # type: ignore[arg-type]
        self._process: subprocess.Popen[bytes] | None = None
        self._line: subprocess.Popen[bytes] | None = None
        self._line_socket = folder / "line"

    @property
    def serial(self) -> str:
        """What came over the serial line since the last start."""
        try:
            return self.machine.serial.read_text(errors="replace")
        except FileNotFoundError:
            return ""

    @property
    def running(self) -> bool:
        """Whether QEMU runs."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Switch the machine on."""
        self.machine.serial.unlink(missing_ok=True)
        self.machine.monitor.unlink(missing_ok=True)
        with (self.folder / "qemu.log").open("ab") as log:
            self._process = subprocess.Popen(self.machine.command(), stdout=log, stderr=log)

    def ssh(self, command: str, timeout_s: float = 120.0, data: bytes | None = None) -> str:
        """Run a command as the owner and return what it prints; raises `CalledProcessError` when it fails."""
        return self.ssh_bytes(command, timeout_s, data).decode(errors="replace")

    def ssh_bytes(self, command: str, timeout_s: float = 120.0, data: bytes | None = None) -> bytes:
        """The same for what is no text."""
        # Where nobody stays logged in there is no such socket, and ssh connects by itself.
        done = subprocess.run(
            [*self._ssh(), "-S", str(self._line_socket), "owner@127.0.0.1", command],
            input=data,
            capture_output=True,
            timeout=timeout_s,
            check=False,
        )
        if done.returncode:
            raise subprocess.CalledProcessError(done.returncode, command, done.stdout, done.stderr)
        return done.stdout

    def popen(self, command: str) -> subprocess.Popen[bytes]:
        """Start a command as the owner; it ends with its connection."""
        return subprocess.Popen([*self._ssh(), "-tt", "owner@127.0.0.1", command], stdin=subprocess.DEVNULL)

    def stay_logged_in(self) -> None:
        """Let all commands share one login until the machine is switched off: each takes it ten seconds."""
        shared = ["-M", "-S", str(self._line_socket), "-N", "owner@127.0.0.1"]
        self._line = subprocess.Popen([*self._ssh(), *shared], stdin=subprocess.DEVNULL)
        self.wait(self._line_socket.exists, "the login", 120.0)

    def answers(self) -> bool:
        """Whether it lets the owner in."""
        try:
            self.ssh("true", 30.0)
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
            return False
        return True

    def wait_for_ssh(self, timeout_s: float = BOOT_S) -> None:
        """Wait until the owner gets in."""
        self.wait(self.answers, "SSH", timeout_s)

    def wait_until_up(self, timeout_s: float = BOOT_S) -> str:
        """Wait until all that starts has started, the health check too; returns systemd's word for it."""
        self.wait_for_ssh(timeout_s)
        # It waits in the box: to log in again and again would take the processor from what is waited for.
        settled = "systemctl is-system-running --wait | grep -xE 'running|degraded'"
        return self._watch(f"until {settled}; do sleep {_POLL_S}; done", "the end of the boot", timeout_s)

    def wait_until_active(self, unit: str, timeout_s: float = BOOT_S) -> None:
        """Wait until a unit has started, which may be long before the health check is through."""
        self.wait_for_ssh(timeout_s)
        self._watch(f"until systemctl is-active --quiet {unit}; do sleep {_POLL_S}; done", unit, timeout_s)

    def failed_units(self) -> str:
        """Units that have failed, a line each."""
        return self.ssh("systemctl list-units --failed --plain --no-legend").strip()

    def status(self) -> dict[str, object]:
        """`sotto update status`."""
        table: dict[str, object] = json.loads(self.ssh("sotto update status --json"))
        return table

    def wait_for_version(self, version: str, timeout_s: float) -> None:
        """Wait until that version runs and has come to the end of its boot."""

        def there() -> bool:
            try:
                release = self.ssh("cat /usr/lib/os-release", 30.0)
                word = self.ssh("systemctl is-system-running || true", 60.0).strip()
            except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
                return False
            lines = [line.replace('"', "") for line in release.splitlines()]
            return f"IMAGE_VERSION={version}" in lines and word in ("running", "degraded")

        self.wait(there, f"version {version}", timeout_s)

    @contextlib.contextmanager
    def forwarded(self, remote: str) -> Iterator[Path]:
        """A Unix socket here that leads to the socket `remote` in the box."""
        local = self.folder / "forwarded.sock"
        local.unlink(missing_ok=True)
        process = subprocess.Popen([*self._ssh(), "-N", "-L", f"{local}:{remote}", "owner@127.0.0.1"])
        try:
            self.wait(local.exists, "the forwarded socket", 60.0)
            yield local
        finally:
            process.terminate()
            process.wait()

    def power_button(self, timeout_s: float = 240.0) -> None:
        """Press it, and wait until the machine is off."""
        assert self._process is not None
        self._log_out()
        self._qmp("system_powerdown")
        self._process.wait(timeout_s)

    def cable(self, *, plugged: bool) -> None:
        """Pull the network cable, or put it back."""
        self._qmp("set_link", name="net", up=plugged)

    def plug_in(self, driver: str, **properties: str) -> None:
        """Plug a device in while the machine runs."""
        self._qmp("device_add", driver=driver, **properties)

    def freeze(self, layer: Path) -> None:
        """Leave the image written so far as the disk of this moment; `layer`, a qcow2, takes what comes."""
        self._qmp("blockdev-snapshot-sync", device="disk", format="qcow2", **{"snapshot-file": str(layer)})

    def pull_the_plug(self) -> None:
        """Off at once, as in a power cut."""
        self._log_out()
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def _log_out(self) -> None:
        """End the shared login, if there is one."""
        if self._line is not None:
            self._line.terminate()
            self._line.wait()
            self._line = None
        self._line_socket.unlink(missing_ok=True)

    def _watch(self, command: str, what: str, timeout_s: float) -> str:
        """What a command in the box prints that ends when something has happened."""
        try:
            return self.ssh(command, timeout_s).strip()
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            raise AssertionError(f"no sign of {what}: {error}\n{self.serial[-3000:]}") from error

    def _ssh(self) -> list[str]:
        options = {
            "StrictHostKeyChecking": "no",
            "UserKnownHostsFile": "/dev/null",
            "LogLevel": "ERROR",
            "ConnectTimeout": "20",
            "ServerAliveInterval": "15",
            "ServerAliveCountMax": "8",
        }
        words = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
        return ["ssh", "-i", str(self.key), "-p", str(self.port), *words]

    def _qmp(self, command: str, **arguments: object) -> None:
        self.wait(self.machine.monitor.exists, "the monitor", 30.0)
        with socket.socket(socket.AF_UNIX) as channel:
            channel.settimeout(30)
            channel.connect(str(self.machine.monitor))
            with channel.makefile("rw") as lines:
                lines.readline()
                for request in (
                    {"execute": "qmp_capabilities"},
                    {"execute": command, "arguments": arguments},
                ):
                    lines.write(json.dumps(request) + "\n")
                    lines.flush()
                    while not (answer := json.loads(lines.readline())).keys() & {"return", "error"}:
                        pass  # events come in between
                    assert "return" in answer, answer

    def wait(self, condition: object, what: str, timeout_s: float) -> None:
        assert callable(condition)
        until = time.monotonic() + timeout_s
        while not condition():
            if not self.running:
                raise AssertionError(f"the machine is off while waiting for {what}:\n{self.serial[-3000:]}")
            if time.monotonic() > until:
                raise AssertionError(f"no sign of {what} after {timeout_s:.0f} s:\n{self.serial[-3000:]}")
            time.sleep(_POLL_S)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
