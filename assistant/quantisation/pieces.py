"""Layers in another precision: the nodes and constants that take a layer's place.

Each layer is quantised by itself, as a model of one node, so that the tensors around it have known types, the
calibration is that of its own input, and nothing else is changed.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from onnxruntime import quantization as ort_quantization

from assistant.quantisation import blocks
from assistant.quantisation.layers import Layer, product_weights
from assistant.quantisation.precisions import Precision

log = logging.getLogger(__name__)

Array = NDArray[Any]
_CONTRIB = "com.microsoft"
#: Before the names of tensors that are made here, so that none is called as one of the layer's own.
_OWN = "sotto:"
#: MatMulNBits multiplies in int8 (ONNX Runtime's accuracy level 4), the fast way on processors.
_INT8_PRODUCTS = 4
#: Operators without which a precision is not there: the quantiser leaves out what it cannot do.
_SIGNS = {
    "int8": {"MatMulInteger", "DequantizeLinear"},
    "int8-static": {"DequantizeLinear"},
}


@dataclass(frozen=True)
class Piece:
    """What takes the place of one layer.

    Attributes:
        nodes: in order; they read the layer's source and write its output.
        constants: their own constants; the given model's are referred to by name.
        opsets: domain -> version that they need besides the model's own.
        bytes: of its weights with scales and zero points.
    """

    nodes: tuple[onnx.NodeProto, ...]
    constants: tuple[onnx.TensorProto, ...]
    opsets: Mapping[str, int]
    bytes: int


def layer_model(model: onnx.ModelProto, layer: Layer, example: Array) -> onnx.ModelProto:
    """The layer alone, as a model.

    Args:
        model: holds the layer and its weights.
        layer: one of `layers_of(model)`.
        example: what went into it once; type and rank of the input are its.
    """
    node = next(each for each in model.graph.node if each.name == layer.name)
    needed = set(node.input)
    constants = [each for each in model.graph.initializer if each.name in needed]
    kind = helper.np_dtype_to_tensor_dtype(example.dtype)
    source = helper.make_tensor_value_info(layer.source, kind, [None] * example.ndim)
    output = helper.make_tensor_value_info(layer.output, TensorProto.FLOAT, None)
    graph = helper.make_graph([node], "layer", [source], [output], constants)
    return helper.make_model(graph, opset_imports=model.opset_import, ir_version=model.ir_version)


def make_piece(
    alone: onnx.ModelProto, layer: Layer, precision: Precision, inputs: Sequence[Array]
) -> Piece | None:
    """The layer in another precision; None if it cannot have it.

    Args:
        alone: `layer_model` of it.
        layer: the layer.
        precision: what it is to have.
        inputs: what went into it while calibrating.
    """
    if layer.kind not in precision.kinds:
        return None
    if precision.id == "f16":
        return _piece(_half(alone, layer), layer, precision)
    if precision.id in ("block8", "block4"):
        return _piece(_blocks(alone, layer, precision, inputs), layer, precision)
    try:
        made = _by_the_quantiser(alone, layer, precision, inputs)
    except Exception as error:  # onnxruntime.quantization raises many unrelated classes
        log.warning("the layer %s cannot be had in %s: %s", layer.name, precision.id, error)
        return None
    if not _SIGNS[precision.id] & {node.op_type for node in made.graph.node}:
        return None
    return _piece(made, layer, precision)


def _by_the_quantiser(
    alone: onnx.ModelProto, layer: Layer, precision: Precision, inputs: Sequence[Array]
) -> onnx.ModelProto:
    with tempfile.TemporaryDirectory(prefix="sotto-") as folder, _quiet():
        target = Path(folder) / "layer.onnx"
        if precision.id == "int8":
            ort_quantization.quantize_dynamic(
                alone, target, per_channel=True, weight_type=ort_quantization.QuantType.QInt8
            )
        else:
            _static(alone, layer, inputs, target)
        return onnx.load(target)


def _static(alone: onnx.ModelProto, layer: Layer, inputs: Sequence[Array], target: Path) -> None:
    # A convolution has an int8 kernel only if its output is quantised too; a product loses less without.
    kept = [] if layer.kind == "Conv" else [layer.kind, "MatMul", "Add"]
    ort_quantization.quantize_static(
        alone,
        target,
        _Reader(layer.source, inputs),
        quant_format=ort_quantization.QuantFormat.QDQ,
        per_channel=True,
        activation_type=ort_quantization.QuantType.QUInt8,
        weight_type=ort_quantization.QuantType.QInt8,
        op_types_to_quantize=["MatMul", "Gemm", "Conv"],
        extra_options={
            "DefaultTensorType": TensorProto.FLOAT,
            "OpTypesToExcludeOutputQuantization": kept,
        },
    )


class _Reader(ort_quantization.CalibrationDataReader):  # type: ignore[misc]
    """Hands the recorded inputs of a layer to the quantiser."""

    def __init__(self, name: str, inputs: Sequence[Array]) -> None:
        self._feeds = iter([{name: each} for each in inputs])

    def get_next(self) -> dict[str, Array] | None:
        """The next one, None at the end."""
        return next(self._feeds, None)


def _half(alone: onnx.ModelProto, layer: Layer) -> onnx.ModelProto:
    """Weights as float16 in the file. A table is cast behind the look-up, so that only rows are."""
    model: onnx.ModelProto = _copy(alone)
    graph = model.graph
    (weight,) = (each for each in graph.initializer if each.name == layer.weight)
    half = numpy_helper.from_array(_clipped_half(numpy_helper.to_array(weight)), layer.weight)
    graph.initializer.remove(weight)
    graph.initializer.append(half)
    (node,) = graph.node
    if layer.kind == "Gather":
        node.output[0] = _OWN + "rows"
        cast = helper.make_node("Cast", [_OWN + "rows"], [layer.output], name="cast", to=TensorProto.FLOAT)
        graph.node.append(cast)
        return model
    cast = helper.make_node("Cast", [layer.weight], [_OWN + "floats"], name="cast", to=TensorProto.FLOAT)
    node.input[list(node.input).index(layer.weight)] = _OWN + "floats"
    nodes = [cast, _copy(node)]
    del graph.node[:]
    graph.node.extend(nodes)
    return model


def _clipped_half(values: Array) -> NDArray[np.float16]:
    most = np.finfo(np.float16).max
    return np.clip(values, -most, most).astype(np.float16)


def _blocks(
    alone: onnx.ModelProto, layer: Layer, precision: Precision, inputs: Sequence[Array]
) -> onnx.ModelProto:
    model: onnx.ModelProto = _copy(alone)
    graph = model.graph
    (node,) = graph.node
    weight, bias = product_weights(node, {each.name: each for each in graph.initializer})
    gram = _gram(inputs, len(weight)) if precision.calibrated else None
    made = blocks.quantise(weight, precision.bits, gram)
    values: dict[str, Array] = {"blocks": made.packed, "scales": made.scales, "zeros": made.zero_points}
    constants = {_OWN + name: each for name, each in values.items()}
    product = helper.make_node(
        "MatMulNBits",
        [layer.source, *constants],
        [_OWN + "product" if bias else layer.output],
        name="product",
        domain=_CONTRIB,
        K=weight.shape[0],
        N=weight.shape[1],
        bits=precision.bits,
        block_size=blocks.BLOCK,
        accuracy_level=_INT8_PRODUCTS,
    )
    kept = [each for each in graph.initializer if each.name == bias]
    del graph.node[:], graph.initializer[:]
    graph.initializer.extend([numpy_helper.from_array(each, name) for name, each in constants.items()])
    graph.initializer.extend(kept)
    graph.node.append(product)
    if bias:
        graph.node.append(helper.make_node("Add", [_OWN + "product", bias], [layer.output], name="bias"))
    if not any(each.domain == _CONTRIB for each in model.opset_import):
        model.opset_import.append(helper.make_opsetid(_CONTRIB, 1))
    return model


def _gram(inputs: Sequence[Array], width: int) -> NDArray[np.float64]:
    """Sum of x x^T over everything that went into the layer, float64 (width, width)."""
    gram = np.zeros((width, width))
    for each in inputs:
        rows = each.reshape(-1, width).astype(np.float64)
        gram += rows.T @ rows
    return gram


def _piece(made: onnx.ModelProto, layer: Layer, precision: Precision) -> Piece:
    """Nodes and constants with names of their own, so that they fit into the given model."""
    given = {layer.source: layer.source, layer.output: layer.output}
    prefix = f"{layer.name}/{precision.id}/"
    nodes = []
    for number, node in enumerate(made.graph.node):
        renamed = _copy(node)
        renamed.name = f"{prefix}{number}_{node.op_type}"
        for names in (renamed.input, renamed.output):
            for place, name in enumerate(names):
                if name:
                    names[place] = given.get(name, prefix + name)
        nodes.append(renamed)
    used = {name for node in nodes for name in node.input}
    constants = []
    for tensor in made.graph.initializer:
        renamed = _copy(tensor)
        renamed.name = prefix + tensor.name
        if renamed.name in used:
            constants.append(renamed)
    opsets = {each.domain: each.version for each in made.opset_import}
    return Piece(tuple(nodes), tuple(constants), opsets, sum(_bytes(each) for each in constants))


def _bytes(tensor: onnx.TensorProto) -> int:
    return int(numpy_helper.to_array(tensor).nbytes)


def _copy(message: Any) -> Any:
    copied = type(message)()
    copied.CopyFrom(message)
    return copied


@contextmanager
def _quiet() -> Iterator[None]:
    """The quantiser warns in the root logger of what is done here on purpose."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)
