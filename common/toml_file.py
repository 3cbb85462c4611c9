"""Reads TOML files up to a size limit; the caller makes the error for a file that cannot be read."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from common.errors import SottoError
from common.files import read_plain

Flaw = Literal["unreadable", "too-large", "syntax"]


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
        return tomllib.loads(data.decode("utf-8"))
    # tomllib does not raise TOMLDecodeError for every invalid file.
    except (ValueError, RecursionError, OverflowError) as error:
        raise failed("syntax", f"is not valid TOML: {error}") from error
