"""One booted machine for all tests; each test leaves it as it found it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.emulated import cppc, kernels, ramdisk, tables
from tests.emulated.emulator import Emulator, Hardware

#: `amd-pstate-epp` came with this release.
_FIRST_WITH_PREFERENCES = (6, 3)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here boots a kernel: marked, so that `make test` leaves it out."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.emulated)
            item.add_marker(pytest.mark.timeout(600))


def booted_machine(folder: Path) -> Emulator:
    """A booted machine with clocks, heat, a battery and our code on it; skips where something is missing."""
    _must_have_programs()
    unpacked = kernels.kernel()
    table = _compiled(folder, tables.ssdt())
    return _boot(folder, unpacked, Hardware((table,)))


def booted_machine_with_preferences(folder: Path) -> Emulator:
    """A booted machine whose processors take energy preferences; skips where something is missing."""
    _must_have_programs()
    unpacked = kernels.kernel(at_least=_FIRST_WITH_PREFERENCES)
    (folder / "pcct.aml").write_bytes(cppc.pcct())
    hardware = Hardware(
        (_compiled(folder, cppc.ssdt()), folder / "pcct.aml"),
        # The driver looks for AMD's Zen, and uses the mailbox where the processor has no registers for it.
        cpu="Haswell,vendor=AuthenticAMD,family=25,model=33",
        cores=cppc.CORES,
        memory_mb=1024,
        presets=cppc.presets(),
        words=cppc.kernel_words(),
    )
    return _boot(folder, unpacked, hardware)


def _must_have_programs() -> None:
    for program, package in (
        ("qemu-system-x86_64", "qemu-system-x86"),
        ("iasl", "acpica-tools"),
        ("dbus-daemon", "dbus"),
        ("dpkg-deb", "dpkg"),
    ):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed (package {package})")


def _compiled(folder: Path, source: str) -> Path:
    (folder / "ssdt.asl").write_text(source)
    command = ["iasl", "-p", "ssdt", "ssdt.asl"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=60)
    return folder / "ssdt.aml"


def _boot(folder: Path, unpacked: Path, hardware: Hardware) -> Emulator:
    image = kernels.image_of(unpacked)
    version = image.name.removeprefix("vmlinuz-")
    # Debian 13 ships files under /usr alone.
    modules = next(path for path in (unpacked / "usr/lib/modules", unpacked / "lib/modules") if path.is_dir())
    ramdisk.build(folder / "ramdisk.gz", modules, version)
    return Emulator(folder, image, folder / "ramdisk.gz", hardware)


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
