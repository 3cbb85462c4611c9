"""Each kind of layer in each precision: it is really there, is smaller, and computes nearly the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper

from assistant.quantisation.layers import layers_of
from assistant.quantisation.model_file import read_model
from assistant.quantisation.precisions import PRECISIONS, chosen
from assistant.quantisation.workshop import Workshop, run_model
from common.errors import InvalidInput
from tests.assistant.quantisation.small_models import one_node, saved

_RNG = np.random.default_rng(0)


def _floats(*shape: int) -> np.ndarray:
    return _RNG.normal(size=shape).astype(np.float32)


def _dynamic() -> onnx.ModelProto:
    node = helper.make_node(
        "DynamicQuantizeMatMul", ["x", "w", "s", "z", "c"], ["y"], "p", domain="com.microsoft"
    )
    weight = _RNG.integers(-127, 127, (64, 48)).astype(np.int8)
    scale = np.full(48, 0.01, np.float32)
    zero = np.zeros(48, np.int8)
    return one_node(node, [5, 64], w=weight, s=scale, z=zero, c=_floats(48))


def _models() -> dict[str, tuple[onnx.ModelProto, np.ndarray]]:
    product = helper.make_node("MatMul", ["x", "w"], ["y"], "p")
    gemm = helper.make_node("Gemm", ["x", "w", "c"], ["y"], "p", transB=1)
    conv = helper.make_node("Conv", ["x", "w"], ["y"], "p", kernel_shape=[3], pads=[1, 1])
    return {
        "MatMul": (one_node(product, [5, 64], w=_floats(64, 48)), _floats(5, 64)),
        "Gemm": (one_node(gemm, [5, 64], w=_floats(48, 64), c=_floats(48)), _floats(5, 64)),
        "Conv": (one_node(conv, [1, 16, 40], w=_floats(24, 16, 3)), _floats(1, 16, 40)),
        "DynamicQuantizeMatMul": (_dynamic(), _floats(5, 64)),
    }


_CASES = [
    (kind, each.id)
    for kind in ("MatMul", "Gemm", "Conv", "DynamicQuantizeMatMul")
    for each in PRECISIONS.values()
    if kind in each.kinds and (kind, each.id) != ("DynamicQuantizeMatMul", "block8")
]


@pytest.mark.parametrize(("kind", "precision"), _CASES)
def test_a_layer_in_another_precision_computes_nearly_the_same(
    kind: str, precision: str, tmp_path: Path
) -> None:
    model, x = _models()[kind]
    work = tmp_path / "work"
    work.mkdir()
    shop = Workshop(read_model(saved(model, tmp_path)), work)
    (layer,) = shop.layers
    shop.record([{"x": x}] * 3)
    piece = shop.prepare(layer, PRECISIONS[precision])
    assert piece is not None
    assert piece.bytes < layer.bytes
    wanted = run_model(shop.open(shop.given), {"x": x})[0]
    found = run_model(shop.open(shop.variant({layer.name: precision})), {"x": x})[0]
    bound = {"f16": 1e-5, "block4": 2e-2}.get(precision, 1e-3)
    assert np.sum((found - wanted) ** 2) <= bound * np.sum(wanted**2)
    assert not np.array_equal(found, wanted)
    # The same layer alone, and in a file that needs no other.
    alone = run_model(shop.open(shop.alone_in(layer, precision)), {"x": x})[0]
    np.testing.assert_allclose(alone, found, rtol=1e-4, atol=1e-5)
    onnx.save(shop.finished({layer.name: precision}), tmp_path / "whole.onnx")
    whole = run_model(shop.open(tmp_path / "whole.onnx"), {"x": x})[0]
    np.testing.assert_allclose(whole, found, rtol=1e-4, atol=1e-5)


def test_a_precision_that_makes_a_layer_no_smaller_is_none(tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    shop = Workshop(read_model(saved(_dynamic(), tmp_path)), work)
    shop.record([{"x": _floats(5, 64)}])
    assert shop.prepare(shop.layers[0], PRECISIONS["block8"]) is None


@pytest.mark.parametrize(
    "node",
    [
        helper.make_node("Gemm", ["x", "w"], ["y"], "p", alpha=0.5),
        helper.make_node("Gemm", ["x", "w"], ["y"], "p", transA=1),
        helper.make_node("MatMul", ["w", "x"], ["y"], "p"),
        helper.make_node("Add", ["x", "w"], ["y"], "p"),
    ],
)
def test_nodes_of_another_form_are_no_layers(node: onnx.NodeProto) -> None:
    assert layers_of(one_node(node, [64, 64], w=_floats(64, 64))) == ()


def test_a_list_of_precisions_names_only_what_there_is() -> None:
    assert [each.id for each in chosen("int8, f16")] == ["f16", "int8"]
    for wrong in ("int9", "int8,,fp16", ""):
        with pytest.raises(InvalidInput) as caught:
            chosen(wrong)
        assert caught.value.code == "quantise.precision"
        assert "block4" in caught.value.hint
