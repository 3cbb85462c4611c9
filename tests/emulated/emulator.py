"""QEMU from outside: its monitor reads the registers, and a serial line tells the guest what to do."""

from __future__ import annotations

import json
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from tests.emulated.tables import CHARGE, LIMIT, ON_BATTERY, TEMPERATURE

#: An emulated machine on a busy host boots within this time, in seconds.
_BOOT_S = 300.0
_ANSWER_S = 300.0


@dataclass(frozen=True)
class Hardware:
    """A sort of machine.

    Attributes:
        tables: compiled ACPI tables.
        cpu: QEMU's word for the processor, and how many there are.
        presets: address, value and length of what lies in memory at boot.
        words: more for the kernel's command line.
    """

    tables: tuple[Path, ...]
    # acpi-cpufreq refuses an AMD K8, which is QEMU's default; without AVX, emulation is faster.
    cpu: str = "Nehalem"
    cores: int = 4
    memory_mb: int = 768
    presets: tuple[tuple[int, int, int], ...] = ()
    words: str = ""


class Emulator:
    """One machine, booted.

    Args:
        folder: for its sockets and its console.
        kernel, ramdisk: what it boots.
        hardware: what it is.
    """

    def __init__(self, folder: Path, kernel: Path, ramdisk: Path, hardware: Hardware) -> None:
        self._folder = folder
        command = ["nice", "-n", "19", "qemu-system-x86_64", "-machine", "q35", "-accel", "tcg,thread=multi"]
        command += ["-cpu", hardware.cpu, "-smp", str(hardware.cores), "-m", str(hardware.memory_mb)]
        command += ["-nographic", "-no-reboot", "-nic", "none"]
        command += ["-kernel", str(kernel), "-initrd", str(ramdisk)]
        for table in hardware.tables:
            command += ["-acpitable", f"file={table}"]
        for address, value, length in hardware.presets:
            command += ["-device", f"loader,addr={address:#x},data={value:#x},data-len={length}"]
        command += ["-append", f"console=ttyS0 panic=-1 quiet processor.max_cstate=1 {hardware.words}"]
        command += ["-monitor", "none", "-qmp", f"unix:{folder}/qmp,server=on,wait=off"]
        command += [
            "-serial",
            f"file:{folder}/console",
            "-chardev",
            f"socket,id=line,path={folder}/line,server=on,wait=off",
        ]
        command += ["-serial", "chardev:line"]
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        try:
            self._boot()
        except BaseException:
            self.close()
            raise

    def _boot(self) -> None:
        self._monitor = self._connect("qmp")
        json.loads(self._monitor.readline())
        self._monitor_call("qmp_capabilities")
        self._line = self._connect("line")
        try:
            ready = self._line.readline()
        except TimeoutError as error:
            raise RuntimeError(f"not booted after {_BOOT_S:.0f} s: {self.console()}") from error
        assert json.loads(ready) == {"ready": True}, self.console()

    def console(self) -> str:
        """What the kernel said."""
        return (self._folder / "console").read_text(errors="replace")[-3000:]

    def register(self, port: int) -> int:
        """One byte of an I/O port, read by the monitor, behind the guest's back."""
        text = self._monitor_call("human-monitor-command", {"command-line": f"i /1xb {port:#x}"})
        return int(str(text).split("=")[1].strip(), 16)

    def word(self, address: int) -> int:
        """Four bytes of the memory, read by the monitor."""
        text = self._monitor_call("human-monitor-command", {"command-line": f"xp /1wx {address:#x}"})
        return int(str(text).split(":")[1].strip(), 16)

    def turn(self, port: int, value: int) -> None:
        """Set a knob of the tables."""
        self._monitor_call("human-monitor-command", {"command-line": f"o /b {port:#x} {value}"})

    def do(self, verb: str, **order: Any) -> Any:
        """Have the guest do something; its answer.

        Raises:
            OSError: the guest met one, with its number.
            RuntimeError: it failed otherwise.
        """
        self._line.write(json.dumps({"do": verb, **order}) + "\n")
        self._line.flush()
        answer = json.loads(self._line.readline())
        if answer.get("errno"):
            raise OSError(answer["errno"], answer["failed"])
        if "failed" in answer:
            raise RuntimeError(answer["failed"])
        return answer["answer"]

    def phase(self, name: str, user: int = 900) -> Any:
        """Report a phase as the assistant, or as somebody else."""
        return self.do("call", user=user, what="SetPhase", body=[name])

    def state(self) -> dict[str, Any]:
        """What powerd says about the machine, as the assistant would ask it."""
        answer: dict[str, Any] = json.loads(self.do("call", user=900, what="State")["body"][0])
        return answer

    def until_state(self, key: str, value: object, seconds: float = 40.0) -> dict[str, Any]:
        """What powerd says as soon as it says `value` for `key`, which it must in time."""
        return self.until_so(lambda found: found[key] == value, seconds)

    def until_so(self, so: Callable[[dict[str, Any]], bool], seconds: float = 40.0) -> dict[str, Any]:
        """What powerd says as soon as `so` holds for it, which it must in time: it looks once a tick."""
        end = time.monotonic() + seconds
        while not so(found := self.state()):
            assert time.monotonic() < end, found
            time.sleep(0.3)
        return found

    def calm(self) -> None:
        """Cool, on mains, without a limit."""
        for port, value in ((TEMPERATURE, 45), (LIMIT, 0), (CHARGE, 80), (ON_BATTERY, 0)):
            self.turn(port, value)

    def until(self, port: int, value: int, seconds: float = 30.0) -> bool:
        """Whether a register comes to say `value` in time."""
        return _comes(lambda: self.register(port) == value, seconds)

    def until_word(self, address: int, value: int, seconds: float = 30.0) -> bool:
        """Whether four bytes of the memory come to say `value` in time."""
        return _comes(lambda: self.word(address) == value, seconds)

    def close(self) -> None:
        """Pull the plug."""
        self._process.kill()
        self._process.wait()

    def _connect(self, name: str) -> IO[str]:
        channel = socket.socket(socket.AF_UNIX)
        end = time.monotonic() + 30
        while True:
            try:
                channel.connect(str(self._folder / name))
                break
            except OSError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.1)
        channel.settimeout(_BOOT_S if name == "line" else _ANSWER_S)
        return channel.makefile("rw")

    def _monitor_call(self, command: str, arguments: dict[str, str] | None = None) -> Any:
        self._monitor.write(json.dumps({"execute": command, "arguments": arguments or {}}) + "\n")
        self._monitor.flush()
        while True:
            answer = json.loads(self._monitor.readline())
            if "return" in answer or "error" in answer:
                return answer.get("return")


def _comes(holds: Callable[[], bool], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True
