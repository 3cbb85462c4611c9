"""A folder in which variants of one model are made: small files that share the weights of the given model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper

from assistant.quantisation.errors import unusable
from assistant.quantisation.layers import Layer, layers_of
from assistant.quantisation.model_file import add_opsets, storage_errors, write_model
from assistant.quantisation.pieces import Piece, layer_model, make_piece
from assistant.quantisation.precisions import GIVEN, Precision
from assistant.serving.engine import Session
from assistant.serving.registry import default_engine
from common.errors import ModelError

Array = NDArray[Any]
Feed = Mapping[str, Array]
#: Layer -> id of its precision; a layer that is not named stays as given.
Plan = Mapping[str, str]

_GIVEN_FILE = "given.onnx"
#: Tensors from this size on (bytes) lie outside the graph, in a file that all variants share.
_EXTERNAL_FROM = 1024
#: Most elements of a layer's input that are kept: 8 MB of float32.
_MOST_ELEMENTS = 2 << 20


class Workshop:
    """Makes variants of a model.

    Args:
        model: from `read_model`; it is emptied of its weights.
        folder: an empty folder for the files; it belongs to the caller.

    Raises:
        InvalidInput: `quantise.no-layers`, the model has nothing to quantise.
        StorageError: the folder cannot be written, or the disk is full.
    """

    def __init__(self, model: onnx.ModelProto, folder: Path) -> None:
        self.layers: tuple[Layer, ...] = layers_of(model)
        if not self.layers:
            raise unusable(
                "the model has no layer that could be quantised",
                "a layer is a MatMul, Gemm, Conv, Gather or DynamicQuantizeMatMul with constant weights",
                "quantise.no-layers",
            )
        self._folder = folder
        self._pieces: dict[tuple[str, str], Piece] = {}
        self._inputs: dict[str, list[Array]] = {}
        self._written = 0
        with storage_errors(folder):
            onnx.save(
                model,
                folder / _GIVEN_FILE,
                save_as_external_data=True,
                location="given.bin",
                size_threshold=_EXTERNAL_FROM,
            )
        self.given = folder / _GIVEN_FILE

    def open(self, path: Path) -> Session:
        """Open a model of the folder; see `open_model`."""
        return open_model(path)

    def record(self, feeds: Sequence[Feed]) -> None:
        """Run the given model and keep what goes into each layer, 8 MB at most of each."""
        outline = onnx.load(self.given, load_external_data=False)
        present = {each.name for each in outline.graph.output} | {each.name for each in outline.graph.input}
        sources = sorted({layer.source for layer in self.layers} - present)
        outline.graph.output.extend(helper.make_empty_tensor_value_info(name) for name in sources)
        wanted = sorted({layer.source for layer in self.layers})
        inputs = {each.name for each in outline.graph.input}
        asked = [name for name in wanted if name not in inputs]
        path = self._write(outline)
        session = self.open(path)
        kept: dict[str, list[Array]] = {name: [] for name in wanted}
        for feed in feeds:
            values = dict(zip(asked, session.run(asked, dict(feed)) if asked else [], strict=True))
            for name in wanted:
                value = values[name] if name in values else feed[name]
                if not kept[name] or sum(each.size for each in kept[name]) + value.size <= _MOST_ELEMENTS:
                    kept[name].append(value)
        path.unlink()
        self._inputs = kept

    def inputs_of(self, layer: Layer) -> Sequence[Array]:
        """What went into a layer while `record` ran."""
        return self._inputs[layer.source]

    def prepare(self, layer: Layer, precision: Precision) -> Piece | None:
        """The layer in that precision, made once; None if it cannot have it or would not become smaller."""
        key = (layer.name, precision.id)
        if key not in self._pieces:
            piece = make_piece(self.alone(layer), layer, precision, self.inputs_of(layer))
            if piece is None or piece.bytes >= layer.bytes:
                return None
            self._pieces[key] = piece
        return self._pieces[key]

    def alone(self, layer: Layer) -> onnx.ModelProto:
        """The layer as a model of its own."""
        outline = onnx.load(self.given, load_external_data=False)
        node = next(each for each in outline.graph.node if each.name == layer.name)
        unneeded = [each for each in outline.graph.initializer if each.name not in node.input]
        for each in unneeded:
            outline.graph.initializer.remove(each)
        onnx.external_data_helper.load_external_data_for_model(outline, str(self._folder))
        return layer_model(outline, layer, self.inputs_of(layer)[0])

    def alone_in(self, layer: Layer, precision: str) -> Path:
        """Write the layer in that precision as a model of its own."""
        alone = self.alone(layer)
        if precision != GIVEN:
            _exchange(alone, {layer.name: self._pieces[layer.name, precision]})
        return self._write(alone)

    def variant(self, plan: Plan) -> Path:
        """Write the model with each layer in the precision of the plan.

        Raises:
            KeyError: a piece of the plan was not prepared.
            StorageError: it cannot be written.
        """
        outline = onnx.load(self.given, load_external_data=False)
        _exchange(outline, self._of(plan))
        return self._write(outline)

    def finished(self, plan: Plan) -> onnx.ModelProto:
        """The variant with all its weights."""
        model = onnx.load(self.given)
        _exchange(model, self._of(plan))
        return model

    def _of(self, plan: Plan) -> dict[str, Piece]:
        return {name: self._pieces[name, precision] for name, precision in plan.items() if precision != GIVEN}

    def _write(self, model: onnx.ModelProto) -> Path:
        self._written += 1
        path = self._folder / f"variant-{self._written}.onnx"
        write_model(model, path)
        return path


def _exchange(model: onnx.ModelProto, pieces: Mapping[str, Piece]) -> None:
    """Put the pieces in the places of their layers, and drop the constants that nothing reads any more."""
    graph = model.graph
    nodes: list[onnx.NodeProto] = []
    for node in graph.node:
        nodes.extend(pieces[node.name].nodes if node.name in pieces else [node])
    constants = [tensor for piece in pieces.values() for tensor in piece.constants]
    del graph.node[:]
    graph.node.extend(nodes)
    graph.initializer.extend(constants)
    used = set(_read_in(graph)) | {each.name for each in graph.output}
    kept = [tensor for tensor in graph.initializer if tensor.name in used]
    del graph.initializer[:]
    graph.initializer.extend(kept)
    # Shapes of tensors that are gone would only mislead.
    del graph.value_info[:]
    for piece in pieces.values():
        add_opsets(model, dict(piece.opsets))


def _read_in(graph: onnx.GraphProto) -> Iterable[str]:
    for node in graph.node:
        yield from node.input
        for attribute in node.attribute:
            if attribute.HasField("g"):
                yield from _read_in(attribute.g)
            for each in attribute.graphs:
                yield from _read_in(each)


def open_model(path: Path) -> Session:
    """Open a model with ONNX Runtime on the processor, one thread, buffers kept between runs.

    Raises:
        InvalidInput: `quantise.unloadable`, it has operators that ONNX Runtime does not know, or is invalid.
    """
    try:
        return default_engine().open(path, arena=True)
    except ModelError as error:
        raise unusable(
            error.message.replace(str(path), path.name),
            "ONNX Runtime must be able to run the model on the processor: check its operators and shapes",
            "quantise.unloadable",
        ) from error


def run_model(session: Session, feed: Feed) -> list[Array]:
    """All outputs of a model.

    Raises:
        InvalidInput: `quantise.feed`, it cannot be run on these arrays.
    """
    try:
        return session.run(None, dict(feed))
    except Exception as error:  # onnxruntime raises many unrelated classes
        shapes = {name: tuple(np.shape(value)) for name, value in feed.items()}
        raise unusable(
            f"the model cannot be run on arrays of the shapes {shapes}: {str(error).splitlines()[0][:200]}",
            "check the data against the inputs of the model",
            "quantise.feed",
        ) from error
