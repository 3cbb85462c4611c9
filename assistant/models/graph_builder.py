"""A small writer of ONNX graphs: constants, nodes, quantised matrix products."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

_CONTRIB = "com.microsoft"
_OPSETS = (("", 18), (_CONTRIB, 1))
_IR_VERSION = 10

#: An input or output: name, element type, shape; a name in the shape is a free size.
TensorInfo = tuple[str, int, Sequence[int | str]]

FLOAT = TensorProto.FLOAT
INT64 = TensorProto.INT64


@dataclass(frozen=True)
class QuantisedLinear:
    """Weights of `y = x @ W + bias`, quantised per column.

    Attributes:
        weight: int8, shape (inputs, outputs).
        scale: float32, shape (outputs,).
        zero_point: int8, shape (outputs,).
        bias: float32, shape (outputs,), or None.
    """

    weight: NDArray[np.int8]
    scale: NDArray[np.float32]
    zero_point: NDArray[np.int8]
    bias: NDArray[np.float32] | None


def side_by_side(parts: Sequence[QuantisedLinear]) -> QuantisedLinear:
    """Join several products of the same input into one, outputs one after the other."""
    biases = [part.bias for part in parts if part.bias is not None]
    if biases and len(biases) != len(parts):
        raise ValueError("either all parts have a bias or none has")
    return QuantisedLinear(
        np.concatenate([part.weight for part in parts], axis=1),
        np.concatenate([part.scale for part in parts]),
        np.concatenate([part.zero_point for part in parts]),
        np.concatenate(biases) if biases else None,
    )


class GraphBuilder:
    """Collects nodes and constants; tensors are referred to by name."""

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._constants: dict[str, onnx.TensorProto] = {}

    def constant(self, name: str, values: Any) -> str:
        """Add a named constant array; adding the same name again keeps the first."""
        if name not in self._constants:
            self._constants[name] = numpy_helper.from_array(np.asarray(values, order="C"), name)
        return name

    def ints(self, *values: int) -> str:
        """An int64 vector constant."""
        name = "ints_" + "_".join(str(value) for value in values)
        return self.constant(name, np.array(values, np.int64))

    def node(
        self, operator: str, inputs: Sequence[str], outputs: Sequence[str] = (), **attributes: Any
    ) -> str:
        """Add a node of the standard operators and return its first output."""
        return self._add(operator, "", inputs, outputs, attributes)

    def contrib(
        self, operator: str, inputs: Sequence[str], outputs: Sequence[str] = (), **attributes: Any
    ) -> str:
        """Add a node of ONNX Runtime's own operators and return its first output."""
        return self._add(operator, _CONTRIB, inputs, outputs, attributes)

    def _add(
        self,
        operator: str,
        domain: str,
        inputs: Sequence[str],
        outputs: Sequence[str],
        attributes: dict[str, Any],
    ) -> str:
        name = f"{operator}_{len(self._nodes)}"
        outputs = list(outputs) or [name]
        self._nodes.append(
            helper.make_node(operator, list(inputs), outputs, name=name, domain=domain, **attributes)
        )
        return outputs[0]

    def split(self, source: str, sizes: Sequence[int], prefix: str, axis: int = -1) -> list[str]:
        """Cut a tensor along an axis; returns the names of the parts."""
        names = [f"{prefix}_{part}" for part in range(len(sizes))]
        self.node("Split", [source, self.ints(*sizes)], names, axis=axis)
        return names

    def slice(self, source: str, start: int, end: int, axis: int, step: int = 1) -> str:
        """`source[start:end:step]` along one axis."""
        bounds = [self.ints(start), self.ints(end), self.ints(axis), self.ints(step)]
        return self.node("Slice", [source, *bounds])

    def linear(self, source: str, name: str, linear: QuantisedLinear) -> str:
        """`source @ W + bias` with the input quantised on the fly."""
        inputs = [
            source,
            self.constant(f"{name}.weight", linear.weight),
            self.constant(f"{name}.scale", linear.scale),
            self.constant(f"{name}.zero", linear.zero_point),
        ]
        if linear.bias is not None:
            inputs.append(self.constant(f"{name}.bias", linear.bias))
        return self.contrib("DynamicQuantizeMatMul", inputs)

    def dense(
        self, source: str, name: str, weight: NDArray[np.float32], bias: NDArray[np.float32] | None
    ) -> str:
        """`source @ W + bias` in float32."""
        product = self.node("MatMul", [source, self.constant(f"{name}.weight", weight)])
        if bias is None:
            return product
        return self.node("Add", [product, self.constant(f"{name}.bias", bias)])

    def model(
        self, name: str, inputs: Sequence[TensorInfo], outputs: Sequence[TensorInfo]
    ) -> onnx.ModelProto:
        """The finished model."""
        graph = helper.make_graph(
            self._nodes,
            name,
            [helper.make_tensor_value_info(n, kind, shape) for n, kind, shape in inputs],
            [helper.make_tensor_value_info(n, kind, shape) for n, kind, shape in outputs],
            list(self._constants.values()),
        )
        opsets = [helper.make_opsetid(domain, version) for domain, version in _OPSETS]
        return helper.make_model(graph, opset_imports=opsets, ir_version=_IR_VERSION)
