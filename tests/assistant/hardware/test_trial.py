"""The model of the trial is the one that its comment says."""

from __future__ import annotations

from onnx import TensorProto, helper

from assistant.hardware.trial import MODEL


def test_the_model_is_one_product_of_matrices() -> None:
    tensors = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [4, 4]) for name in "abc"]
    node = helper.make_node("MatMul", ["a", "b"], ["c"])
    graph = helper.make_graph([node], "trial", tensors[:2], tensors[2:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    assert model.SerializeToString() == MODEL
