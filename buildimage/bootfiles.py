"""What a board's own firmware finds on the boot partition, taken out of the locked packages in the store."""

from __future__ import annotations

import subprocess
import tarfile
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from buildimage.boards.board import Board, BootFile
from buildimage.errors import Damaged
from buildimage.locks import Deb
from buildimage.store import ContentStore, storage_errors
from common.errors import InvalidInput, NotFound, TooLarge, Unavailable

#: The largest by far, a firmware, has 2 MB.
MAX_FILE_BYTES = 32 << 20


def place(board: Board, debs: Sequence[Deb], store: ContentStore, target: Path) -> tuple[Deb, ...]:
    """Write the board's files below `target`, which becomes the boot partition.

    Args:
        board: its files and texts; of none, nothing happens.
        debs: the lock of its architecture.
        store: holds the packages.
        target: may have files already; none is written over.

    Returns:
        The packages that files came from.

    Raises:
        InvalidInput: a pattern fits several packages or files, or a place is taken.
        NotFound: a pattern fits none, or the store lacks the package.
        TooLarge: a file is above `MAX_FILE_BYTES`.
        Damaged: a package cannot be unpacked.
        StorageError: `target` cannot be written.
    """
    wanted: dict[Deb, list[BootFile]] = {}
    for file in board.files:
        fitting = [deb for deb in debs if fnmatchcase(deb.name, file.package)]
        _one(board, f"locked packages called {file.package}", [deb.name for deb in fitting])
        wanted.setdefault(fitting[0], []).append(file)
    for text in board.texts:
        _write(board, target / text.to, text.content.lstrip("\n").encode())
    for deb, files in wanted.items():
        path = store.get(deb.sha256, deb.size)
        if path is None:
            raise NotFound(f"{deb} is not in the store", hint="Fill it first.", code="bootfiles.package")
        found = _read(path, str(deb), files)
        for file in files:
            _one(board, f"files {file.source} in {deb}", sorted(found[file]))
            _write(board, target / file.to, *found[file].values())
    return tuple(wanted)


def _read(package: Path, name: str, files: Sequence[BootFile]) -> dict[BootFile, dict[str, bytes]]:
    """For each wanted file all that fit, by path in the package; reads the package once, to its end."""
    found: dict[BootFile, dict[str, bytes]] = {file: {} for file in files}
    try:
        process = subprocess.Popen(
            ["dpkg-deb", "--fsys-tarfile", str(package)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
    except OSError as error:
        raise Unavailable(f"dpkg-deb cannot be run: {error.strerror}", code="bootfiles.tool") from error
    with process:
        assert process.stdout is not None
        try:
            with tarfile.open(fileobj=process.stdout, mode="r|") as archive:
                for member in archive:
                    place_inside = member.name.removeprefix("./")
                    for file in files:
                        if member.isfile() and fnmatchcase(place_inside, file.source):
                            found[file][place_inside] = _content(archive, member, name)
        except tarfile.TarError as error:
            process.kill()
            raise Damaged(f"{name} cannot be unpacked: {error}", code="bootfiles.damaged") from error
        except BaseException:
            process.kill()
            raise
        # tar ends with padding, which must be taken off the pipe or dpkg-deb fails on it.
        while process.stdout.read(1 << 16):
            pass
    if process.returncode:
        raise Damaged(f"{name} cannot be unpacked by dpkg-deb", code="bootfiles.damaged")
    return found


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo, name: str) -> bytes:
    if member.size > MAX_FILE_BYTES:
        raise TooLarge(
            f"{member.name} in {name} is larger than {MAX_FILE_BYTES} bytes", code="bootfiles.too-large"
        )
    stream = archive.extractfile(member)
    assert stream is not None, "a plain file has content"
    return stream.read()


def _one(board: Board, wanted: str, names: Sequence[str]) -> None:
    """Raises unless there is exactly one name."""
    what = f"BOARD={board.name}: {wanted}"
    hint = f"Correct buildimage/boards/{board.name}.toml."
    if not names:
        raise NotFound(f"{what}: none", hint=hint, code="bootfiles.none")
    if len(names) > 1:
        raise InvalidInput(f"{what}: {', '.join(names)}", hint=hint, code="bootfiles.several")


def _write(board: Board, path: Path, content: bytes) -> None:
    with storage_errors(path):
        if path.exists():
            raise InvalidInput(
                f"BOARD={board.name}: {path.name} lies on the boot partition already",
                hint=f"Give the file another place in buildimage/boards/{board.name}.toml.",
                code="bootfiles.taken",
            )
        # As in the rest of the tree, modes are plain: a umask leaves no trace.
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        path.chmod(0o644)
