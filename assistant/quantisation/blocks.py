"""Weights in blocks of few bits, as the operator MatMulNBits reads them.

Rounding each weight to its nearest step loses most where the activations are large. With activations at hand
the weights are rounded one input after the other, those with the largest activations first ("activation
order"), and what one rounding loses is taken up by the inputs that are still to be rounded: GPTQ (Frantar and
others, 2022, arXiv:2210.17323). Scales and zero points are set before from the weights of their block, so
that the order needs no index in the model.

onnxruntime.quantization 1.32 has a GPTQ too. With activation order it forms blocks in that order, and writes
the result in blocks of the natural order, rounded a second time; so it is not used.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

BLOCK = 32
#: Share of the mean of the diagonal that is added to it, so that it can be inverted (the paper's value).
_DAMPING = 0.01
#: Inputs after which the others are corrected in one product; only speed depends on it.
_LAZY = 32


@dataclass(frozen=True)
class BlockWeights:
    """Weights (inputs K, outputs N) in blocks along K.

    Attributes:
        packed: uint8, shape (N, blocks, bytes of a block), lower bits first.
        scales: float32, shape (N, blocks).
        zero_points: uint8, shape (N, bytes of a row), packed as the weights are.
        bits: 4 or 8.
    """

    packed: NDArray[np.uint8]
    scales: Floats
    zero_points: NDArray[np.uint8]
    bits: int


def quantise(weight: Floats, bits: int, gram: NDArray[np.float64] | None = None) -> BlockWeights:
    """Round weights to `bits` by blocks of 32 inputs.

    Args:
        weight: float32, shape (K, N).
        bits: 4 or 8.
        gram: float64, shape (K, K): sum of x x^T over the activations x; None rounds to the nearest.
    """
    scales, zeros = _grid(weight, bits)
    if gram is None:
        steps = _steps(weight, *_by_input(scales, zeros, len(weight)), bits)
    else:
        steps = _in_activation_order(weight, *_by_input(scales, zeros, len(weight)), bits, gram)
    return _pack(steps, scales, zeros, bits)


def dequantised(weights: BlockWeights, inputs: int) -> Floats:
    """The weights as float32, shape (inputs, N)."""
    steps = _unpack(weights.packed, weights.bits).reshape(len(weights.packed), -1)[:, :inputs].T
    blocks = weights.scales.shape[1]
    zeros = _unpack(weights.zero_points, weights.bits)[:, :blocks]
    scale, zero = _by_input(weights.scales.T, zeros.T.astype(np.float32), inputs)
    values: Floats = ((steps - zero) * scale).astype(np.float32)
    return values


def _grid(weight: Floats, bits: int) -> tuple[Floats, Floats]:
    """Scale and zero point of each block, each float32 of shape (blocks, N)."""
    inputs, outputs = weight.shape
    blocks = -(-inputs // BLOCK)
    padded = np.zeros((blocks * BLOCK, outputs), np.float32)
    padded[:inputs] = weight
    cut = padded.reshape(blocks, BLOCK, outputs)
    low, high = np.minimum(cut.min(axis=1), 0), np.maximum(cut.max(axis=1), 0)
    most = 2**bits - 1
    scales = (high - low) / most
    scales[scales == 0] = 1.0
    zeros = np.clip(np.round(-low / scales), 0, most)
    return scales.astype(np.float32), zeros.astype(np.float32)


def _by_input(scales: Floats, zeros: Floats, inputs: int) -> tuple[Floats, Floats]:
    return np.repeat(scales, BLOCK, axis=0)[:inputs], np.repeat(zeros, BLOCK, axis=0)[:inputs]


def _steps(weight: NDArray[np.floating], scale: Floats, zero: Floats, bits: int) -> NDArray[np.uint8]:
    return np.clip(np.round(weight / scale) + zero, 0, 2**bits - 1).astype(np.uint8)


def _in_activation_order(
    weight: Floats, scale: Floats, zero: Floats, bits: int, gram: NDArray[np.float64]
) -> NDArray[np.uint8]:
    order = np.argsort(-np.diag(gram), kind="stable")
    hessian = gram[np.ix_(order, order)].copy()
    diagonal = np.arange(len(order))
    dead = hessian[diagonal, diagonal] <= 0
    hessian[dead, dead] = 1.0
    hessian[diagonal, diagonal] += _DAMPING * max(float(np.mean(np.diag(hessian))), 1e-12)
    upper = np.linalg.cholesky(np.linalg.inv(hessian)).T
    left = weight[order].astype(np.float64)
    scale, zero = scale[order], zero[order]
    steps = np.zeros(weight.shape, np.uint8)
    for start in range(0, len(order), _LAZY):
        end = min(start + _LAZY, len(order))
        lost = np.zeros((end - start, weight.shape[1]))
        for row in range(start, end):
            steps[row] = _steps(left[row], scale[row], zero[row], bits)
            error = (left[row] - (steps[row] - zero[row]) * scale[row]) / upper[row, row]
            left[row + 1 : end] -= np.outer(upper[row, row + 1 : end], error)
            lost[row - start] = error
        left[end:] -= upper[start:end, end:].T @ lost
    natural = np.empty_like(steps)
    natural[order] = steps
    return natural


def _pack(steps: NDArray[np.uint8], scales: Floats, zeros: Floats, bits: int) -> BlockWeights:
    inputs, outputs = steps.shape
    blocks = len(scales)
    # What pads the last block is zero in the weights, so it stands at the zero point.
    padded = np.repeat(zeros, BLOCK, axis=0).astype(np.uint8)
    padded[:inputs] = steps
    packed = _packed(np.ascontiguousarray(padded.T), bits).reshape(outputs, blocks, BLOCK * bits // 8)
    return BlockWeights(packed, np.ascontiguousarray(scales.T), _packed(zeros.T.astype(np.uint8), bits), bits)


def _packed(rows: NDArray[np.uint8], bits: int) -> NDArray[np.uint8]:
    if bits == 8:
        return rows
    even = np.pad(rows, ((0, 0), (0, rows.shape[1] % 2)))
    return np.asarray(even[:, 0::2] | (even[:, 1::2] << 4), np.uint8)


def _unpack(packed: NDArray[np.uint8], bits: int) -> NDArray[np.uint8]:
    if bits == 8:
        return packed
    halves: NDArray[np.uint8] = np.stack([packed & 15, packed >> 4], axis=-1)
    return halves.reshape(*packed.shape[:-1], -1)
