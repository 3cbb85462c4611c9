"""What the building machine must have, and getting it: a handful of Debian packages, root, space."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from buildimage.errors import StorageError, Unavailable

#: Command that must be there -> Debian package that brings it. All else lives in the tools tree.
COMMANDS = {
    "mmdebstrap": "mmdebstrap",
    "bwrap": "bubblewrap",
    "dpkg-deb": "dpkg",
    "apt-get": "apt",
}
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
#: Tools tree, two package trees, raw images and their copies.
NEEDED_BYTES = 9_000_000_000
#: Runs programs of the other architecture while its packages are configured.
EMULATORS = {"arm64": ("qemu-aarch64-static", "qemu-user-static")}


def prepare_host(arch: str) -> None:
    """Install what is missing.

    Raises:
        Unavailable: it cannot be installed here; the message has the command for root.
    """
    wanted = {package for command, package in COMMANDS.items() if not shutil.which(command)}
    if not KEYRING.exists():
        wanted.add("debian-archive-keyring")
    if arch in EMULATORS and os.uname().machine not in ("aarch64", "arm64"):
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


def require_space(folder: Path, needed: int = NEEDED_BYTES) -> None:
    """Raises `StorageError` unless `folder`'s disk has `needed` bytes free."""
    folder.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise StorageError(
            f"{folder} has {free / 1e9:.1f} GB free; the build needs up to {needed / 1e9:.0f} GB",
            hint="Free some space, or put the build elsewhere with BUILD=",
            code="host.space",
        )


def register_emulator(arch: str) -> None:
    """Let the kernel run programs of `arch`; does nothing where it can already.

    Raises:
        Unavailable: the kernel has no binfmt_misc, or it may not be changed here.
    """
    if arch not in EMULATORS or os.uname().machine in ("aarch64", "arm64"):
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
