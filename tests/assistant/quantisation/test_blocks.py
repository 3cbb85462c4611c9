"""Weights in blocks: ONNX Runtime reads them as they are meant, and the order of activations loses less."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import helper

from assistant.quantisation import blocks
from assistant.quantisation.workshop import open_model
from tests.assistant.quantisation.small_models import one_node, saved


@settings(max_examples=30)
@given(
    inputs=st.integers(1, 100),
    outputs=st.integers(1, 9),
    bits=st.sampled_from((4, 8)),
    seed=st.integers(0, 99),
)
def test_rounding_moves_no_weight_by_more_than_half_a_step(
    inputs: int, outputs: int, bits: int, seed: int
) -> None:
    weight = np.random.default_rng(seed).normal(size=(inputs, outputs)).astype(np.float32)
    made = blocks.quantise(weight, bits)
    step = np.repeat(made.scales.T, blocks.BLOCK, axis=0)[:inputs]
    # The zero point is rounded too, which may clip the largest weight by another half step.
    assert np.all(np.abs(blocks.dequantised(made, inputs) - weight) <= step * 1.0001)
    assert made.packed.shape == (outputs, -(-inputs // blocks.BLOCK), blocks.BLOCK * bits // 8)


def test_a_constant_weight_of_zero_stays_zero() -> None:
    made = blocks.quantise(np.zeros((40, 3), np.float32), 4)
    assert not np.any(blocks.dequantised(made, 40))


@pytest.mark.parametrize("bits", [4, 8])
def test_the_operator_reads_the_weights_as_they_are_meant(bits: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    weight = rng.normal(size=(80, 17)).astype(np.float32)
    made = blocks.quantise(weight, bits)
    node = helper.make_node(
        "MatMulNBits", ["x", "b", "s", "z"], ["y"], domain="com.microsoft",
        K=80, N=17, bits=bits, block_size=blocks.BLOCK, accuracy_level=1,
    )  # fmt: skip
    model = one_node(node, [3, 80], b=made.packed, s=made.scales, z=made.zero_points)
    x = rng.normal(size=(3, 80)).astype(np.float32)
    (y,) = open_model(saved(model, tmp_path)).run(None, {"x": x})
    np.testing.assert_allclose(y, x @ blocks.dequantised(made, 80), atol=1e-4)


def test_the_order_of_the_activations_loses_less_than_rounding_to_the_nearest() -> None:
    rng = np.random.default_rng(3)
    weight = rng.normal(size=(128, 40)).astype(np.float32)
    # Activations of a real layer: correlated, and much larger in some inputs than in others.
    mixing = rng.normal(size=(32, 128)) * np.exp(rng.normal(size=128))
    activations = rng.normal(size=(500, 32)) @ mixing
    gram = activations.T @ activations

    def lost(gram: np.ndarray | None) -> float:
        changed = blocks.dequantised(blocks.quantise(weight, 4, gram), 128)
        return float(np.sum((activations @ (changed - weight)) ** 2))

    assert lost(gram) < 0.5 * lost(None)


def test_inputs_that_are_never_used_do_no_harm() -> None:
    rng = np.random.default_rng(3)
    weight = rng.normal(size=(64, 4)).astype(np.float32)
    gram = np.zeros((64, 64))
    assert np.all(np.isfinite(blocks.dequantised(blocks.quantise(weight, 4, gram), 64)))
