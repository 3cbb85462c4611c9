"""The operator RotaryEmbedding of ONNX Runtime, translated for OpenVINO.

OpenVINO 2026.4.1 translates it too, but wrongly where only a part of each head is turned
(`rotary_embedding_dim` smaller than the head, as in Moonshine: 32 of 36). Measured against ONNX Runtime on
the processor: the differences are as large as the values, and no error is raised.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from openvino import opset13 as op

_EVERYTHING = np.iinfo(np.int64).max


def turned(node: Any) -> list[Any]:
    """Pairs of each head, turned by the angle of their position.

    Inputs (ONNX Runtime's documentation of contrib operators, com.microsoft.RotaryEmbedding): x float32
    [B, S, heads * width]; positions int64 [B, S]; cosines and sines float32 [most, turned / 2].

    Raises:
        RuntimeError: a form of the operator that no model of ours has.
    """
    heads = node.get_attribute("num_heads")
    part = node.get_attribute("rotary_embedding_dim")
    if not (heads and part and node.get_attribute("interleaved")):
        raise RuntimeError("RotaryEmbedding is translated only interleaved, for a part of each head")
    x, positions, cosines, sines = (node.get_input(place) for place in range(4))
    by_head = op.reshape(x, _ints(0, 0, heads, -1), True)
    first = op.slice(by_head, _ints(0), _ints(part), _ints(1), _ints(3))
    rest = op.slice(by_head, _ints(part), _ints(_EVERYTHING), _ints(1), _ints(3))
    pairs = op.split(op.reshape(first, _ints(0, 0, 0, -1, 2), True), _int(4), 2)
    a, b = pairs.output(0), pairs.output(1)
    cosine, sine = _angles(cosines, positions), _angles(sines, positions)
    new_a = op.subtract(op.multiply(a, cosine), op.multiply(b, sine))
    new_b = op.add(op.multiply(b, cosine), op.multiply(a, sine))
    first = op.reshape(op.concat([new_a, new_b], 4), _ints(0, 0, 0, part), True)
    return [op.reshape(op.concat([first, rest], 3), op.shape_of(x), False).output(0)]


def _angles(table: Any, positions: Any) -> Any:
    """The rows of the positions, [B, S, 1, turned / 2, 1]."""
    return op.unsqueeze(op.gather(table, positions, _int(0)), _ints(2, 4))


def _ints(*values: int) -> Any:
    return op.constant(np.array(values, np.int64))


def _int(value: int) -> Any:
    return op.constant(np.int64(value))
