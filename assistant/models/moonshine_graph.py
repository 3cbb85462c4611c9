"""Moonshine tiny as two lean graphs, with the weights of the published ones.

The published decoder runs about 900 small nodes per token and its cost is their overhead; here
fused attention and rotary operators leave about 170, and the encoder computes the cross-attention
keys and values of all layers in one product. The int8 weights are the published ones, number for
number.
"""

from __future__ import annotations

import numpy as np
import onnx
from numpy.typing import NDArray

from assistant.models.graph_builder import FLOAT, INT64, GraphBuilder, TensorInfo, side_by_side
from assistant.models.moonshine_shape import (
    ATTENTION_SCALE,
    CROSS,
    FEED_FORWARD,
    HEAD_WIDTH,
    HEADS,
    LAYER_NORM_EPSILON,
    LAYERS,
    MAX_FRAMES,
    MAX_TOKENS,
    PAST,
    PRESENT,
    ROTARY_BASE,
    ROTARY_WIDTH,
    VOCABULARY,
    WIDTH,
)
from assistant.models.moonshine_weights import PublishedWeights

_END = np.iinfo(np.int32).max
#: conv1: kernel 127, stride 64.
_HOP = 64
#: Three frames of conv1, the stride of conv2, side by side.
_TRIPLE = 3 * WIDTH


def encoder_graph(encoder: PublishedWeights, decoder: PublishedWeights) -> onnx.ModelProto:
    """The encoder with the cross-attention projections of the decoder behind it.

    Input `audio` float32 [1, 384 T + 640] in [-1, 1]; outputs `hidden` [1, T, 288] and `CROSS`.
    """
    graph = GraphBuilder()
    state = _convolutions(graph, encoder)
    frames = graph.node("Squeeze", [graph.node("Shape", [state], start=1, end=2)])
    zero, one = graph.constant("zero", np.int64(0)), graph.constant("one", np.int64(1))
    positions = graph.node("Range", [zero, frames, one])
    positions = graph.node("Unsqueeze", [positions, graph.ints(0)])
    _rotary_tables(graph, MAX_FRAMES)
    for layer in range(LAYERS):
        at = f"/layers.{layer}"
        weight = encoder.tensor(f"layers.{layer}.input_layernorm.weight")
        normed = _layer_norm(graph, state, f"norm1.{layer}", weight)
        projections = [encoder.linear(f"{at}/self_attn/{p}_proj/MatMul_quant") for p in "qkv"]
        joined = graph.linear(normed, f"qkv.{layer}", side_by_side(projections))
        query, key, value = graph.split(joined, [WIDTH] * 3, f"qkv.{layer}")
        query, key = _rotary(graph, query, positions), _rotary(graph, key, positions)
        attended = _attention(graph, [query, key, value])
        output = encoder.linear(f"{at}/self_attn/o_proj/MatMul_quant")
        state = graph.node("Add", [state, graph.linear(attended, f"out.{layer}", output)])
        weight = encoder.tensor(f"layers.{layer}.post_attention_layernorm.weight")
        normed = _layer_norm(graph, state, f"norm2.{layer}", weight)
        wide = encoder.linear(f"{at}/mlp/fc1/MatMul_quant")
        inner = graph.contrib("Gelu", [graph.linear(normed, f"fc1.{layer}", wide)])
        narrow = encoder.linear(f"{at}/mlp/fc2/MatMul_quant")
        state = graph.node("Add", [state, graph.linear(inner, f"fc2.{layer}", narrow)])
    final = encoder.only_tensor("layer_norm.weight", without="layers")
    _layer_norm(graph, state, "norm", final, output="hidden")
    _cross_projections(graph, decoder)
    inputs: list[TensorInfo] = [("audio", FLOAT, [1, "samples"])]
    outputs: list[TensorInfo] = [("hidden", FLOAT, [1, "T", WIDTH])]
    outputs += [(name, FLOAT, [1, HEADS, "T", HEAD_WIDTH]) for name in CROSS]
    return graph.model("moonshine-encoder", inputs, outputs)


