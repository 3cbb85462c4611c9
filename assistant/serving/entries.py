"""The table of engines: one entry says how an engine is found and made. Pure but for reading the file."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from assistant.serving.engine import AUTO
from common.errors import InvalidInput
from common.settings_file import fill, read_table

ENGINES_FILE = Path(__file__).with_name("engines.toml")


@dataclass(frozen=True)
class EngineEntry:
    """One engine.

    Attributes:
        id: in settings and messages.
        name: as people read it.
        device: what it computes on: "cpu", "gpu" or "npu".
        module: its function `make_engine(entry, cache)` makes the engine.
        packages: distributions, of which one must be installed.
        version: the least version of it, such as "1.20"; "" for any.
        libraries: shared libraries that must be there, without "lib" in front and ".so" behind.
        provider: of ONNX Runtime: an execution provider that is part of the package.
        plugin: of ONNX Runtime: "module:function" that gives the path of a plugin with a provider.
        options: "name=value", for the provider or the engine; "{cache}" is the folder for what it compiles.
        packed: whether it takes the files laid out for this processor (`ModelStore.prepared`).
    """

    id: str = ""
    name: str = ""
    device: Literal["cpu", "gpu", "npu"] = "cpu"
    module: str = ""
    packages: tuple[str, ...] = ()
    version: str = ""
    libraries: tuple[str, ...] = ()
    provider: str = ""
    plugin: str = ""
    options: tuple[str, ...] = ()
    packed: bool = False

    def settings(self, folder: Path | None) -> dict[str, str]:
        """The options by name; those that need a folder are left out where there is none."""
        pairs = (option.partition("=") for option in self.options)
        values = {name: value for name, _, value in pairs}
        if folder is None:
            return {name: value for name, value in values.items() if "{cache}" not in value}
        return {name: value.replace("{cache}", str(folder)) for name, value in values.items()}


@dataclass(frozen=True)
class _Table:
    engine: tuple[EngineEntry, ...] = ()


@cache
def load_engines(file: Path = ENGINES_FILE) -> tuple[EngineEntry, ...]:
    """The engines that Sotto knows, or those of another file of that form.

    Raises:
        InvalidInput: an unknown key, or a value of the wrong kind.
    """
    table: _Table = fill(_Table, read_table(file), file)
    return table.engine


def engine_ids() -> tuple[str, ...]:
    """Ids of the engines that Sotto knows."""
    return tuple(entry.id for entry in load_engines())


def check_engine(name: str) -> None:
    """Refuse what is neither an engine nor "auto".

    Raises:
        InvalidInput: `engine.unknown`.
    """
    if name != AUTO and name not in engine_ids():
        raise unknown_engine(name, engine_ids())


def unknown_engine(name: str, known: tuple[str, ...]) -> InvalidInput:
    """The error for a name that the table does not have."""
    return InvalidInput(
        f"there is no engine {name[:60]!r}",
        hint=f"choose one of: {', '.join((AUTO, *known))}",
        code="engine.unknown",
    )
