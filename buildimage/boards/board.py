"""What a board is, and which one BOARD= and ARCH= mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from common.errors import InvalidInput

ARCHITECTURES = ("x86-64", "arm64")


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
        name: as in BOARD=, and of its file.
        about: for people.
        arch: "x86-64" or "arm64".
        files: from packages.
        texts: written by us.
        packages: locked, but not installed; files come from them.
        default: the board that ARCH= alone means.
    """

    name: str
    about: str
    arch: str
    files: tuple[BootFile, ...] = ()
    texts: tuple[BootText, ...] = ()
    packages: tuple[str, ...] = ()
    default: bool = False

    @property
    def places(self) -> tuple[str, ...]:
        """Paths on the boot partition of all that it brings."""
        return (*(file.to for file in self.files), *(text.to for text in self.texts))

    @property
    def folder(self) -> str:
        """Folder of its artefacts; boards that take the very same disk share the architecture's."""
        return self.name if self.places else self.arch


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
    if arch and arch not in ARCHITECTURES:
        raise InvalidInput(
            f"ARCH={arch} is not known", hint=f"It is {' or '.join(ARCHITECTURES)}.", code="boards.arch"
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
