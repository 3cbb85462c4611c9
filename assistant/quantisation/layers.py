"""The layers of a model that can be quantised: operators with constant weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, numpy_helper

from assistant.quantisation.precisions import INT8_PRODUCTS, PRODUCTS

#: Operator -> places of the activations and of the weights among its inputs.
_PLACES = {
    "MatMul": (0, 1),
    "Gemm": (0, 1),
    "Conv": (0, 1),
    "Gather": (1, 0),
    "DynamicQuantizeMatMul": (0, 1),
}
#: Rank of the weights where only one will do.
_RANKS = {"MatMul": 2, "Gemm": 2, "Gather": 2, "DynamicQuantizeMatMul": 2}
#: Weights that are smaller gain nothing: their scales alone weigh as much.
_LEAST_WEIGHTS = 1024


@dataclass(frozen=True)
class Layer:
    """One operator with constant weights.

    Attributes:
        name: of its node.
        kind: its operator, such as "MatMul".
        weight: name of its weights.
        shape: of its weights, as the node keeps them.
        source: name of the tensor that goes in.
        output: name of the tensor that comes out.
        bytes: of its weights in the given model.
    """

    name: str
    kind: str
    weight: str
    shape: tuple[int, ...]
    source: str
    output: str
    bytes: int


def layers_of(model: onnx.ModelProto) -> tuple[Layer, ...]:
    """The layers of the outermost graph, in its order; what stands in branches and loops stays as it is."""
    constants = {tensor.name: tensor for tensor in model.graph.initializer}
    found = []
    for node in model.graph.node:
        layer = _layer(node, constants)
        if layer is not None:
            found.append(layer)
    return tuple(found)


def _layer(node: onnx.NodeProto, constants: Mapping[str, onnx.TensorProto]) -> Layer | None:
    if node.op_type not in _PLACES or len(node.input) < 2:
        return None
    source, weight = (node.input[place] for place in _PLACES[node.op_type])
    tensor = constants.get(weight)
    if tensor is None or source in constants or not source:
        return None
    shape = tuple(tensor.dims)
    floats = node.op_type not in INT8_PRODUCTS
    if (tensor.data_type == TensorProto.FLOAT) != floats or int(np.prod(shape)) < _LEAST_WEIGHTS:
        return None
    if len(shape) != _RANKS.get(node.op_type, len(shape)) or not _is_plain(node, constants):
        return None
    size = int(np.prod(shape)) * (4 if floats else 1)
    return Layer(node.name, node.op_type, weight, shape, source, node.output[0], size)


def _is_plain(node: onnx.NodeProto, constants: Mapping[str, onnx.TensorProto]) -> bool:
    """Whether the node is of the form that every precision can take the place of."""
    attributes = {each.name: each for each in node.attribute}
    if node.op_type == "Gemm":
        plain = {"alpha": 1.0, "beta": 1.0}
        if any(attributes[name].f != value for name, value in plain.items() if name in attributes):
            return False
        return "transA" not in attributes or attributes["transA"].i == 0
    if node.op_type == "Gather":
        return "axis" not in attributes or attributes["axis"].i == 0
    if node.op_type in INT8_PRODUCTS:
        return all(name in constants for name in node.input[1:] if name)
    return True


def product_weights(
    node: onnx.NodeProto, constants: Mapping[str, onnx.TensorProto]
) -> tuple[NDArray[np.float32], str]:
    """Weights of a matrix product as float32 (inputs, outputs), and the name of its bias or ""."""
    weight = numpy_helper.to_array(constants[node.input[1]])
    if node.op_type in PRODUCTS:
        transposed = any(each.name == "transB" and each.i for each in node.attribute)
        bias = node.input[2] if node.op_type == "Gemm" and len(node.input) > 2 else ""
        return np.ascontiguousarray(weight.T if transposed else weight), bias
    scale = numpy_helper.to_array(constants[node.input[2]])
    has_zero = len(node.input) > 3 and bool(node.input[3])
    zero = numpy_helper.to_array(constants[node.input[3]]).astype(np.float32) if has_zero else np.float32(0)
    bias = node.input[4] if len(node.input) > 4 else ""
    return ((weight.astype(np.float32) - zero) * scale).astype(np.float32), bias
