"""Reading Moonshine's weights out of the published graphs, by the names of their nodes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from assistant.models.graph_builder import QuantisedLinear
from common.errors import ModelError

#: Places of weight, scale, zero point and bias among the inputs of the two quantised products.
_PLACES = {"DynamicQuantizeMatMul": (1, 2, 3, 4), "MatMulIntegerToFloat": (1, 3, 5, 6)}


class PublishedWeights:
    """Initialisers and quantised products of one published graph, branches included.

    Args:
        model: the published `.ort` file rewritten as ONNX.
    """

    def __init__(self, model: onnx.ModelProto) -> None:
        self._tensors: dict[str, onnx.TensorProto] = {}
        self._products: dict[str, onnx.NodeProto] = {}
        for graph in _graphs(model.graph):
            for tensor in graph.initializer:
                self._tensors.setdefault(tensor.name, tensor)
            for node in graph.node:
                if node.op_type in _PLACES:
                    self._products.setdefault(node.name, node)

    def tensor(self, name: str) -> NDArray[np.float32]:
        """An initialiser by its full name."""
        if name not in self._tensors:
            raise _unexpected(f"there is no tensor {name}")
        return np.asarray(numpy_helper.to_array(self._tensors[name]))

    def only_tensor(self, ending: str, without: str = "\0") -> NDArray[np.float32]:
        """The one initialiser whose name ends so and does not contain `without`."""
        names = [name for name in self._tensors if name.endswith(ending) and without not in name]
        if len(names) != 1:
            raise _unexpected(f"{len(names)} tensors end with {ending}")
        return self.tensor(names[0])

    def linear(self, node_name: str) -> QuantisedLinear:
        """The quantised product of that node, recentred from uint8 to int8 (the same numbers)."""
        if node_name not in self._products:
            raise _unexpected(f"there is no product {node_name}")
        return self._linear(self._products[node_name])

    def widest_linear(self) -> QuantisedLinear:
        """The product with the most columns: the projection onto the vocabulary."""
        products = self._products.values()
        return self._linear(max(products, key=lambda node: self._columns(node)))

    def _columns(self, node: onnx.NodeProto) -> int:
        return int(self._tensors[node.input[_PLACES[node.op_type][0]]].dims[1])

    def _linear(self, node: onnx.NodeProto) -> QuantisedLinear:
        at_weight, at_scale, at_zero, at_bias = _PLACES[node.op_type]
        weight = self.tensor(node.input[at_weight]).astype(np.int16)
        zero = self.tensor(node.input[at_zero]).astype(np.int16)
        if self._tensors[node.input[at_weight]].data_type == onnx.TensorProto.UINT8:
            weight, zero = weight - 128, zero - 128
        columns = weight.shape[1]
        has_bias = len(node.input) > at_bias and bool(node.input[at_bias])
        scale = np.asarray(self.tensor(node.input[at_scale]), np.float32)
        return QuantisedLinear(
            weight.astype(np.int8),
            np.broadcast_to(scale, (columns,)).copy(),
            np.broadcast_to(zero.astype(np.int8), (columns,)).copy(),
            self.tensor(node.input[at_bias]) if has_bias else None,
        )


def _graphs(graph: onnx.GraphProto) -> Iterator[onnx.GraphProto]:
    """The graph and the branches of its conditionals, outermost first."""
    yield graph
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("g"):
                yield from _graphs(attribute.g)


def _unexpected(what: str) -> ModelError:
    return ModelError(
        f"the published Moonshine graph is not the one this code knows: {what}",
        hint="Use the version pinned in requirements/models.lock.",
        code="model.unknown-graph",
    )
