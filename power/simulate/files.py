"""Models and days of the simulator as TOML files: those that come with the library, and an owner's."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

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
    try:
        if file.stat().st_size > _LIMIT_BYTES:
            raise SimulationError(f"{file} is larger than {_LIMIT_BYTES // 1024} kB", hint=hint)
        return tomllib.loads(file.read_text("utf-8"))
    except OSError as error:
        raise SimulationError(f"{file} cannot be read: {error.strerror}", hint=hint) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SimulationError(f"{file} is not valid TOML: {error}", hint="mend the line named") from error
