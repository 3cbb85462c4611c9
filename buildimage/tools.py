"""The tools tree: mkosi and everything it calls, from locked packages, entered by bubblewrap.

The machine that builds lends its kernel, mmdebstrap and bubblewrap; every program that touches the image's
bytes comes from here. bubblewrap pivots into the tree, because mkosi makes user namespaces, which a plain
chroot forbids.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from buildimage.aptrepo import COMPONENT, SUITE
from buildimage.errors import BuildError, StorageError, Unavailable
from buildimage.lists import read_list

#: Raised when this file changes what it puts into the tree.
_VERSION = "1"
#: 128 KiB clusters let zstd see more at once; repart has no setting for it, mkosi hands on no environment.
_MKFS = """#!/bin/sh
exec /usr/bin/mkfs.erofs -C131072 --workers=2 "$@"
"""


@dataclass(frozen=True)
class Tools:
    """A tools tree that is there.

    Attributes:
        root: its folder.
    """

    root: Path

    def command(
        self,
        command: Sequence[str],
        *,
        binds: Mapping[Path, str],
        cwd: str = "/",
        environment: Mapping[str, str] | None = None,
    ) -> list[str]:
        """The command line that runs `command` inside the tree, without any network.

        Args:
            command: program and arguments, as paths inside.
            binds: folders of the machine -> where they are seen inside, writable.
            cwd: working folder inside.
            environment: added to HOME and PATH, which are all it gets.
        """
        line = [
            "bwrap", "--bind", str(self.root), "/", "--dev-bind", "/dev", "/dev", "--proc", "/proc",
            "--ro-bind", "/sys", "/sys", "--tmpfs", "/run", "--tmpfs", "/tmp",
            "--unshare-net", "--cap-add", "ALL", "--clearenv", "--setenv", "HOME", "/root",
            "--setenv", "PATH", "/usr/local/bin:/usr/bin:/usr/sbin", "--setenv", "LANG", "C.UTF-8",
        ]  # fmt: skip
        for outside, inside in binds.items():
            line += ["--bind", str(outside), inside]
        for name, value in (environment or {}).items():
            line += ["--setenv", name, value]
        return [*line, "--chdir", cwd, *command]

    def run(
        self,
        command: Sequence[str],
        *,
        binds: Mapping[Path, str],
        cwd: str = "/",
        environment: Mapping[str, str] | None = None,
        log: Path,
    ) -> None:
        """Run `command` inside, its output in `log`.

        Raises:
            BuildError: it failed; the message ends with the last lines of the log.
        """
        line = self.command(command, binds=binds, cwd=cwd, environment=environment)
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            status = subprocess.run(
                line, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, check=False
            ).returncode
        if status:
            raise failure(Path(command[0]).name, status, log)


def failure(program: str, status: int, log: Path) -> BuildError:
    """The error for a program that ended with `status`, quoting the end of its log."""
    lines = log.read_text(errors="replace").splitlines()[-12:]
    quoted = "\n  ".join(line.strip() for line in lines)
    if any("No space left on device" in line for line in lines):
        return StorageError(
            f"{program} ran out of space:\n  {quoted}",
            hint="Free some space and run it again.",
            code="build.space",
        )
    return BuildError(
        f"{program} ended with status {status}:\n  {quoted}", hint=f"All of it is in {log}", code="build.tool"
    )


def tools_key(repository: Path) -> str:
    """Changes exactly when the tree must be made anew."""
    digest = hashlib.sha256(_VERSION.encode() + _MKFS.encode())
    for name in ("buildimage/locks/tools.lock", "buildimage/mkosi/tools.list"):
        digest.update((repository / name).read_bytes())
    return digest.hexdigest()[:16]


def make_tools(repository: Path, package_repository: Path, folder: Path, log: Path) -> Tools:
    """The tools tree of this checkout's lock, made by mmdebstrap if it is not there.

    Args:
        repository: the checkout.
        package_repository: holds the locked packages, see `aptrepo.build_repository`.
        folder: trees lie here by key; others than the present one are removed.
        log: what mmdebstrap says.

    Raises:
        Unavailable: mmdebstrap is missing.
        BuildError: it failed.
    """
    root = folder / tools_key(repository)
    if (root / "etc" / "sotto-tools").exists():
        return Tools(root)
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        shutil.rmtree(old)
    unfinished = folder / "unfinished"
    packages = read_list(repository / "buildimage" / "mkosi" / "tools.list")
    command = [
        "mmdebstrap", "--mode=root", "--variant=minbase", f"--include={','.join(packages)}",
        "--aptopt=APT::Install-Recommends \"false\"", SUITE, str(unfinished),
        f"deb [trusted=yes] copy:{package_repository} {SUITE} {COMPONENT}",
    ]  # fmt: skip
    log.parent.mkdir(parents=True, exist_ok=True)
    try:
        with log.open("wb") as output:
            status = subprocess.run(command, stdout=output, stderr=subprocess.STDOUT, check=False).returncode
    except FileNotFoundError as error:
        raise Unavailable("mmdebstrap is missing", hint="Install it: apt-get install mmdebstrap") from error
    if status:
        raise failure("mmdebstrap", status, log)
    wrapper = unfinished / "usr/local/bin/mkfs.erofs"
    wrapper.write_text(_MKFS)
    wrapper.chmod(0o755)
    (unfinished / "etc" / "sotto-tools").touch()
    unfinished.rename(root)
    return Tools(root)
