"""Where stock kernels come from: one that is named, the machine's own Debian's, the image's locked one."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from buildimage.locks import read_debs
from buildimage.store import ContentStore
from tests.conftest import REPOSITORY

BUILD = REPOSITORY / "build" / "emulated"
#: The machine's own package source says which kernel is Debian's newest.
_PACKAGE = "linux-image-amd64"
_IMAGE_LOCK = REPOSITORY / "buildimage" / "locks" / "debs-x86-64.lock"
_IMAGE_STORE = REPOSITORY / "build" / "image" / "store"
_RELEASE = re.compile(r"linux-image-(\d+\.\d+)|vmlinuz-(\d+\.\d+)")


def kernel(at_least: tuple[int, int] = (0, 0)) -> Path:
    """The folder of an unpacked kernel package; skips where none is to be had.

    `SOTTO_TEST_KERNEL` names one, and then there is no other. Else it is what apt offers here, and if that is
    too old, the one that the image is built with, provided that `make image` has filled its store.
    """
    if given := os.environ.get("SOTTO_TEST_KERNEL"):
        if _release(image_of(Path(given)).name) < at_least:
            pytest.skip(f"the kernel in {given} is older than {_words(at_least)}, which this test needs")
        return Path(given)
    BUILD.mkdir(parents=True, exist_ok=True)
    refused = [f"apt knows no {_PACKAGE} here"]
    with (BUILD / "lock").open("w") as lock:
        # Two processes, each with a file of tests, may ask at the same time.
        fcntl.flock(lock, fcntl.LOCK_EX)
        for place, offer in ((BUILD / "kernel", _of_apt), (BUILD / "image-kernel", _of_image)):
            if list(place.glob("boot/vmlinuz-*")):
                if _release(image_of(place).name) >= at_least:
                    return place
                refused.append(f"{image_of(place).name} is older than {_words(at_least)}")
                continue
            name = offer()
            if name and _release(name) < at_least:
                refused.append(f"{name} is older than {_words(at_least)}")
            elif name and (package := _locked(name) or _fetched(name)):
                return _unpacked(package, place)
            elif name:
                refused.append(f"{name} could not be fetched")
    pytest.skip(f"{'; '.join(refused[1:] or refused)}; SOTTO_TEST_KERNEL may name an unpacked one")


def image_of(unpacked: Path) -> Path:
    """The file to boot."""
    return max(unpacked.glob("boot/vmlinuz-*"))


def _of_apt() -> str:
    """The name of the newest kernel package that apt knows here."""
    if shutil.which("apt-cache") is None:
        return ""
    shown = subprocess.run(["apt-cache", "depends", _PACKAGE], capture_output=True, text=True, timeout=300)
    names = (line.split()[1] for line in shown.stdout.splitlines() if "Depends: linux-image-" in line)
    return next(names, "")


def _of_image() -> str:
    """The name of the image's kernel package."""
    return next((deb.name for deb in read_debs(_IMAGE_LOCK) if _RELEASE.match(deb.name)), "")


def _locked(name: str) -> Path | None:
    """The image's package, if its store has it."""
    for deb in read_debs(_IMAGE_LOCK):
        if deb.name == name:
            return ContentStore(_IMAGE_STORE).get(deb.sha256, deb.size)
    return None


def _fetched(name: str) -> Path | None:
    """The package, from where the machine's own apt gets packages."""
    if shutil.which("apt-get") is None:
        return None
    subprocess.run(["apt-get", "download", "-q", name], cwd=BUILD, timeout=500, check=False)
    return max(BUILD.glob(f"{name}_*.deb"), default=None)


def _unpacked(package: Path, place: Path) -> Path:
    # Half an unpacked kernel would pass for a whole one in the next run.
    half = place.with_name(f".{place.name}.part")
    shutil.rmtree(half, ignore_errors=True)
    subprocess.run(["dpkg-deb", "-x", str(package), str(half)], check=True, timeout=300)
    return half.rename(place)


def _release(name: str) -> tuple[int, int]:
    """The first two numbers in the name of a kernel's package or file."""
    found = _RELEASE.match(name)
    if found is None:
        return (0, 0)
    major, minor = (found[1] or found[2]).split(".")
    return int(major), int(minor)


def _words(release: tuple[int, int]) -> str:
    return ".".join(map(str, release))