def _convolutions(graph: GraphBuilder, encoder: PublishedWeights) -> str:
    """The three strided convolutions as matrix products over reshaped windows."""
    blocks = graph.node("Reshape", ["audio", graph.ints(1, -1, _HOP)])
    pairs = [graph.slice(blocks, 0, -1, axis=1), graph.slice(blocks, 1, _END, axis=1)]
    windows = graph.node("Concat", pairs, axis=2)
    kernel = encoder.tensor("conv1.weight_add_tensor")
    first = np.zeros((2 * _HOP, WIDTH), np.float32)
    first[: kernel.shape[2]] = kernel[:, 0, :].T
    state = graph.node("Tanh", [graph.dense(windows, "conv1", first, None)])
    # Group normalisation with one group is instance normalisation of the flattened tensor; its
    # per-channel gain and offset are folded into conv2.
    flat = graph.node("Reshape", [state, graph.ints(1, 1, -1)])
    unit = graph.constant("unit", np.ones(1, np.float32))
    nought = graph.constant("nought", np.zeros(1, np.float32))
    flat = graph.node("InstanceNormalization", [flat, unit, nought], epsilon=LAYER_NORM_EPSILON)
    triples = graph.node("Reshape", [flat, graph.ints(1, -1, _TRIPLE)])
    # Seven taps with stride 3 reach over two triples and the first frame of a third.
    third = graph.slice(graph.slice(triples, 2, _END, axis=1), 0, WIDTH, axis=2)
    parts = [graph.slice(triples, 0, -2, axis=1), graph.slice(triples, 1, -1, axis=1), third]
    gain, offset = _group_norm(encoder)
    kernel = encoder.tensor("conv2.weight_add_tensor")
    bias = encoder.tensor("conv2.bias") + (kernel * offset[None, :, None]).sum(axis=(1, 2))
    second = (kernel * gain[None, :, None]).transpose(2, 1, 0).reshape(7 * WIDTH, 2 * WIDTH)
    windows = graph.node("Concat", parts, axis=2)
    state = graph.dense(windows, "conv2", second, bias.astype(np.float32))
    state = graph.contrib("Gelu", [state])
    # conv3: taps 2t, 2t+1 and 2t+2 of an odd number of frames.
    evens = graph.slice(state, 0, -1, axis=1)
    evens = graph.node("Reshape", [evens, graph.ints(1, -1, 4 * WIDTH)])
    nexts = graph.slice(state, 2, _END, axis=1, step=2)
    windows = graph.node("Concat", [evens, nexts], axis=2)
    kernel = encoder.tensor("conv3.weight_add_tensor")
    last = kernel.transpose(2, 1, 0).reshape(6 * WIDTH, WIDTH)
    state = graph.dense(windows, "conv3", last, encoder.tensor("conv3.bias"))
    return graph.contrib("Gelu", [state])


