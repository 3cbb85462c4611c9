"""Preparation: published models -> the graphs we run -> weights laid out for this processor.

Converting needs the `onnx` package and gives the same files everywhere, so an image carries them.
Prepacking needs only ONNX Runtime and depends on the machine, so a device does it on its first start.
Each is repeated only if its key (`assistant.models.keys`) changes.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.models.catalogue import REQUIRED, ModelEntry
from assistant.models.files import exclusive, place_folder
from assistant.models.progress import Progress, silent
from assistant.models.store import (
    AS_PUBLISHED,
    PARTS,
    PREPARED,
    ModelStore,
    folder_is_whole,
    write_manifest,
)
from common.errors import ModelError

if TYPE_CHECKING:
    import onnx

#: Initialisers from this size on (bytes) are kept outside the graph, where they can be mapped.
_EXTERNAL_FROM = "1024"


def prepare(
    store: ModelStore, progress: Progress = silent, force: bool = False, portable: bool = False
) -> bool:
    """Make the derived graphs that the store lacks.

    Args:
        store: holds the fetched models.
        progress: called at every step.
        force: make them again even if the keys match.
        portable: convert only, for an image; the machine that runs it does the prepacking.

    Returns:
        Whether anything was made.

    Raises:
        ModelError: a published file is missing or damaged, or `onnx` is not installed.
        Conflict: another process is preparing the same store.
        StorageError: the store cannot be written.
    """
    converted = force or not folder_is_whole(store.converted_folder)
    if converted:
        with exclusive(store.root) as scratch:
            _convert(store, scratch / "converted", progress)
            place_folder(scratch / "converted", store.converted_folder)
            _drop_others(store.converted_folder)
    if portable:
        return converted
    sources = _sources(store)
    whole = folder_is_whole(store.prepared_folder)
    packed = converted or not (whole and all(_is_packed(store, name) for name in sources))
    if packed:
        with exclusive(store.host_root) as scratch:
            _prepack(sources, scratch / "prepared", progress)
            place_folder(scratch / "prepared", store.prepared_folder)
            _drop_others(store.prepared_folder)
        progress("models prepared", 1, 1)
    return packed


def _convert(store: ModelStore, folder: Path, progress: Progress) -> None:
    try:
        import onnx
    except ImportError as error:
        raise ModelError(
            f"models cannot be converted here: {error}",
            hint="Install the package `onnx`; an image has converted models already.",
            code="model.no-converter",
        ) from error
    folder.mkdir()
    progress("converting", 0, len(PREPARED))
    for entry in REQUIRED:
        if entry.task not in PARTS:
            continue
        graphs = _recogniser_graphs if entry.task == "asr" else _voice_graphs
        for part, model in graphs(store, entry, folder):
            name = f"{entry.name}-{part}"
            onnx.save(model, folder / f"{name}.onnx")
            progress(f"converting {name}", PREPARED.index(name) + 1, len(PREPARED))
    write_manifest(folder)


def _recogniser_graphs(
    store: ModelStore, entry: ModelEntry, scratch: Path
) -> Iterator[tuple[str, onnx.ModelProto]]:
    """The lean graphs of a published Moonshine model."""
    from assistant.models.moonshine_graph import decoder_graph, encoder_graph
    from assistant.models.moonshine_weights import PublishedWeights

    def published(basename: str) -> PublishedWeights:
        return PublishedWeights(_as_onnx(store.path(entry.name, basename), scratch))

    encoder = published("encoder_model.ort")
    decoder = published("decoder_model_merged.ort")
    yield "encoder", encoder_graph(encoder, decoder)
    yield "decoder", decoder_graph(decoder)


def _voice_graphs(
    store: ModelStore, entry: ModelEntry, scratch: Path
) -> Iterator[tuple[str, onnx.ModelProto]]:
    """The three graphs of a published Piper voice."""
    import onnx

    from assistant.models.piper_graph import split_voice

    voice = onnx.load(store.path(entry.name, entry.file_ending(".onnx")))
    yield from split_voice(voice).items()


def _as_onnx(path: Path, folder: Path) -> onnx.ModelProto:
    """Read an `.ort` file as ONNX: ONNX Runtime writes what it has loaded, unoptimised."""
    import onnx
    from onnxruntime import GraphOptimizationLevel

    from assistant.serving.onnxruntime_engine import open_session, session_options

    target = folder / "published.onnx"
    options = session_options()
    options.graph_optimization_level = GraphOptimizationLevel.ORT_DISABLE_ALL
    options.optimized_model_filepath = str(target)
    options.add_session_config_entry("session.save_model_format", "ONNX")
    open_session(path, options=options)
    model = onnx.load(target)
    target.unlink()
    return model


def _sources(store: ModelStore) -> dict[str, Path]:
    """What is prepacked: the converted graphs, and those models that run as published and are there."""
    sources = {name: store.converted_folder / f"{name}.onnx" for name in PREPARED}
    for name, basename in AS_PUBLISHED.items():
        if store.state(name) == "ready":
            sources[name] = store.path(name, basename)
    return sources


def _is_packed(store: ModelStore, name: str) -> bool:
    return (store.prepared_folder / f"{name}.onnx").is_file()


def _prepack(sources: Mapping[str, Path], folder: Path, progress: Progress) -> None:
    """Save each graph optimised, its weights in a file of their own in the layout of the kernels.

    A session opened from such a file maps the weights instead of copying and repacking them: it
    opens in a fraction of the time and its weights are shared, clean pages.
    """
    from assistant.serving.onnxruntime_engine import open_session, session_options

    folder.mkdir()
    for done, (name, source) in enumerate(sources.items()):
        progress(f"laying out {name}", done, len(sources))
        options = session_options()
        options.optimized_model_filepath = str(folder / f"{name}.onnx")
        prefix = "session.optimized_model_external_initializers"
        for key, value in (
            ("session.save_external_prepacked_constant_initializers", "1"),
            (f"{prefix}_file_name", f"{name}.bin"),
            (f"{prefix}_min_size_in_bytes", _EXTERNAL_FROM),
        ):
            options.add_session_config_entry(key, value)
        open_session(source, options=options)
        progress(f"laying out {name}", done + 1, len(sources))
    write_manifest(folder)


def _drop_others(folder: Path) -> None:
    """Remove the folders that were made for other models, versions or machines."""
    for other in folder.parent.iterdir():
        if other.is_dir() and other != folder and not other.name.startswith("."):
            shutil.rmtree(other, ignore_errors=True)
