"""systemd-sysupdate for tests: the real one in a sandbox where there is one, else one that does the same.

The stand-in exists for power cuts, which need a program that can be stopped at each of its steps.
"""

from __future__ import annotations

import configparser
import lzma
import os
import shutil
import subprocess
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from common.programs import Finished
from services.updated.gpt import read_table
from services.updated.runner import Programs
from tests.services.updated.world import World

_PROGRAM = "usr/lib/systemd/systemd-sysupdate"


@dataclass
class RealSysupdate(Programs):
    """The program of a Debian trixie tree, which sees nothing of this machine but the test's folder."""

    tree: Path
    folder: Path

    def run(self, command: Sequence[str], timeout_s: float) -> Finished:
        """Run it in a sandbox."""
        sandbox = ["bwrap", "--ro-bind", str(self.tree), "/", "--dev", "/dev", "--proc", "/proc"]
        for folder in ("/tmp", "/run", "/var"):
            sandbox += ["--tmpfs", folder]
        return super().run([*sandbox, "--bind", str(self.folder), str(self.folder), *command], timeout_s)


def real_sysupdate(folder: Path) -> RealSysupdate:
    """The real program; skips the test where there is none of systemd 257 or newer."""
    tree = Path(os.environ.get("SOTTO_TOOLS_TREE") or "/")
    if not (tree / _PROGRAM).is_file() or shutil.which("bwrap") is None:
        pytest.skip("no systemd-sysupdate and bwrap; set SOTTO_TOOLS_TREE to a Debian trixie tree")
    real = RealSysupdate(tree, folder)
    try:
        version = real.run([f"/{_PROGRAM}", "--version"], 20).output.split()[1]
    except (subprocess.SubprocessError, IndexError):
        pytest.skip("systemd-sysupdate does not run in a sandbox here")
    if int(version.split("~")[0]) < 257:
        pytest.skip(f"systemd-sysupdate is {version}, older than 257")
    return real


@dataclass
class StandIn(Programs):
    """Does what systemd-sysupdate does to slots and kernel images, step by step.

    `step` is called before each change of the disk.
    """

    world: World
    step: Callable[[str], None] = lambda _what: None

    def run(self, command: Sequence[str], timeout_s: float) -> Finished:
        """`vacuum` or `update VERSION`."""
        definitions = Path(command[1].removeprefix("--definitions="))
        transfers = []
        for file in sorted(definitions.glob("*.transfer")):
            parser = configparser.ConfigParser(interpolation=None, strict=True)
            parser.optionxform = str  # type: ignore[assignment,method-assign]
            parser.read_string(file.read_text())
            transfers.append(parser)
        protected = transfers[0]["Transfer"]["ProtectVersion"]
        if "vacuum" in command:
            self._vacuum(protected)
        else:
            self._update(command[-1], Path(transfers[0]["Source"]["Path"]))
        return Finished(0, "", "")

    def _vacuum(self, protected: str) -> None:
        keep = {f"sotto_{protected}", f"sotto_{protected}_verity"}
        for index, part in enumerate(read_table(self.world.disk)):
            if part.label not in keep and part.label != "_empty":
                self.step(f"empty label {index}")
                self._label(index, "_empty", None)

    def _update(self, version: str, staging: Path) -> None:
        free = {i % 2: i for i, p in enumerate(read_table(self.world.disk)) if p.label == "_empty"}
        files = {file.name: file for file in staging.iterdir()}
        verity = next(name for name in files if "-verity_" in name)
        root = next(name for name in files if ".root-" in name and name != verity)
        for kind, name in ((1, verity), (0, root)):
            self.step(f"write {kind}")
            with self.world.disk.open("r+b") as disk:
                disk.seek((64 + (free[kind] // 2) * 2560 + 2048 * kind) * 512)
                disk.write(_expanded(files[name]))
        target = self.world.places.kernels / f"sotto_{version}+3-0.efi"
        temporary = target.with_name(f".#sysupdate{target.name}0123")
        self.step("write kernel")
        temporary.write_bytes(files[f"sotto_{version}.efi"].read_bytes())
        for kind, name, label in ((1, verity, f"sotto_{version}_verity"), (0, root, f"sotto_{version}")):
            self.step(f"label {label}")
            self._label(free[kind], label, uuid.UUID(name.rsplit("_", 1)[1].split(".")[0]))
        self.step("name kernel")
        temporary.replace(target)
        self.step("end")

    def _label(self, index: int, label: str, unique: uuid.UUID | None) -> None:
        table = read_table(self.world.disk)
        labels = [part.label for part in table]
        uuids = [uuid.UUID(part.uuid) for part in table]
        labels[index] = label
        uuids[index] = unique or uuids[index]
        self.world.write_table(labels, uuids)


def _expanded(file: Path) -> bytes:
    return lzma.decompress(file.read_bytes())
