"""Two machines of the kernel's own (network namespaces), a cable between them, and units of one (cgroups).

Nothing leaves them: neither is connected to the network of this machine.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import REPOSITORY

RULES = REPOSITORY / "rootfs/etc/nftables.conf"
OTHER, BOX = "10.77.0.1", "10.77.0.2"
#: nft and systemd both name a cgroup by its place below this folder.
_CGROUPS = Path("/sys/fs/cgroup")
_LIMIT_S = 20.0


@dataclass
class TwoBoxes:
    """The box with the firewall, and another one that talks to it.

    Attributes:
        box, other: names of the network namespaces.
        slice_: folder of a cgroup of the first level, below it those of the units.
        nft: the program.
    """

    box: str
    other: str
    slice_: Path
    nft: str
    running: list[subprocess.Popen[str]] = field(default_factory=list)

    def unit(self, name: str) -> Path:
        """The cgroup of a unit, made when it is not there."""
        folder = self.slice_ / name
        folder.mkdir(exist_ok=True)
        return folder

    def allow(self, set_: str, unit: str) -> None:
        """What NFTSet= of systemd does when the unit starts."""
        self.rules(f'add element inet sotto {set_} {{ "{self.unit(unit).relative_to(_CGROUPS)}" }}')

    def rules(self, text: str) -> None:
        """Load rules into the box."""
        self._inside(self.box, [self.nft, "-f", "-"], text)

    def listed(self) -> str:
        """The table, as the counting service reads it."""
        return self._inside(self.box, [self.nft, "-j", "list", "table", "inet", "sotto"])

    def counters(self) -> dict[str, int]:
        """Packets by name of the counter."""
        values: list[dict[str, Any]] = json.loads(self.listed())["nftables"]
        counters = [entry["counter"] for entry in values if "counter" in entry]
        return {counter["name"]: counter["packets"] for counter in counters}

    def python(self, code: str, unit: str = "", where: str = "") -> str:
        """What a program prints that runs in the box, as part of a unit; without one it is part of none."""
        return self._inside(where or self.box, [sys.executable, "-c", code], unit=unit)

    def serve(self, code: str, where: str, unit: str = "") -> None:
        """Run a server until the end of the test; it prints a line when it listens."""
        process = subprocess.Popen(
            self._command(where, [sys.executable, "-c", code], unit), stdout=subprocess.PIPE, text=True
        )
        self.running.append(process)
        assert process.stdout is not None
        assert process.stdout.readline().strip() == "ready"

    def _inside(self, where: str, command: list[str], text: str = "", unit: str = "") -> str:
        done = subprocess.run(
            self._command(where, command, unit), input=text, capture_output=True, text=True, timeout=_LIMIT_S
        )
        assert done.returncode == 0, f"{command[:3]}: {done.stderr}"
        return done.stdout

    def _command(self, where: str, command: list[str], unit: str) -> list[str]:
        # Not `ip netns exec`: that hides the cgroups, and nft names units by them.
        inside = ["nsenter", f"--net=/run/netns/{where}", *command]
        if not unit:
            return inside
        # The shell enters the cgroup, then becomes the program.
        return ["sh", "-c", 'echo $$ > "$0" && exec "$@"', str(self.unit(unit) / "cgroup.procs"), *inside]


@contextlib.contextmanager
def two_boxes() -> Iterator[TwoBoxes]:
    """Both machines with the firewall loaded in the first; skips the test where the kernel cannot."""
    nft = _usable()
    mark = f"sotto{os.getpid()}"
    boxes = TwoBoxes(f"{mark}a", f"{mark}b", _cgroup2() / f"{mark}.slice", nft)
    with contextlib.ExitStack() as undo:
        boxes.slice_.mkdir()
        undo.callback(_remove_cgroups, boxes.slice_)
        undo.callback(_end, boxes.running)
        for name in (boxes.box, boxes.other):
            _ip("netns", "add", name)
            undo.callback(_ip, "netns", "del", name)
        cable = ("type", "veth", "peer", "name", "eth0", "netns", boxes.other)
        _ip("-n", boxes.box, "link", "add", "eth0", *cable)
        for name, address in ((boxes.box, BOX), (boxes.other, OTHER)):
            _ip("-n", name, "address", "add", f"{address}/24", "dev", "eth0")
            last = address.rpartition(".")[2]
            _ip("-n", name, "address", "add", f"fd77::{last}/64", "dev", "eth0", "nodad")
            _ip("-n", name, "link", "set", "lo", "up")
            _ip("-n", name, "link", "set", "eth0", "up")
            _ip("-n", name, "route", "add", "default", "via", OTHER if name == boxes.box else BOX)
        # Without what this machine itself would include.
        boxes.rules(RULES.read_text().replace("include", "# include"))
        yield boxes


def _usable() -> str:
    nft = shutil.which("nft", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if os.geteuid() != 0:
        pytest.skip("only root makes network namespaces")
    for program, found in (("nft", nft), ("ip", shutil.which("ip")), ("nsenter", shutil.which("nsenter"))):
        if found is None:
            pytest.skip(f"{program} is not installed (packages nftables, iproute2, util-linux)")
    probe = f"sotto{os.getpid()}p"
    if subprocess.run(["ip", "netns", "add", probe], capture_output=True, timeout=_LIMIT_S).returncode != 0:
        pytest.skip("this machine gives out no network namespaces")
    _ip("netns", "del", probe)
    return str(nft)


def _cgroup2() -> Path:
    for line in Path("/proc/self/mounts").read_text().splitlines():
        _, folder, kind, options = line.split()[:4]
        writable = options.split(",")[0] == "rw" and os.access(folder, os.W_OK)
        if kind == "cgroup2" and writable and _CGROUPS in (Path(folder), *Path(folder).parents):
            return Path(folder)
    pytest.skip("there is no cgroup2 here that can be written")


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True, timeout=_LIMIT_S)


def _end(running: list[subprocess.Popen[str]]) -> None:
    for process in running:
        process.kill()
        process.wait(_LIMIT_S)
        if process.stdout is not None:
            process.stdout.close()


def _remove_cgroups(folder: Path) -> None:
    for place in (*folder.iterdir(), folder):
        if place.is_dir():
            remove_cgroup(place)


def remove_cgroup(folder: Path) -> None:
    """Remove a cgroup; its last process may still be on its way out."""
    for _ in range(100):
        try:
            folder.rmdir()
        except FileNotFoundError:
            return
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise AssertionError(f"{folder} is still in use")
