"""The sentence encoder all-MiniLM-L6-v2 as an ONNX graph, made of its published weights.

Architecture: BERT (Devlin and others, 2019, arXiv:1810.04805) with the sizes of the published configuration;
the sentence vector is the mean over the tokens, brought to length 1, as its model card says.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import onnx
from numpy.typing import NDArray

from assistant.models.graph_builder import FLOAT, INT64, GraphBuilder
from common.errors import ModelError

Weights = Mapping[str, NDArray[np.float32]]

LAYERS = 6
HEADS = 12
WIDTH = 384
_EPSILON = 1e-12
_INT32 = onnx.TensorProto.INT32


def encoder_graph(weights: Weights) -> onnx.ModelProto:
    """The encoder.

    Inputs `input_ids` and `attention_mask`, int64 [B, S], S at most 512; output `embedding`, float32
    [B, 384] of length 1.

    Args:
        weights: of the published safetensors file.

    Raises:
        ModelError: `model.unknown-graph`, a weight is missing.
    """
    graph = GraphBuilder()
    try:
        state = _embeddings(graph, weights)
        mask = graph.node("Cast", ["attention_mask"], to=_INT32)
        for layer in range(LAYERS):
            state = _layer(graph, weights, layer, state, mask)
    except KeyError as error:
        raise ModelError(
            f"the weights are not those of all-MiniLM-L6-v2: there is no {error}",
            hint="fetch them anew: sotto quantise minilm does so by itself",
            code="model.unknown-graph",
        ) from error
    _mean(graph, state)
    inputs = [("input_ids", INT64, ["B", "S"]), ("attention_mask", INT64, ["B", "S"])]
    return graph.model("minilm", inputs, [("embedding", FLOAT, ["B", WIDTH])])


def _embeddings(graph: GraphBuilder, weights: Weights) -> str:
    words = graph.constant("words", weights["embeddings.word_embeddings.weight"])
    rows = graph.node("Gather", [words, "input_ids"], axis=0)
    places = weights["embeddings.position_embeddings.weight"]
    # All tokens are of the first of the two kinds, so its vector is part of the places.
    places = places + weights["embeddings.token_type_embeddings.weight"][0]
    length = graph.node("Shape", ["input_ids"], start=1, end=2)
    bounds = [graph.ints(0), length, graph.ints(0)]
    placed = graph.node("Slice", [graph.constant("places", places), *bounds])
    return _norm(graph, weights, "embeddings.LayerNorm", graph.node("Add", [rows, placed]))


def _layer(graph: GraphBuilder, weights: Weights, layer: int, state: str, mask: str) -> str:
    at = f"encoder.layer.{layer}"
    parts = [f"{at}.attention.self.{name}" for name in ("query", "key", "value")]
    weight = np.concatenate([weights[f"{part}.weight"] for part in parts])
    bias = np.concatenate([weights[f"{part}.bias"] for part in parts])
    joined = graph.dense(state, f"{at}.qkv", weight.T, bias)
    heads = graph.split(joined, [WIDTH] * 3, f"{at}.qkv")
    attended = graph.contrib("MultiHeadAttention", [*heads, "", mask], num_heads=HEADS)
    attended = _dense(graph, weights, f"{at}.attention.output.dense", attended)
    state = _norm(graph, weights, f"{at}.attention.output.LayerNorm", graph.node("Add", [attended, state]))
    inner = graph.contrib("Gelu", [_dense(graph, weights, f"{at}.intermediate.dense", state)])
    inner = _dense(graph, weights, f"{at}.output.dense", inner)
    return _norm(graph, weights, f"{at}.output.LayerNorm", graph.node("Add", [inner, state]))


def _mean(graph: GraphBuilder, state: str) -> None:
    floats = graph.node("Cast", ["attention_mask"], to=FLOAT)
    column = graph.node("Unsqueeze", [floats, graph.ints(-1)])
    total = graph.node("ReduceSum", [graph.node("Mul", [state, column]), graph.ints(1)], keepdims=0)
    count = graph.node("ReduceSum", [column, graph.ints(1)], keepdims=0)
    mean = graph.node("Div", [total, count])
    graph.node("LpNormalization", [mean], ["embedding"], axis=-1, p=2)


def _dense(graph: GraphBuilder, weights: Weights, name: str, source: str) -> str:
    return graph.dense(source, name, weights[f"{name}.weight"].T, weights[f"{name}.bias"])


def _norm(graph: GraphBuilder, weights: Weights, name: str, source: str) -> str:
    gain = graph.constant(f"{name}.weight", weights[f"{name}.weight"])
    offset = graph.constant(f"{name}.bias", weights[f"{name}.bias"])
    return graph.node("LayerNormalization", [source, gain, offset], axis=-1, epsilon=_EPSILON)
