"""Wheels: exactly the files that the image's Python takes, found and fetched by pip.

pip is a command line here (`python -m pip` of any Python): it knows indexes, proxies and certificates as its
owner has set them up. Nothing is installed and no code of a package runs.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from buildimage.download import digest_of
from buildimage.errors import Damaged
from buildimage.locks import Wheel
from buildimage.progress import Progress, silent
from buildimage.requirements import Requirement
from buildimage.store import ContentStore, storage_errors
from common.errors import InvalidInput, NotFound, SottoError, StorageError, Unavailable

PIP: tuple[str, ...] = (sys.executable, "-m", "pip")
#: Of Debian trixie; a wheel that asks for more does not start there.
GLIBC_MINOR = 41
_PYTHON = "3.13"
_ABIS = ("cp313", "abi3", "none")
_MACHINES = {"x86-64": "x86_64", "arm64": "aarch64"}
_TIME_LIMIT_S = 3600.0
_NETWORK = ("Connection", "connection", "timed out", "Name or service", "Retrying", "SSLError", "ProxyError")


def platforms(architecture: str) -> tuple[str, ...]:
    """Platform tags that run on the image, newest first (PEP 600).

    Raises:
        InvalidInput: `architecture` is neither ``x86-64`` nor ``arm64``.
    """
    machine = _MACHINES.get(architecture)
    if machine is None:
        raise InvalidInput(f"{architecture!r} is not x86-64 or arm64", code="wheels.architecture")
    # aarch64 begins at 2.17; the two old names are x86-64's alone.
    oldest, legacy = (5, ("2014", "2010", "1")) if machine == "x86_64" else (17, ("2014",))
    new = (f"manylinux_2_{minor}_{machine}" for minor in range(GLIBC_MINOR, oldest - 1, -1))
    return (*new, *(f"manylinux{name}_{machine}" for name in legacy), f"linux_{machine}")


def architecture_of(wheel: Wheel) -> str:
    """The architecture whose tags fit a wheel; one for all counts as x86-64."""
    return "arm64" if wheel.filename.endswith("_aarch64.whl") else "x86-64"


def lock_wheels(
    store: ContentStore,
    requirements: Sequence[Requirement],
    architecture: str,
    pip: Sequence[str] = PIP,
    progress: Progress = silent,
) -> tuple[Wheel, ...]:
    """The one wheel that pip takes for each requirement; it lies in the store afterwards.

    Args:
        store: gets the wheels, since only the bytes tell which of the locked hashes it is.
        requirements: with their hashes; markers have been judged before.
        architecture: ``x86-64`` or ``arm64``.
        pip: its command line.
        progress: one step.

    Raises:
        NotFound: there is no wheel for this Python and architecture.
        Damaged: a file has none of the locked hashes.
        Unavailable: the index does not answer, or pip is missing.
        StorageError: the disk is full or not writable.
    """
    if not requirements:
        return ()
    progress(f"finding {len(requirements)} wheels for {architecture}", 0, 1)
    found: dict[str, Wheel] = {}
    with _scratch(store) as folder:
        _download(pip, [each.line() for each in requirements], architecture, folder)
        allowed = {each.name: each for each in requirements}
        for file in sorted(folder.glob("*.whl")):
            wheel = Wheel(file.name, digest_of(file))
            wanted = allowed.get(wheel.name)
            if wanted is None or wheel.sha256 not in wanted.hashes:
                raise Damaged(
                    f"pip brought {file.name}, which no locked hash allows",
                    hint="See that the index is the one you mean: pip config list",
                    code="wheels.hash",
                )
            store.put(file, wheel.sha256)
            found[wheel.name] = wheel
    if lost := sorted(allowed.keys() - found.keys()):
        raise NotFound(f"pip brought no wheel of {', '.join(lost)}", code="wheels.none")
    progress(f"finding {len(requirements)} wheels for {architecture}", 1, 1)
    return tuple(found[name] for name in sorted(found))


def fetch(
    store: ContentStore,
    wheels: Sequence[Wheel],
    *,
    offline: bool = False,
    pip: Sequence[str] = PIP,
    progress: Progress = silent,
) -> tuple[str, ...]:
    """Bring every wheel into the store; what is there is hashed and kept when it is right.

    Returns:
        A line for each damaged object that was replaced.

    Raises:
        NotFound: wheels are not to be had; all that pip asked for at once are named.
        Unavailable: the index does not answer, or pip is missing.
        StorageError: the disk is full or not writable.
    """
    absent: list[Wheel] = []
    notes: list[str] = []
    for wheel in {each.sha256: each for each in wheels}.values():
        if store.get(wheel.sha256, full=True) is None:
            absent.append(wheel)
            if store.remove(wheel.sha256):
                notes.append(f"the store's copy of {wheel} was damaged and is removed")
    if absent and offline:
        raise NotFound(
            f"OFFLINE=1, and {len(absent)} locked wheels are not in the store {store.root}: "
            + ", ".join(str(wheel) for wheel in absent)
            + "".join(f"\n{note}" for note in notes),
            hint="Build once without OFFLINE=1.",
            code="store.offline",
        )
    done = 0
    for architecture in _MACHINES:
        group = [wheel for wheel in absent if architecture_of(wheel) == architecture]
        if not group:
            continue
        progress("fetching wheels", done, len(absent))
        with _scratch(store) as folder:
            lines = [f"{each.name}=={each.version} --hash=sha256:{each.sha256}" for each in group]
            _download(pip, lines, architecture, folder)
            _keep(store, group, folder)
        done += len(group)
        progress("fetching wheels", done, len(absent))
    return tuple(notes)


def _keep(store: ContentStore, group: Sequence[Wheel], folder: Path) -> None:
    brought = {digest_of(file): file for file in sorted(folder.glob("*.whl"))}
    for wheel in group:
        if wheel.sha256 not in brought:
            raise NotFound(f"pip brought another file for {wheel}", code="wheels.none")
        store.put(brought[wheel.sha256], wheel.sha256)


def _download(pip: Sequence[str], lines: Sequence[str], architecture: str, folder: Path) -> None:
    wanted = folder / "wanted.txt"
    wanted.write_text("\n".join(lines) + "\n")
    command = [
        *pip, "download", "--quiet", "--no-input", "--progress-bar", "off", "--disable-pip-version-check",
        "--require-hashes", "--no-deps", "--only-binary=:all:",
        *(word for platform in platforms(architecture) for word in ("--platform", platform)),
        *(word for abi in _ABIS for word in ("--abi", abi)),
        "--python-version", _PYTHON, "--implementation", "cp", "--dest", str(folder), "-r", str(wanted),
    ]  # fmt: skip
    try:
        # pip unpacks into a folder for temporary files, which may be small: use the store's file system.
        done = subprocess.run(
            command,
            env=_environment(os.environ, folder),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_TIME_LIMIT_S,
            check=False,
        )
    except OSError as error:
        raise Unavailable(f"{pip[0]} cannot be run: {error.strerror}", code="wheels.pip") from error
    except subprocess.TimeoutExpired:
        raise Unavailable(f"pip took more than {_TIME_LIMIT_S:.0f} s", code="wheels.slow") from None
    if done.returncode:
        raise _failure(done.stderr)


def _environment(inherited: Mapping[str, str], folder: Path) -> dict[str, str]:
    return {**inherited, "LC_ALL": "C.UTF-8", "TMPDIR": str(folder)}


def _failure(said: str) -> SottoError:
    tail = " ".join(line.strip() for line in said.splitlines() if line.strip())[-1500:]
    if "DO NOT MATCH THE HASHES" in said:
        return Damaged(f"the index has other bytes than locked: {tail}", code="wheels.hash")
    if "No module named pip" in said:
        return Unavailable("this Python has no pip", hint="apt-get install python3-pip", code="wheels.pip")
    if "No space left" in said:
        return StorageError(f"pip ran out of space: {tail}", hint="Free some space.", code="store.full")
    if any(word in said for word in _NETWORK):
        return Unavailable(f"the package index does not answer: {tail}", code="wheels.index")
    return NotFound(
        f"pip finds no such wheel: {tail}",
        hint="Its version is gone, it has no wheel for this architecture, or no index answers.",
        code="wheels.none",
    )


@contextmanager
def _scratch(store: ContentStore) -> Iterator[Path]:
    parent = store.root / "tmp"
    with storage_errors(store.root):
        parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix="pip-", dir=parent) as folder:
            yield Path(folder)
