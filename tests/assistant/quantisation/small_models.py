"""Small models to quantise, made on the spot."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

WIDTH, INNER, CLASSES, WORDS = 64, 128, 10, 50


def classifier(seed: int = 0) -> onnx.ModelProto:
    """`tokens` int64 [N] -> look-up, two matrix products, `scores` float32 [N, 10]."""
    rng = np.random.default_rng(seed)
    weights: dict[str, np.ndarray] = {
        "table": rng.normal(size=(WORDS, WIDTH)).astype(np.float32),
        "wide": rng.normal(size=(WIDTH, INNER)).astype(np.float32) / 8,
        "narrow": rng.normal(size=(CLASSES, INNER)).astype(np.float32) / 10,
        "offset": rng.normal(size=CLASSES).astype(np.float32),
    }
    nodes = [
        helper.make_node("Gather", ["table", "tokens"], ["rows"], name="look-up"),
        helper.make_node("MatMul", ["rows", "wide"], ["inner"], name="first"),
        helper.make_node("Relu", ["inner"], ["positive"], name="relu"),
        helper.make_node("Gemm", ["positive", "narrow", "offset"], ["scores"], name="second", transB=1),
    ]
    graph = helper.make_graph(
        nodes,
        "classifier",
        [helper.make_tensor_value_info("tokens", TensorProto.INT64, ["N"])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["N", CLASSES])],
        [numpy_helper.from_array(values, name) for name, values in weights.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)


def feeds(count: int = 24, seed: int = 1) -> tuple[dict[str, np.ndarray], ...]:
    """Examples for `classifier`."""
    rng = np.random.default_rng(seed)
    return tuple({"tokens": rng.integers(0, WORDS, 7)} for _ in range(count))


def saved(model: onnx.ModelProto, folder: Path) -> Path:
    path = folder / "small.onnx"
    onnx.save(model, path)
    return path


def one_node(node: onnx.NodeProto, shape: list[int], **weights: np.ndarray) -> onnx.ModelProto:
    """A model of one node that reads `x` and writes `y`."""
    domains = {"", node.domain}
    graph = helper.make_graph(
        [node],
        "one",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(values, name) for name, values in weights.items()],
    )
    opsets = [helper.make_opsetid(domain, 1 if domain else 18) for domain in sorted(domains)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=10)
