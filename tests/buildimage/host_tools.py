"""Stands where a tools tree would: this machine's own programs, entered by bubblewrap in the same way."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from buildimage.tools import Tools

_LINKS = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")


class HostTools(Tools):
    """A root whose /usr and /etc are this machine's."""

    def command(
        self,
        command: Sequence[str],
        *,
        binds: Mapping[Path, str],
        cwd: str = "/",
        environment: Mapping[str, str] | None = None,
    ) -> list[str]:
        """As `Tools.command`."""
        own = {Path("/usr"): "/usr", Path("/etc"): "/etc"}
        return super().command(command, binds={**own, **binds}, cwd=cwd, environment=environment)


def host_tools(root: Path, *programs: str) -> HostTools:
    """A root made in `root`; skips the test where bubblewrap or one of `programs` cannot be used."""
    missing = [program for program in ("bwrap", *programs) if not shutil.which(program)]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")
    for name in ("usr", "etc", "dev", "proc", "sys", "run", "tmp", "root"):
        (root / name).mkdir(parents=True)
    for name in _LINKS:
        if (Path("/") / name).is_symlink():
            (root / name).symlink_to(f"usr/{name}")
    tools = HostTools(root)
    probe = subprocess.run(tools.command(["true"], binds={}), capture_output=True, check=False)
    if probe.returncode:
        pytest.skip(f"bubblewrap cannot be used here: {probe.stderr.decode().strip()}")
    return tools


@contextmanager
def small_disk(place: Path, size: str = "1m", options: str = "") -> Iterator[Path]:
    """A file system of `size` mounted on the new folder `place`; skips where mounting is not allowed."""
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}{options}", "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("mounting a small file system needs root")
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


@contextmanager
def private_umask() -> Iterator[None]:
    """The umask of a careful owner."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)
