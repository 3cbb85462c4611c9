"""Reads TOML files up to a size limit; the caller makes the error for a file that cannot be read."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from common.errors import SottoError
from common.files import read_plain

Flaw = Literal["unreadable", "too-large", "syntax"]

#: Parts of dotted keys in one line. tomllib takes a time that grows with their square: 16,000 take 6 s.
_MOST_DOTS = 200
_DOT = re.compile(r"[\w\"'-][ \t]*\.")
_LONGEST_SHOWN = 60


def read_toml(
    path: Path, limit_bytes: int, failed: Callable[[Flaw, str], SottoError]
) -> dict[str, Any] | None:
    """A TOML file as a table; None where there is no file.

    Args:
        limit_bytes: a larger file is refused.
        failed: makes the error from the flaw and the end of a sentence about the file, such as
            "is not valid TOML: ...".

    Raises:
        SottoError: as `failed` makes it.
    """
    try:
        data = read_plain(path, limit_bytes + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise failed("unreadable", f"cannot be read: {error.strerror or error}") from error
    if len(data) > limit_bytes:
        raise failed("too-large", f"is larger than {limit_bytes // 1024} kB")
    try:
        return parse_toml(data.decode("utf-8"))
    except ValueError as error:
        raise failed("syntax", f"is not valid TOML: {error}") from error


def parse_toml(text: str) -> dict[str, Any]:
    """A TOML document as a table, in a time that grows with its length.

    Raises:
        ValueError: it is no valid TOML, or nested too deep.
    """
    for number, line in enumerate(text.split("\n"), 1):
        if len(line) > _MOST_DOTS and len(_DOT.findall(line)) > _MOST_DOTS:
            raise ValueError(f"more than {_MOST_DOTS} dots (at line {number})")
    try:
        return tomllib.loads(text)
    # tomllib does not raise TOMLDecodeError for every invalid document.
    except (RecursionError, OverflowError) as error:
        raise ValueError(str(error)) from error


def shown(value: object) -> str:
    """A value of a TOML file for a message: printable, and at most about 60 characters."""
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # a number of thousands of digits, or a deep nesting
        return f"a very large {type(value).__name__}"
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}..."


def shown_key(key: str) -> str:
    """A key of a TOML file for a message: printable, and at most about 60 characters."""
    text = "".join(c if c.isprintable() else "?" for c in key[: _LONGEST_SHOWN + 1])
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}..."
