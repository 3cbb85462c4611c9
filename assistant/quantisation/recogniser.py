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
from assistant.serving.engine import Engine, Session, Tensor
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
    store = _RecordingStore(root)
    recogniser = Recogniser(store)
    for audio in utterances:
        store.runs.clear()
        recogniser.transcribe(audio)
    return {name: tuple(feeds) for name, feeds in store.feeds.items()}


class _RecordingStore(ModelStore):
    """A store whose sessions keep copies of what they are run on."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.feeds: dict[str, list[Feed]] = defaultdict(list)
        self.runs: dict[str, int] = defaultdict(int)

    @property
    def engine(self) -> Engine:
        return _RecordingEngine(super().engine, self)

    def keep(self, name: str, feed: Mapping[str, NDArray[Any]]) -> None:
        """Note one run of a graph."""
        if self.runs[name] in _RECORDED_RUNS:
            self.feeds[name].append({each: np.array(value) for each, value in feed.items()})
        self.runs[name] += 1


class _RecordingEngine:
    """Opens sessions that record; see `Engine`."""

    def __init__(self, engine: Engine, store: _RecordingStore) -> None:
        self._engine = engine
        self._store = store
        self.tensor = engine.tensor

    def open(self, path: Path, threads: int = 1, *, arena: bool = False) -> Session:
        return _RecordingSession(self._engine.open(path, threads, arena=arena), path.stem, self._store)


class _RecordingSession:
    """Records, then runs; see `Session`."""

    def __init__(self, session: Session, name: str, store: _RecordingStore) -> None:
        self._session = session
        self._name = name
        self._store = store
        self.inputs = session.inputs

    def run(self, outputs: Sequence[str] | None, feed: Mapping[str, Any]) -> list[NDArray[Any]]:
        self._store.keep(self._name, feed)
        return self._session.run(outputs, feed)

    def run_tensors(self, outputs: Sequence[str], feed: Mapping[str, Tensor]) -> list[Tensor]:
        self._store.keep(self._name, {name: value.numpy() for name, value in feed.items()})
        return self._session.run_tensors(outputs, feed)


def store_with(root: Path, name: str, variant: Path, folder: Path) -> Path:
    """A store that has everything of another one, but one graph is a variant of it.

    Args:
        root: the store.
        name: of the derived graph, such as "moonshine-tiny-en-decoder".
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
