"""Reads the files of the boards."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path, PurePosixPath
from typing import TypeVar

from buildimage.boards.board import ARCHITECTURES, Board, BootFile, BootText
from buildimage.lists import is_package
from common.errors import InvalidInput, SottoError, StorageError, TooLarge
from common.toml_file import Flaw, read_toml

FOLDER = Path(__file__).resolve().parent
MAX_BOARD_BYTES = 1 << 20
_FLAWS: Mapping[Flaw, tuple[type[SottoError], str]] = {
    "unreadable": (StorageError, "boards.read"),
    "too-large": (TooLarge, "boards.too-large"),
    "syntax": (InvalidInput, "boards.syntax"),
}
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}\Z")
#: Folders of the build, and sets of packages: no board has such a name.
_TAKEN = (*ARCHITECTURES, "work", "store", "vm", "verify", "image", "initrd")


def read_boards(folder: Path = FOLDER) -> dict[str, Board]:
    """The boards of ``folder/*.toml`` by name: by architecture, the default one first.

    Raises:
        InvalidInput: a file cannot be used, or two boards are the default; names file and key.
        TooLarge: a file is above `MAX_BOARD_BYTES`.
        StorageError: a file cannot be read.
    """
    boards = [read_board(file) for file in sorted(folder.glob("*.toml"))]
    boards.sort(key=lambda each: (ARCHITECTURES.index(each.arch), not each.default, each.name))
    defaults: dict[str, str] = {}
    for board in boards:
        if board.default and defaults.setdefault(board.arch, board.name) != board.name:
            raise InvalidInput(
                f"{folder}: {defaults[board.arch]} and {board.name} are both the default for {board.arch}",
                hint="Remove default = true from one of the two.",
                code="boards.default",
            )
    return {board.name: board for board in boards}


def read_board(file: Path) -> Board:
    """The board of one file; raises as `read_boards` does."""

    def failed(flaw: Flaw, why: str) -> SottoError:
        kind, code = _FLAWS[flaw]
        return kind(f"{file} {why}", code=code)

    table = read_toml(file, MAX_BOARD_BYTES, failed)
    if table is None:
        raise failed("unreadable", "cannot be read: it is not there")
    return _board(str(file), file.stem, table)


def _board(where: str, name: str, entry: Mapping[str, object]) -> Board:
    if name in _TAKEN or not _NAME.match(name):
        raise InvalidInput(
            f"{where}: a board cannot be called {name!r}",
            hint=f"Small letters, digits and hyphens, and none of {', '.join(_TAKEN)}.",
            code="boards.name",
        )
    special = ("file", "text", "packages", "default")
    plain = _strings(where, {key: value for key, value in entry.items() if key not in special})
    if unknown := sorted(plain.keys() - {"about", "arch"}):
        raise InvalidInput(f"{where} has an unknown key {unknown[0]}", code="boards.key")
    if plain.get("arch") not in ARCHITECTURES:
        raise InvalidInput(
            f"{where}: arch is missing or unknown",
            hint=f"It is {' or '.join(ARCHITECTURES)}.",
            code="boards.arch",
        )
    default = entry.get("default", False)
    if not isinstance(default, bool):
        raise InvalidInput(f"{where}: default is not true or false", code="boards.key")
    renamed = [
        {("source" if key == "from" else key): value for key, value in table.items()}
        for table in _tables(where, entry, "file")
    ]
    files = tuple(_record(f"{where}.file", BootFile, table) for table in renamed)
    texts = tuple(_record(f"{where}.text", BootText, table) for table in _tables(where, entry, "text"))
    packages = _packages(where, entry)
    board = Board(name, plain.get("about", name), plain["arch"], files, texts, packages, default)
    for place in board.places:
        path = PurePosixPath(place)
        if path.is_absolute() or ".." in path.parts or not path.parts or board.places.count(place) > 1:
            raise InvalidInput(
                f"{where}: {place!r} cannot be a place on the boot partition",
                hint="Each file needs a relative path of its own.",
                code="boards.place",
            )
    return board


def _packages(where: str, entry: Mapping[str, object]) -> tuple[str, ...]:
    names = entry.get("packages", [])
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise InvalidInput(
            f"{where}: packages is not a list of texts", hint='As in ["u-boot-rpi"].', code="boards.key"
        )
    for name in names:
        if not is_package(name) or names.count(name) > 1:
            raise InvalidInput(
                f"{where}: packages: {name!r} is not the name of a package, or is there twice",
                hint="Write each name once, without version or architecture.",
                code="boards.key",
            )
    return tuple(names)


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
