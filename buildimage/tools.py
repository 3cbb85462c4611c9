"""The tools tree: mkosi and everything it calls, from locked packages, entered by bubblewrap.

The machine that builds lends its kernel, mmdebstrap and bubblewrap; every program that touches the image's
bytes comes from here. bubblewrap pivots into the tree, because mkosi makes user namespaces, which a plain
chroot forbids.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from buildimage.aptrepo import COMPONENT, SUITE
from buildimage.lists import read_list
from common.errors import SottoError, StorageError, Unavailable

#: Raised when this file changes what it puts into the tree.
_VERSION = "1"
#: 128 KiB clusters let zstd see more at once; repart has no setting for it, mkosi hands on no environment.
_MKFS = """#!/bin/sh
exec /usr/bin/mkfs.erofs -C131072 --workers=2 "$@"
"""
#: What keeps mkosi 25.3 from giving the same bytes twice: file below dist-packages, its text, ours.
_MENDED = (
    # Microcode is packed with the time at which it was gathered, and in the order of the file system.
    (
        "mkosi/__init__.py",
        "    make_cpio(root, microcode, sandbox=context.sandbox)\n",
        "    normalize_mtime(root, context.config.source_date_epoch)\n"
        "    make_cpio(root, microcode, sandbox=context.sandbox)\n",
    ),
    ("mkosi/__init__.py", "for p in amd.iterdir():", "for p in sorted(amd.iterdir()):"),
    ("mkosi/__init__.py", "for p in intel.iterdir():", "for p in sorted(intel.iterdir()):"),
)
#: The end of a log that is looked at for the reason of a failure, and what is quoted of it.
_TAIL_BYTES = 1 << 16
_QUOTED_LINES = 12


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

        All processes of it, agents in the background too, end with `command` or with this process.

        Args:
            command: program and arguments, as paths inside.
            binds: folders of the machine -> where they are seen inside, writable.
            cwd: working folder inside.
            environment: added to HOME, PATH and LANG, which are all it gets.
        """
        line = [
            "bwrap", "--bind", str(self.root), "/", "--dev-bind", "/dev", "/dev", "--proc", "/proc",
            "--ro-bind", "/sys", "/sys", "--tmpfs", "/run", "--tmpfs", "/tmp",
            "--unshare-net", "--unshare-pid", "--die-with-parent", "--cap-add", "ALL", "--clearenv",
            "--setenv", "HOME", "/root", "--setenv", "PATH", "/usr/local/bin:/usr/bin:/usr/sbin",
            "--setenv", "LANG", "C.UTF-8",
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
            SottoError: it failed; the message ends with the last lines of the log.
        """
        line = self.command(command, binds=binds, cwd=cwd, environment=environment)
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            begin = output.tell()
            status = _run(line, output)
        if status:
            raise failure(Path(command[0]).name, status, log, begin)


def _run(line: Sequence[str], output: BinaryIO) -> int:
    """The exit status of a program whose output, errors too, goes to `output`."""
    try:
        return subprocess.run(
            line, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, check=False
        ).returncode
    except FileNotFoundError as error:
        raise Unavailable(
            f"{line[0]} is missing",
            hint="Install it: apt-get install bubblewrap mmdebstrap util-linux",
            code="tools.missing",
        ) from error


def failure(program: str, status: int, log: Path, begin: int = 0) -> SottoError:
    """The error for a program that ended with `status`, quoting the end of its log.

    Args:
        program: its name.
        status: its exit status, or minus the signal that killed it.
        log: what it wrote, from byte `begin` on; what is before are earlier runs.
    """
    with log.open("rb") as stream:
        stream.seek(max(begin, log.stat().st_size - _TAIL_BYTES))
        text = stream.read(_TAIL_BYTES).decode(errors="replace")
    # Of a line that was written over again and again, as progress is, the last state counts.
    lines = [line.rstrip("\r").rpartition("\r")[2].strip() for line in text.split("\n")]
    quoted = "\n  ".join([line for line in lines if line][-_QUOTED_LINES:])
    if "No space left on device" in text or "Disk quota exceeded" in text:
        return StorageError(
            f"{program} ran out of space:\n  {quoted}",
            hint="Free some space and run it again.",
            code="build.space",
        )
    return SottoError(
        f"{program} ended with status {status}:\n  {quoted}", hint=f"All of it is in {log}", code="build.tool"
    )


def tools_key(repository: Path) -> str:
    """Changes exactly when the tree must be made anew."""
    digest = hashlib.sha256(_VERSION.encode() + _MKFS.encode() + repr(_MENDED).encode())
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
        Unavailable: mmdebstrap or unshare is missing.
        SottoError: mmdebstrap failed, or mkosi is another one.
    """
    root = folder / tools_key(repository)
    if (root / "etc" / "sotto-tools").exists():
        return Tools(root)
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        shutil.rmtree(old)
    # A name of its own: what a killed run left behind may still be written to.
    unfinished = folder / f"unfinished-{os.getpid()}"
    packages = read_list(repository / "buildimage" / "mkosi" / "tools.list")
    command = [
        # It mounts /proc, /sys and devices into the tree. Were it killed, they would stay, and the next run
        # would clear them away with the tree; in namespaces of its own mounts and processes end with it.
        "unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc",
        "mmdebstrap", "--mode=root", "--variant=minbase", f"--include={','.join(packages)}",
        "--aptopt=APT::Install-Recommends \"false\"", SUITE, str(unfinished),
        f"deb [trusted=yes] copy:{package_repository} {SUITE} {COMPONENT}",
    ]  # fmt: skip
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        status = _run(command, output)
    if status:
        raise failure("mmdebstrap", status, log)
    wrapper = unfinished / "usr/local/bin/mkfs.erofs"
    wrapper.write_text(_MKFS)
    wrapper.chmod(0o755)
    mend(unfinished / "usr/lib/python3/dist-packages")
    (unfinished / "etc" / "sotto-tools").touch()
    unfinished.rename(root)
    return Tools(root)


def mend(packages: Path) -> None:
    """Make mkosi give the same bytes twice.

    Args:
        packages: the folder of Python packages of a tools tree.

    Raises:
        SottoError: another mkosi was locked, and what is to be changed is not there once.
    """
    for name, text, ours in _MENDED:
        path = packages / name
        source = path.read_text("utf-8")
        if source.count(text) != 1:
            raise SottoError(
                f"{name} of the locked mkosi has not exactly one {text.strip()!r}",
                hint="See whether this mkosi still needs to be mended, and change buildimage/tools.py.",
                code="tools.mkosi",
            )
        path.write_text(source.replace(text, ours), "utf-8")
