"""The recogniser as a model to quantise: what goes into its graphs, and a store with a variant of one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from assistant.audio.format import Samples
from assistant.models.store import ModelStore, write_manifest
from assistant.quantisation.calibration import Feed
from assistant.quantisation.model_file import write_model
from assistant.serving.engine import Session, Tensor
from assistant.serving.serving import Serving
from assistant.speech.recogniser import Recogniser
from common.errors import ModelError

#: Runs of each graph that are recorded of one utterance, counted from its beginning: the decoder's first step
#: has no past, later ones have more and more.
_RECORDED_RUNS = frozenset({0, 3, 7})


def recorded_feeds(root: Path, utterances: Sequence[Samples]) -> dict[str, tuple[Feed, ...]]:
    """What goes into each graph of the recogniser while it recognises, by the name of the graph.

    Args:
        root: the model store.
        utterances: int16 (n,), 16 kHz.

    Raises:
        ModelError: a model is missing.
    """
    serving = Serving(ModelStore(root))
    recogniser = Recogniser(serving)
    record = _Record()
    for model in serving.models():
        model.use(model.engine, _RecordingSession(model.default, model.name, record))
    for audio in utterances:
        record.runs.clear()
        recogniser.transcribe(audio)
    return {name: tuple(feeds) for name, feeds in record.feeds.items()}


class _Record:
    """Copies of what graphs are run on."""

    def __init__(self) -> None:
        self.feeds: dict[str, list[Feed]] = defaultdict(list)
        self.runs: dict[str, int] = defaultdict(int)

    def keep(self, name: str, feed: Mapping[str, NDArray[Any]]) -> None:
        """Note one run of a graph."""
        if self.runs[name] in _RECORDED_RUNS:
            self.feeds[name].append({each: np.array(value) for each, value in feed.items()})
        self.runs[name] += 1


class _RecordingSession:
    """Records, then runs; see `Session`."""

    def __init__(self, session: Session, name: str, record: _Record) -> None:
        self._session = session
        self._name = name
        self._record = record
        self.inputs = session.inputs
        self.tensor = session.tensor

    def run(self, outputs: Sequence[str] | None, feed: Mapping[str, Any]) -> list[NDArray[Any]]:
        self._record.keep(self._name, feed)
        return self._session.run(outputs, feed)

    def run_tensors(self, outputs: Sequence[str], feed: Mapping[str, Tensor]) -> list[Tensor]:
        self._record.keep(self._name, {name: value.numpy() for name, value in feed.items()})
        return self._session.run_tensors(outputs, feed)


def store_with(root: Path, name: str, variant: Path, folder: Path) -> Path:
    """A store that has everything of another one, but one graph is a variant of it.

    Args:
        root: the store.
        name: of the derived graph, `<entry>-<part>`.
        variant: its file; weights beside it belong to it.
        folder: an empty folder, which becomes the store.

    Raises:
        ModelError: the store is not prepared, or another graph would be used all the same.
        StorageError: the folder cannot be written.
    """
    store = ModelStore(root)
    for entry in root.iterdir():
        if entry.is_dir() and entry.name not in ("converted", "prepared") and not entry.name.startswith("."):
            (folder / entry.name).symlink_to(entry.resolve())
    graphs = folder / "converted" / store.converted_folder.name
    graphs.mkdir(parents=True)
    for file in store.converted_folder.iterdir():
        if file.suffix == ".onnx" and file.stem != name:
            (graphs / file.name).symlink_to(file.resolve())
    write_model(onnx.load(variant), graphs / f"{name}.onnx")
    write_manifest(graphs)
    if ModelStore(folder).prepared(name) != graphs / f"{name}.onnx":
        raise ModelError(
            f"the variant of {name} would not be used",
            hint="unset SOTTO_HOST_MODELS for this command",
            code="quantise.not-used",
        )
    return folder
