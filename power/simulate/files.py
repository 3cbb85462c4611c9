"""Models and days of the simulator as TOML files: those that come with the library, and an owner's."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

from common.toml_file import Flaw, read_toml
from power.errors import SimulationError

_LIMIT_BYTES = 64 * 1024


def shipped(folder: Path) -> tuple[str, ...]:
    """Names of the files that come with the library in `folder`."""
    return tuple(sorted(file.stem for file in folder.glob("*.toml")))


def read_named(folder: Path, name: str) -> tuple[Path, dict[str, Any]]:
    """A file of `folder` by its name, or any by its path, and what is in it.

    Raises:
        SimulationError: it is not there, too large, or no TOML.
    """
    file = folder / f"{name}.toml"
    if not file.is_file():
        file = Path(name)
    return file, _read(file, f"shipped: {', '.join(shipped(folder))}")


def _read(file: Path, hint: str) -> dict[str, Any]:
    def failed(flaw: Flaw, why: str) -> SimulationError:
        return SimulationError(f"{file} {why}", hint="correct the line named" if flaw == "syntax" else hint)

    table = read_toml(file, _LIMIT_BYTES, failed)
    if table is None:
        raise failed("unreadable", f"cannot be read: {os.strerror(errno.ENOENT)}")
    return table
