"""The store: published model files, and the graphs derived from them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from assistant.models import keys
from assistant.models.catalogue import CATALOGUE, REQUIRED, ModelEntry, ModelFile
from assistant.models.catalogue import entry as catalogued
from assistant.models.files import sha256_of
from common.errors import ModelError
from common.paths import host_models_dir

#: The graphs that a published model is converted to, by its task; each is named `<entry>-<part>`.
PARTS = {"asr": ("encoder", "decoder"), "tts": ("front", "flow", "vocoder")}
#: Names of the derived graphs.
PREPARED = tuple(f"{entry.name}-{part}" for entry in REQUIRED for part in PARTS.get(entry.task, ()))
#: Models that run as they are published, by the name of their entry -> their file.
AS_PUBLISHED = {
    entry.name: entry.file_ending(".onnx") for entry in CATALOGUE if entry.task in ("vad", "turn-end")
}
#: Every model that an engine runs. The wake words are not among them: their package brings its own runtime.
MODEL_NAMES = (*PREPARED, *AS_PUBLISHED)
#: Lists the files of a derived folder with their sizes; written last.
MANIFEST = "manifest.json"
_FIX = "Run `make setup`; outside a checkout run `sotto models fetch`, then `sotto models prepare`."
_FIX_OPTIONAL = "Run `sotto models fetch --optional` to fetch it; everything else works without it."


@dataclass(frozen=True)
class Problem:
    """A problem of one file of the store."""

    entry: str
    basename: str
    what: str


class ModelStore:
    """Finds model files, and names those that are missing.

    Args:
        root: folder of the store: `<root>/<entry>/<basename>` and `<root>/converted/<key>/`.
        host_root: folder of the weights in the layout of this machine, `<host_root>/<key>/`; by
            default `<root>/prepared`, or `SOTTO_HOST_MODELS` in an image, whose store is read-only.
        catalogue: the entries the store should hold.
    """

    def __init__(
        self,
        root: Path,
        host_root: Path | None = None,
        catalogue: Iterable[ModelEntry] = CATALOGUE,
    ) -> None:
        self.root = root
        self.host_root = host_models_dir(root) if host_root is None else host_root
        self._entries = {entry.name: entry for entry in catalogue}

    @property
    def converted_folder(self) -> Path:
        """Folder of the converted graphs for the present models and code."""
        return self.root / "converted" / keys.conversion_key()

    @property
    def prepared_folder(self) -> Path:
        """Folder of the prepacked graphs for this machine."""
        return self.host_root / keys.host_key()

    @property
    def compiled_folder(self) -> Path:
        """Folder of what engines compile for this machine.

        The dot keeps it when models are prepared again.
        """
        return self.host_root / ".compiled"

    def path(self, entry_name: str, basename: str) -> Path:
        """A published file, checked by size.

        Raises:
            NotFound: the catalogue has no such file.
            ModelError: the file is missing or has another size.
        """
        entry = self._entries.get(entry_name)
        if entry is None:
            raise ModelError(
                f"there is no model named {entry_name!r}",
                hint="There are " + ", ".join(self._entries) + ".",
                code="model.unknown",
            )
        wanted = entry.file(basename)
        path = self.root / entry.name / wanted.basename
        fix = _FIX_OPTIONAL if entry.optional else _FIX
        try:
            size = path.stat().st_size
        except OSError:
            raise ModelError(
                f"the model file {entry.name}/{basename} is missing from {self.root}",
                hint=fix,
                code="model.missing",
            ) from None
        if size != wanted.size:
            raise ModelError(
                f"the model file {path} has {size} bytes instead of {wanted.size}",
                hint=fix,
                code="model.damaged",
            )
        return path

    def state(self, entry_name: str) -> str:
        """ "ready", "missing" or "damaged", judged by sizes; `verify` reads the files."""
        try:
            for file in self._needed(self._entries[entry_name]):
                self.path(entry_name, file.basename)
        except ModelError as error:
            return error.code.removeprefix("model.")
        return "ready"

    def _needed(self, entry: ModelEntry) -> Iterable[ModelFile]:
        """The files of an entry that must be there; an image does not carry those that are only converted."""
        converted = folder_is_whole(self.converted_folder)
        for file in entry.files:
            if file.build_only and converted and not (self.root / entry.name / file.basename).exists():
                continue
            yield file

    def verify(self) -> list[Problem]:
        """Read every published and derived file; returns the problems found.

        An optional model may be missing as a whole, but not be damaged.
        """
        problems = []
        for entry in self._entries.values():
            if entry.optional and not (self.root / entry.name).is_dir():
                continue
            for file in self._needed(entry):
                path = self.root / entry.name / file.basename
                if not path.is_file():
                    problems.append(Problem(entry.name, file.basename, "is missing"))
                elif sha256_of(path) != file.sha256:
                    problems.append(Problem(entry.name, file.basename, "is damaged"))
        for name in PREPARED:
            try:
                self.prepared(name)
            except ModelError as error:
                problems.append(Problem("prepared", f"{name}.onnx", error.message))
        return problems

    def prepared(self, name: str) -> Path:
        """The graph of a model, `<entry>-<part>` or one of `AS_PUBLISHED`.

        It is prepacked for this machine if that was done, else as converted or published.

        Raises:
            ModelError: it is not there, whole and for the present models.
        """
        if name in AS_PUBLISHED:
            published = self.path(name, AS_PUBLISHED[name])
            packed = self.prepared_folder / f"{name}.onnx"
            return packed if folder_is_whole(packed.parent) and packed.is_file() else published
        return self._derived(name, (self.prepared_folder, self.converted_folder))

    def graph(self, name: str, *, packed: bool) -> Path:
        """The file of a model, one of `MODEL_NAMES`.

        Args:
            packed: laid out for ONNX Runtime on this processor, if that was done; else for any engine.

        Raises:
            ModelError: there is no such model (`model.unknown`), or it is not there.
        """
        if name not in MODEL_NAMES:
            raise ModelError(
                f"there is no model named {name[:60]!r}",
                hint="There are " + ", ".join(MODEL_NAMES) + ".",
                code="model.unknown",
            )
        if packed:
            return self.prepared(name)
        if name in AS_PUBLISHED:
            return self.path(name, AS_PUBLISHED[name])
        return self._derived(name, (self.converted_folder,))

    def _derived(self, name: str, folders: Iterable[Path]) -> Path:
        for folder in folders:
            # A folder without permission to read, as that of another user, counts as absent.
            if folder_is_whole(folder):
                return folder / f"{name}.onnx"
        raise ModelError(
            f"the prepared model {name} is missing from {self.root} or was made for other models",
            hint=_FIX,
            code="model.not-prepared",
        )


def model_hash(name: str) -> str:
    """What tells a model from any other, whatever its file is called: 16 hexadecimal digits.

    It follows from the published files and the code that converts them; no file is read.
    """
    if name in AS_PUBLISHED:
        return catalogued(name).file(AS_PUBLISHED[name]).sha256[:16]
    return keys.digest([keys.conversion_key(), name])


def write_manifest(folder: Path) -> None:
    """List the files of a derived folder with their sizes."""
    sizes = {path.name: path.stat().st_size for path in sorted(folder.iterdir())}
    (folder / MANIFEST).write_text(json.dumps(sizes, indent=1) + "\n")


def folder_is_whole(folder: Path) -> bool:
    """Whether every file of the folder's manifest is there with its size."""
    try:
        sizes: dict[str, int] = json.loads((folder / MANIFEST).read_text())
        return all((folder / name).stat().st_size == size for name, size in sizes.items())
    except (OSError, ValueError):
        return False