def _group_norm(encoder: PublishedWeights) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Gain and offset per channel; the exporter gave these two tensors names of its own."""
    gain = encoder.tensor("onnx::Mul_2080").reshape(WIDTH)
    offset = encoder.tensor("onnx::Add_2081").reshape(WIDTH)
    return gain, offset


def _cross_projections(graph: GraphBuilder, decoder: PublishedWeights) -> None:
    linears = [
        decoder.linear(f"/model/decoder/layers.{layer}/encoder_attn/{kind}_proj/MatMul_quant")
        for layer in range(LAYERS)
        for kind in "kv"
    ]
    joined = graph.linear("hidden", "cross", side_by_side(linears))
    heads = graph.ints(0, 0, 2 * LAYERS * HEADS, HEAD_WIDTH)
    joined = graph.node("Reshape", [joined, heads])
    joined = graph.node("Transpose", [joined], perm=[0, 2, 1, 3])
    sizes = graph.ints(*[HEADS] * (2 * LAYERS))
    graph.node("Split", [joined, sizes], list(CROSS), axis=1)


def decoder_graph(decoder: PublishedWeights) -> onnx.ModelProto:
    """One step of the decoder for B hypotheses of S new tokens each.

    Inputs: `tokens` and `positions` int64 [B, S]; `parents` int64 [B], the row of the past that
    each hypothesis continues; `wanted` int64 [K], flat places `row * 32768 + token` whose
    log-probability is asked for; `picks` int64 [N], rows whose best token is asked for; `bias`
    float32 [32768] and `strength` float32 [N, 1]: the best token of a pick is that of
    logits + strength * bias; `PAST` [B0, 8, P, 36]; `CROSS` [1, 8, T, 36].

    Outputs: `wanted_logp` float32 [K] and `best_logp` float32 [N, 1], both of the plain, unbiased
    distribution over the whole vocabulary; `best` int64 [N, 1]; `PRESENT` [B, 8, P + S, 36].
    """
    graph = GraphBuilder()
    table = "model.decoder.embed_tokens.weight_merged_0_"
    embedding = graph.constant("embedding", decoder.tensor(table + "quantized"))
    scale = graph.constant("embedding.scale", decoder.tensor(table + "scale"))
    zero = graph.constant("embedding.zero", decoder.tensor(table + "zero_point"))
    # The table stays uint8; only the rows that are used become floats.
    rows = graph.node("Gather", [embedding, "tokens"], axis=0)
    state = graph.node("DequantizeLinear", [rows, scale, zero])
    batched = graph.node("Shape", [state])
    # All rows share one cross-attention memory, so they are its queries: [1, B*S, 288].
    flat = graph.ints(1, -1, WIDTH)
    state = graph.node("Reshape", [state, flat])
    _rotary_tables(graph, MAX_TOKENS)
    for layer in range(LAYERS):
        state = _decoder_layer(graph, decoder, layer, state, batched, flat)
    final = decoder.only_tensor("decoder.norm.weight_merged_0")
    state = _layer_norm(graph, state, "norm", final)
    logits = graph.linear(state, "vocabulary", decoder.widest_linear())
    logits = graph.node("Reshape", [logits, graph.ints(-1, VOCABULARY)])
    logp = graph.node("LogSoftmax", [logits], axis=-1)
    every = graph.node("Reshape", [logp, graph.ints(-1)])
    graph.node("Gather", [every, "wanted"], ["wanted_logp"], axis=0)
    lifted = graph.node("Mul", ["strength", "bias"])
    picked = graph.node("Gather", [logits, "picks"], axis=0)
    lifted = graph.node("Add", [picked, lifted])
    graph.node("ArgMax", [lifted], ["best"], axis=-1, keepdims=1)
    picked = graph.node("Gather", [logp, "picks"], axis=0)
    graph.node("GatherElements", [picked, "best"], ["best_logp"], axis=1)
    inputs: list[TensorInfo] = [
        ("tokens", INT64, ["B", "S"]),
        ("positions", INT64, ["B", "S"]),
        ("parents", INT64, ["B"]),
        ("wanted", INT64, ["K"]),
        ("picks", INT64, ["N"]),
        ("strength", FLOAT, ["N", 1]),
        ("bias", FLOAT, [VOCABULARY]),
    ]
    inputs += [(name, FLOAT, ["B0", HEADS, "P", HEAD_WIDTH]) for name in PAST]
    inputs += [(name, FLOAT, [1, HEADS, "T", HEAD_WIDTH]) for name in CROSS]
    outputs: list[TensorInfo] = [
        ("wanted_logp", FLOAT, ["K"]),
        ("best", INT64, ["N", 1]),
        ("best_logp", FLOAT, ["N", 1]),
    ]
    outputs += [(name, FLOAT, ["B", HEADS, "P1", HEAD_WIDTH]) for name in PRESENT]
    return graph.model("moonshine-decoder", inputs, outputs)


def _decoder_layer(
    graph: GraphBuilder, decoder: PublishedWeights, layer: int, state: str, batched: str, flat: str
) -> str:
    at = f"/model/decoder/layers.{layer}"

    def normed(name: str) -> str:
        weight = decoder.tensor(f"model.decoder.layers.{layer}.{name}.weight_merged_0")
        return _layer_norm(graph, state, f"{name}.{layer}", weight)

    projections = [decoder.linear(f"{at}/self_attn/{p}_proj/MatMul_quant") for p in "qkv"]
    joined = graph.linear(normed("input_layernorm"), f"qkv.{layer}", side_by_side(projections))
    parts = graph.split(joined, [WIDTH] * 3, f"qkv.{layer}")
    query, key, value = (graph.node("Reshape", [part, batched]) for part in parts)
    query, key = _rotary(graph, query, "positions"), _rotary(graph, key, "positions")
    pair = slice(2 * layer, 2 * layer + 2)
    past = [graph.node("Gather", [name, "parents"], axis=0) for name in PAST[pair]]
    attended = _attention(
        graph,
        [query, key, value, "", "", "", *past],
        [f"attended.{layer}", *PRESENT[pair]],
        unidirectional=1,
    )
    attended = graph.node("Reshape", [attended, flat])
    output = decoder.linear(f"{at}/self_attn/o_proj/MatMul_quant")
    state = graph.node("Add", [state, graph.linear(attended, f"out.{layer}", output)])

    cross_query = decoder.linear(f"{at}/encoder_attn/q_proj/MatMul_quant")
    query = graph.linear(normed("post_attention_layernorm"), f"cross_query.{layer}", cross_query)
    attended = _attention(graph, [query, *CROSS[pair]])
    output = decoder.linear(f"{at}/encoder_attn/o_proj/MatMul_quant")
    state = graph.node("Add", [state, graph.linear(attended, f"cross_out.{layer}", output)])

    wide = decoder.linear(f"{at}/mlp/fc1/MatMul_quant")
    inner = graph.linear(normed("final_layernorm"), f"fc1.{layer}", wide)
    value, gate = graph.split(inner, [FEED_FORWARD] * 2, f"gate.{layer}")
    gate = graph.contrib("QuickGelu", [gate], alpha=1.0)
    inner = graph.node("Mul", [gate, value])
    narrow = decoder.linear(f"{at}/mlp/fc2/MatMul_quant")
    return graph.node("Add", [state, graph.linear(inner, f"fc2.{layer}", narrow)])


def _layer_norm(
    graph: GraphBuilder,
    source: str,
    name: str,
    weight: NDArray[np.float32],
    output: str | None = None,
) -> str:
    gain = graph.constant(f"{name}.weight", weight)
    offset = graph.constant("no_offset", np.zeros(WIDTH, np.float32))
    return graph.node(
        "LayerNormalization",
        [source, gain, offset],
        [output] if output else (),
        axis=-1,
        epsilon=LAYER_NORM_EPSILON,
    )


def _rotary_tables(graph: GraphBuilder, positions: int) -> None:
    steps = np.arange(0, ROTARY_WIDTH, 2, dtype=np.float32) / ROTARY_WIDTH
    angles = np.arange(positions, dtype=np.float32)[:, None] / ROTARY_BASE**steps
    graph.constant("cosines", np.cos(angles).astype(np.float32))
    graph.constant("sines", np.sin(angles).astype(np.float32))


def _rotary(graph: GraphBuilder, source: str, positions: str) -> str:
    return graph.contrib(
        "RotaryEmbedding",
        [source, positions, "cosines", "sines"],
        interleaved=1,
        num_heads=HEADS,
        rotary_embedding_dim=ROTARY_WIDTH,
    )


def _attention(
    graph: GraphBuilder,
    inputs: list[str],
    outputs: list[str] | tuple[()] = (),
    unidirectional: int = 0,
) -> str:
    return graph.contrib(
        "MultiHeadAttention",
        inputs,
        outputs,
        num_heads=HEADS,
        scale=ATTENTION_SCALE,
        unidirectional=unidirectional,
    )
