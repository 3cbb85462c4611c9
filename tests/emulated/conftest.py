"""One booted machine for all tests; each test leaves it as it found it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.emulated import ramdisk, tables
from tests.emulated.emulator import Emulator

BUILD = REPOSITORY / "build" / "emulated"
#: The machine's own package source says which kernel is Debian's newest.
_PACKAGE = "linux-image-amd64"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here boots a kernel: marked, so that `make test` leaves it out."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.emulated)
            item.add_marker(pytest.mark.timeout(600))


def _kernel() -> Path:
    """The folder of an unpacked kernel package, fetched once with apt, or named by `SOTTO_TEST_KERNEL`."""
    if given := os.environ.get("SOTTO_TEST_KERNEL"):
        return Path(given)
    unpacked = BUILD / "kernel"
    if not list(unpacked.glob("boot/vmlinuz-*")):
        BUILD.mkdir(parents=True, exist_ok=True)
        shown = subprocess.run(["apt-cache", "depends", _PACKAGE], capture_output=True, text=True, timeout=60)
        names = [line.split()[1] for line in shown.stdout.splitlines() if "Depends: linux-image-" in line]
        if not names:
            pytest.skip(f"apt knows no {_PACKAGE} here; SOTTO_TEST_KERNEL may name an unpacked one")
        fetched = subprocess.run(["apt-get", "download", "-q", names[0]], cwd=BUILD, timeout=500, check=False)
        packages = sorted(BUILD.glob(f"{names[0]}_*.deb"))
        if fetched.returncode != 0 or not packages:
            pytest.skip(f"{names[0]} could not be fetched")
        subprocess.run(["dpkg-deb", "-x", str(packages[-1]), str(unpacked)], check=True, timeout=300)
    return unpacked


def booted_machine(folder: Path) -> Emulator:
    """A booted machine with clocks, heat, a battery and our code on it; skips where something is missing."""
    for program, package in (
        ("qemu-system-x86_64", "qemu-system-x86"),
        ("iasl", "acpica-tools"),
        ("dbus-daemon", "dbus"),
        ("dpkg-deb", "dpkg"),
    ):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed (package {package})")
    kernel = _kernel()
    image = max(kernel.glob("boot/vmlinuz-*"))
    (folder / "ssdt.asl").write_text(tables.ssdt())
    subprocess.run(
        ["iasl", "-p", "ssdt", "ssdt.asl"], cwd=folder, check=True, capture_output=True, timeout=60
    )
    version = image.name.removeprefix("vmlinuz-")
    ramdisk.build(folder / "ramdisk.gz", kernel / "lib/modules", version)
    return Emulator(folder, image, folder / "ramdisk.gz", folder / "ssdt.aml")


@pytest.fixture(scope="session")
def booted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """One machine for all tests."""
    machine = booted_machine(tmp_path_factory.mktemp("machine"))
    yield machine
    machine.close()


@pytest.fixture
def machine(booted: Emulator) -> Iterator[Emulator]:
    """The booted machine with a fresh powerd; cool, on mains, without limits, before and after."""
    booted.calm()
    assert booted.do("start") == "READY=1"
    yield booted
    booted.calm()
    booted.do("stop")
