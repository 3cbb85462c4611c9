"""The boards that an image can be made for, read from boards.toml, and which one BOARD= and ARCH= mean."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path, PurePosixPath
from typing import TypeVar

from common.errors import InvalidInput, StorageError, TooLarge

TABLE = Path(__file__).resolve().parent / "boards.toml"
MAX_TABLE_BYTES = 1 << 20
#: Both are folders of the build, so a board cannot be called like one of these.
_ARCHITECTURES = ("x86-64", "arm64")


@dataclass(frozen=True)
class BootFile:
    """A file of a locked package that goes onto the boot partition.

    Attributes:
        package: name in the lock; a shell pattern that fits exactly one.
        source: path in the package, without a leading slash; a shell pattern that fits exactly one.
        to: path on the boot partition.
    """

    package: str
    source: str
    to: str


@dataclass(frozen=True)
class BootText:
    """A file of the boot partition that is written here: its path there, and its content."""

    to: str
    content: str


@dataclass(frozen=True)
class Board:
    """A kind of computer.

    Attributes:
        name: as in BOARD=, and of its list under rootfs/packages where it has one.
        about: for people.
        arch: "x86-64" or "arm64".
        files: from packages.
        texts: written by us.
    """

    name: str
    about: str
    arch: str
    files: tuple[BootFile, ...] = ()
    texts: tuple[BootText, ...] = ()

    @property
    def places(self) -> tuple[str, ...]:
        """Paths on the boot partition of all that it brings."""
        return (*(file.to for file in self.files), *(text.to for text in self.texts))

    @property
    def folder(self) -> str:
        """Folder of its artefacts; boards that take the very same disk share the architecture's."""
        return self.name if self.places else self.arch


def read_boards(table: Path = TABLE) -> dict[str, Board]:
    """The boards by name, in the order of the file.

    Raises:
        InvalidInput: the table cannot be used; names file, board and key.
        TooLarge: it is above `MAX_TABLE_BYTES`.
        StorageError: it cannot be read.
    """
    try:
        with table.open("rb") as stream:
            data = stream.read(MAX_TABLE_BYTES + 1)
    except OSError as error:
        raise StorageError(f"{table} cannot be read: {error.strerror}", code="boards.read") from error
    if len(data) > MAX_TABLE_BYTES:
        raise TooLarge(f"{table} is larger than {MAX_TABLE_BYTES} bytes", code="boards.too-large")
    try:
        parsed = tomllib.loads(data.decode())
    except ValueError as error:
        raise InvalidInput(f"{table}: {error}", code="boards.syntax") from error
    return {name: _board(f"{table}: {name}", name, entry) for name, entry in parsed.items()}


def choose(boards: Mapping[str, Board], board: str, arch: str, native: str) -> Board:
    """The board that is meant.

    Args:
        boards: see `read_boards`.
        board: BOARD=, or "".
        arch: ARCH=, or "" for the board's own, or else `native`.
        native: architecture of this machine.

    Raises:
        InvalidInput: one of the two is not known, or they do not go together; names the known ones.
    """
    known = ", ".join(f"{each.name} ({each.arch})" for each in boards.values())
    if arch and arch not in _ARCHITECTURES:
        raise InvalidInput(
            f"ARCH={arch} is not known", hint=f"It is {' or '.join(_ARCHITECTURES)}.", code="boards.arch"
        )
    if board:
        if board not in boards:
            raise InvalidInput(
                f"BOARD={board} is not known", hint=f"It is one of {known}.", code="boards.name"
            )
        if arch and boards[board].arch != arch:
            raise InvalidInput(
                f"BOARD={board} is {boards[board].arch}, and ARCH={arch} is asked for",
                hint=f"Leave ARCH= out, or take one of {known}.",
                code="boards.arch",
            )
        return boards[board]
    for each in boards.values():
        if each.arch == (arch or native):
            return each
    raise InvalidInput(f"there is no board for {arch or native}", hint=f"Known: {known}.", code="boards.arch")


def _board(where: str, name: str, entry: object) -> Board:
    if name in (*_ARCHITECTURES, "work", "store", "vm", "verify") or not isinstance(entry, dict):
        raise InvalidInput(f"{where} is not a board", hint="Write a table: [name].", code="boards.name")
    plain = _strings(where, {key: value for key, value in entry.items() if key not in ("file", "text")})
    if unknown := sorted(plain.keys() - {"about", "arch"}):
        raise InvalidInput(f"{where} has an unknown key {unknown[0]}", code="boards.key")
    if plain.get("arch") not in _ARCHITECTURES:
        raise InvalidInput(
            f"{where}: arch is missing or unknown",
            hint=f"It is {' or '.join(_ARCHITECTURES)}.",
            code="boards.arch",
        )
    renamed = [
        {("source" if key == "from" else key): value for key, value in table.items()}
        for table in _tables(where, entry, "file")
    ]
    files = tuple(_record(f"{where}.file", BootFile, table) for table in renamed)
    texts = tuple(_record(f"{where}.text", BootText, table) for table in _tables(where, entry, "text"))
    board = Board(name, plain.get("about", name), plain["arch"], files, texts)
    for place in board.places:
        path = PurePosixPath(place)
        if path.is_absolute() or ".." in path.parts or not path.parts or board.places.count(place) > 1:
            raise InvalidInput(
                f"{where}: {place!r} cannot be a place on the boot partition",
                hint="Each file needs a relative path of its own.",
                code="boards.place",
            )
    return board


_Record = TypeVar("_Record", BootFile, BootText)


def _record(where: str, kind: type[_Record], table: Mapping[str, object]) -> _Record:
    wanted = {each.name for each in fields(kind)}
    values = _strings(where, table)
    if values.keys() != wanted:
        wrong = ", ".join(sorted(values.keys() ^ wanted)).replace("source", "from")
        raise InvalidInput(f"{where}: missing or unknown: {wrong}", code="boards.key")
    return kind(**values)


def _tables(where: str, entry: Mapping[str, object], key: str) -> list[Mapping[str, object]]:
    tables = entry.get(key, [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise InvalidInput(
            f"{where}.{key} is not a list of tables", hint=f"Write [[{key}]] entries.", code="boards.key"
        )
    return tables


def _strings(where: str, table: Mapping[str, object]) -> dict[str, str]:
    found: dict[str, str] = {}
    for key, value in table.items():
        if not isinstance(value, str) or not value.strip():
            raise InvalidInput(f"{where}: {key} is not a text", code="boards.key")
        found[key] = value
    return found
