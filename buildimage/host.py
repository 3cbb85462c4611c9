"""What the building machine must have, and getting it: Debian packages, root, space, a folder of its own."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from common.errors import InvalidInput, StorageError, Unavailable

#: Command that must be there -> Debian package that brings it. All else lives in the tools tree.
COMMANDS = {
    "mmdebstrap": "mmdebstrap",
    "bwrap": "bubblewrap",
    "dpkg-deb": "dpkg",
    "apt-get": "apt",
    "unshare": "util-linux",
}
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
#: Tools tree, two package trees, raw images and their copies.
NEEDED_BYTES = 9_000_000_000
#: The same where the trees are there from an earlier build.
NEEDED_AGAIN_BYTES = 5_000_000_000
#: Held while a build runs; also says that a folder is one of builds.
MARK = ".sotto-build"
#: What lies in such a folder; anything else in one without the mark belongs to somebody.
_OURS = {"store", "work", "vm", "verify", "x86-64", "arm64", "lost+found"}
#: apt reads these as part of its syntax where they stand in the address of the local packages.
_UNFIT = re.compile(r"""[\s"'#%\[\]\\]""")
#: Runs programs of the other architecture while its packages are configured.
EMULATORS = {"arm64": ("qemu-aarch64-static", "qemu-user-static")}


def prepare_host(arch: str, offline: bool = False) -> None:
    """Install what is missing.

    Args:
        arch: "x86-64" or "arm64", which the image is for.
        offline: say what is missing instead, because getting it would open a socket.

    Raises:
        Unavailable: it cannot be installed here; the message has the command for root.
    """
    machine = os.uname().machine
    if machine not in ("x86_64", "amd64"):
        raise Unavailable(
            f"images, for whichever architecture, are built on x86-64; this machine is {machine}",
            hint="The locked tools are x86-64 programs; build there, with ARCH=arm64 for an arm64 box.",
            code="host.machine",
        )
    wanted = {package for command, package in COMMANDS.items() if not shutil.which(command)}
    if not KEYRING.exists():
        wanted.add("debian-archive-keyring")
    if arch in EMULATORS:
        command, package = EMULATORS[arch]
        if not shutil.which(command):
            wanted.add(package)
    require_root()
    if wanted:
        packages = sorted(wanted)
        install = ["apt-get", "install", "-y", "--no-install-recommends", *packages]
        if not shutil.which("apt-get"):
            raise Unavailable(
                f"these are missing: {', '.join(packages)}",
                hint="The image is built on Debian 12 or 13; install them there.",
                code="host.packages",
            )
        if offline:
            raise Unavailable(
                f"these are missing: {', '.join(packages)}",
                hint=f"OFFLINE=1 opens no socket; run before: {' '.join(install)}",
                code="host.packages",
            )
        print(f"sotto: installing {', '.join(packages)}", flush=True)
        subprocess.run(["apt-get", "update", "-q"], stdout=subprocess.DEVNULL, check=False)
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        if subprocess.run(install, stdout=subprocess.DEVNULL, env=environment, check=False).returncode:
            raise Unavailable(
                f"these could not be installed: {', '.join(packages)}",
                hint=f"Run as root: {' '.join(install)}",
                code="host.packages",
            )


def require_root() -> None:
    """Raises `Unavailable` where the build could not make device-less images with root's files."""
    if os.geteuid() != 0:
        raise Unavailable(
            "the image is built as root: its files belong to root, and the tools run in a root of their own",
            hint="Run: sudo make image",
            code="host.root",
        )


@contextmanager
def claim(folder: Path) -> Iterator[None]:
    """Make `folder` and keep other builds out of it; the lock goes with this process, however it ends.

    Args:
        folder: absolute. Builds empty some folders in it, so it must be theirs alone.

    Raises:
        InvalidInput: its path cannot be handed to apt, or other things lie in it.
        Unavailable: another build is at work there.
        StorageError: it cannot be made.
    """
    if unfit := _UNFIT.search(str(folder)):
        raise InvalidInput(
            f"apt cannot read a path with {unfit.group()!r} in it: {folder}",
            hint="Give a folder without it: BUILD=/var/tmp/sotto",
            code="host.path",
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        strangers = {path.name for path in folder.iterdir()} - _OURS
        if strangers and not (folder / MARK).exists():
            raise InvalidInput(
                f"{folder} holds other things, such as {min(strangers)}; a build would clear parts of it",
                hint="Give a folder that is empty or absent, or was built in before: BUILD=",
                code="host.folder",
            )
        mark = (folder / MARK).open("w")
    except OSError as error:
        raise StorageError(
            f"{folder} cannot be built in: {error.strerror}",
            hint="Put the build where root may write: BUILD=/var/tmp/sotto",
            code="host.folder",
        ) from error
    with mark:
        try:
            fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Unavailable(
                f"another build is at work in {folder}",
                hint="Wait for it, or give this one a folder of its own: BUILD=",
                code="host.busy",
            ) from error
        yield


def require_space(folder: Path) -> None:
    """Raises `StorageError` unless `folder`'s disk has room for a build; the folder is there."""
    needed = NEEDED_AGAIN_BYTES if (folder / "work" / "models").exists() else NEEDED_BYTES
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise StorageError(
            f"{folder} has {free / 1e9:.1f} GB free; the build needs up to {needed / 1e9:.0f} GB",
            hint="Free some space, or put the build elsewhere with BUILD=",
            code="host.space",
        )


def register_emulator(arch: str) -> None:
    """Let the kernel run programs of `arch`; does nothing where it can already. This machine is x86-64.

    Raises:
        Unavailable: the kernel has no binfmt_misc, or it may not be changed here.
    """
    if arch not in EMULATORS:
        return
    folder = Path("/proc/sys/fs/binfmt_misc")
    if (folder / "qemu-aarch64").exists():
        return
    if not (folder / "register").exists():
        subprocess.run(["mount", "-t", "binfmt_misc", "binfmt_misc", str(folder)], check=False)
    rules = next(iter(Path("/usr/lib/binfmt.d").glob("qemu-aarch64*.conf")), None)
    try:
        if rules is None:
            raise FileNotFoundError("qemu-user-static has no rule for aarch64")
        (folder / "register").write_text(rules.read_text().strip())
    except OSError as error:
        raise Unavailable(
            f"programs for {arch} cannot be run here: {error}",
            hint="Install qemu-user-static and binfmt-support, or build on an arm64 machine.",
            code="host.emulator",
        ) from error
