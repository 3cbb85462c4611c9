"""Bringing a release onto the box: room first, then each file, verified before it counts."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from common.errors import StorageError
from services.updated.artefacts import Artefact, Release
from services.updated.errors import SourceFailed, UpdateRefused
from services.updated.source import Source

_BLOCK = 1024 * 1024
#: What state and logs may still need while an update lies there, bytes.
_SPARE = 64 * 1024 * 1024
#: Nothing that fits into a slot of 1 GiB is larger; kernel images share 512 MiB with the other version's.
_LIMIT, _KERNEL_LIMIT = 1100 * 1024 * 1024, 200 * 1024 * 1024

#: Called with the file's name, the bytes that are there of all files, and the bytes in all.
Progress = Callable[[str, int, int], None]


def stage(source: Source, release: Release, staging: Path, progress: Progress) -> Path:
    """Download what is missing; the folder that then has exactly the three verified files.

    Downloads of other versions are removed. May be called again after any interruption.

    Raises:
        UpdateRefused: a file is not what was signed.
        SourceFailed: the source gives up, stalls or lies.
        StorageError: the disk has not enough space.
    """
    folder = staging / release.version
    wanted = {artefact.name for artefact in release.artefacts}
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for other in staging.iterdir():
            if other != folder:
                remove(other)
        # Staging has parts of this version only: another build of it has other names.
        for file in folder.iterdir():
            if file.name.removesuffix(".json").removesuffix(".part") not in wanted:
                remove(file)
    except OSError as error:
        raise _storage(folder, error) from error
    missing = [a for a in release.artefacts if not _is_right(folder / a.name, a)]
    present = sum((folder / a.name).stat().st_size for a in release.artefacts if a not in missing)
    sizes = {artefact.name: _size(source, release, artefact) for artefact in missing}
    total = present + sum(sizes.values())
    _require_space(folder, sum(sizes.values()) - _begun(folder, sizes))
    done = present
    for artefact in missing:
        size, before = sizes[artefact.name], done

        def received(there: int, name: str = artefact.name, before: int = before) -> None:
            progress(name, before + there, total)

        _bring(source, artefact, size, folder, received)
        done += size
    return folder


def remove(path: Path) -> None:
    """Remove a file or a folder, whichever it is."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _bring(
    source: Source, artefact: Artefact, size: int, folder: Path, received: Callable[[int], None]
) -> None:
    part = folder / f"{artefact.name}.part"
    # A download that was continued may hold what another build or a power cut left: once more from the start.
    for attempt in (1, 2):
        continued = part.exists()
        source.fetch(artefact.name, size, artefact.sha256, part, received)
        if _is_right(part, artefact):
            try:
                _sync(part)
                part.replace(folder / artefact.name)
                _sync(folder)
            except OSError as error:
                raise _storage(part, error) from error
            part.with_name(part.name + ".json").unlink(missing_ok=True)
            return
        part.unlink(missing_ok=True)
        if not continued or attempt == 2:
            break
    raise UpdateRefused(
        f"{artefact.name} is not the file that was signed",
        hint="it was damaged or changed on its way; try again, or ask who runs the source",
        code="update.hash",
    )


def _size(source: Source, release: Release, artefact: Artefact) -> int:
    size = source.size(artefact.name)
    limit = _KERNEL_LIMIT if artefact == release.kernel else _LIMIT
    if not 0 < size <= limit:
        raise SourceFailed(
            f"{artefact.name} has {size} bytes; from 1 to {limit} are taken", code="update.too-large"
        )
    return size


def _begun(folder: Path, sizes: dict[str, int]) -> int:
    there = 0
    for name, size in sizes.items():
        part = folder / f"{name}.part"
        if part.exists():
            there += min(part.stat().st_size, size)
    return there


def _require_space(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < needed + _SPARE:
        raise StorageError(
            f"the update needs {(needed + _SPARE) // 2**20} MiB on the data partition and {free // 2**20} MiB"
            " are free",
            hint="free some disk space",
            code="update.space",
        )


def _is_right(path: Path, artefact: Artefact) -> bool:
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                digest.update(block)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise _storage(path, error) from error
    return digest.hexdigest() == artefact.sha256


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _storage(path: Path, error: OSError) -> StorageError:
    return StorageError(
        f"{path} cannot be used: {error.strerror or error}",
        hint="free some disk space, and look whether the disk is damaged",
        code="update.space",
    )
