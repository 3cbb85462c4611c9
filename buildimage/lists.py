"""Lists of packages that people write: one name a line, '#' starts a comment."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from common.errors import InvalidInput, NotFound, StorageError, TooLarge

MAX_LIST_BYTES = 1 << 20
_NAME = re.compile(r"[a-z0-9][a-z0-9+.\-]+\Z")


def is_package(name: str) -> bool:
    """Whether `name` can be the name of a Debian package."""
    return _NAME.match(name) is not None


def read_list(path: Path) -> tuple[str, ...]:
    """Names in the order of the file.

    Raises:
        NotFound: there is no such list.
        InvalidInput: a line is not a package's name, or stands there twice; names file and line.
        TooLarge: the list is above `MAX_LIST_BYTES`.
        StorageError: it cannot be read.
    """
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_LIST_BYTES + 1)
    except FileNotFoundError:
        raise NotFound(f"there is no package list {path}", code="list.none") from None
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error.strerror}", code="list.read") from error
    if len(data) > MAX_LIST_BYTES:
        raise TooLarge(f"{path} is larger than {MAX_LIST_BYTES} bytes", code="list.too-large")
    names: dict[str, int] = {}
    for number, line in enumerate(data.decode(errors="replace").splitlines(), start=1):
        name = line.partition("#")[0].strip()
        if not name:
            continue
        if not is_package(name):
            raise InvalidInput(
                f"{path}:{number}: {name!r} is not the name of a package",
                hint="Write one package a line, without version or architecture.",
                code="list.line",
            )
        if name in names:
            raise InvalidInput(
                f"{path}:{number}: {name} stands in line {names[name]} already",
                hint="Remove one of the two lines.",
                code="list.line",
            )
        names[name] = number
    return tuple(names)


def read_lists(paths: Iterable[Path]) -> tuple[str, ...]:
    """The names of several lists, each once, in order of first mention; raises as `read_list` does."""
    return tuple(dict.fromkeys(name for path in paths for name in read_list(path)))
