"""Images, devices and machines that the tests of `flash` make for it."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import io
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).resolve().parents[3] / "buildimage" / "flash"
MIB = 1 << 20
IMAGE_SIZE = 20 * MIB
ESP_AT, ESP_SIZE = MIB, 8 * MIB
CONFIG = b'name = "Kitchen"\r\n[wifi]\npassword = "secret \xc3\xbc"\n'
#: Writes of one run: two ends emptied, the image in five blocks, the first MiB.
WRITES = 8


def _load() -> Any:
    loader = importlib.machinery.SourceFileLoader("sotto_flash", str(SCRIPT))
    spec = importlib.util.spec_from_loader("sotto_flash", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["sotto_flash"] = module
    loader.exec_module(module)
    return module


flash = _load()


def _tool(name: str) -> str | None:
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")


def need(name: str) -> str:
    found = _tool(name)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def partition(path: Path, label: str = "sotto_1") -> None:
    """A GPT with an ESP and one root slot, made by whichever independent tool is here."""
    if sfdisk := _tool("sfdisk"):
        table = (
            "label: gpt\n"
            f"start=2048, size={ESP_SIZE // 512}, type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B, name=esp\n"
            f"size={6 * MIB // 512}, name={label}\n"
        )
        command = [sfdisk, "-q", str(path)]
    elif sgdisk := _tool("sgdisk"):
        table = ""
        command = [sgdisk, "-n", "1:2048:+8M", "-t", "1:ef00", "-c", "1:esp", "-n", "2:0:+6M"]
        command += ["-c", f"2:{label}", str(path)]
    else:
        pytest.skip("neither sfdisk nor sgdisk is installed")
    subprocess.run(command, input=table.encode(), check=True, capture_output=True, timeout=60)


@dataclass
class Kernel:
    """A machine's /sys and /proc, as far as they are looked at."""

    root: Path
    mounts: list[str] = field(default_factory=lambda: ["22 1 254:0 / / rw - ext4 /dev/vda rw"])

    def machine(self) -> Any:
        put(self.root / "proc/self/mountinfo", "\n".join(self.mounts) + "\n")
        return flash.Machine(self.root / "sys", self.root / "proc")

    def swap(self, entry: str) -> None:
        put(self.root / "proc/swaps", f"Filename Type Size Used Priority\n{entry} partition 1 0 -2\n")

    def mount(self, number: str, where: str, source: str = "/dev/none") -> None:
        self.mounts.append(f"40 22 {number} / {where} rw shared:1 - vfat {source} rw")

    def disk(self, name: str = "sdq", number: str = "240:0", size: int = 64 * MIB) -> Path:
        """A disk with two partitions, NAME1 and NAME2, numbered behind it."""
        folder = self.root / "sys/devices/usb1" / name
        major, minor = number.split(":")
        put(folder / "dev", number)
        put(folder / "size", str(size // 512))
        put(folder / "ro", "0")
        put(folder / "queue/logical_block_size", "512")
        put(folder / "device/model", "Stick \x1b[31m")
        self._link(number, folder)
        for index in (1, 2):
            part = folder / f"{name}{index}"
            put(part / "partition", str(index))
            put(part / "dev", f"{major}:{int(minor) + index}")
            put(part / "uevent", f"DEVTYPE=partition\nPARTNAME=old{index}")
            self._link(f"{major}:{int(minor) + index}", part)
        return folder

    def holder(self, below: Path, name: str, number: str, title: str) -> Path:
        folder = self.root / "sys/devices/virtual/block" / name
        put(folder / "dev", number)
        put(folder / "dm/name", title)
        self._link(number, folder)
        (below / "holders").mkdir(exist_ok=True)
        (below / "holders" / name).symlink_to(folder)
        return folder

    def loop(self, backing: str) -> None:
        put(self.root / "sys/block/loop3/loop/backing_file", backing + "\n")
        put(self.root / "sys/block/loop3/dev", "7:3")

    def _link(self, number: str, folder: Path) -> None:
        path = self.root / "sys/dev/block" / number
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(folder)


def put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def run(*arguments: object, machine: Any = None) -> int:
    status = flash.main([str(argument) for argument in arguments], machine)
    assert isinstance(status, int)
    return status


def starts_with(device: Path, image: Path) -> bool:
    return device.read_bytes()[:IMAGE_SIZE] == image.read_bytes()


def has_table(device: Path) -> bool:
    """Whether firmware could find a table: the first one, or a backup at the very end."""
    content = device.read_bytes()
    return content[512:520] == b"EFI PART" or b"EFI PART" in content[-MIB:]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def placed(device: Path) -> bytes:
    """The `sotto.toml` on the ESP of a device."""
    return subprocess.run(
        ["mtype", "-i", f"{device}@@{ESP_AT}", "::sotto.toml"],
        env={**os.environ, "MTOOLS_SKIP_CHECK": "1"},
        capture_output=True,
        check=True,
        timeout=60,
    ).stdout
