"""Models of PyTorch, Keras and TensorFlow, written here and exported by their own exporters."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from assistant.quantisation.formats import as_onnx
from assistant.quantisation.layers import layers_of
from assistant.quantisation.model_file import read_model
from assistant.quantisation.precisions import chosen
from assistant.quantisation.tool import Request, quantise
from common.errors import InvalidInput

_TORCH = """
import sys, torch
class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = torch.nn.Linear(64, 96), torch.nn.Linear(96, 32)
    def forward(self, x):
        return self.b(torch.relu(self.a(x)))
rows = torch.export.Dim("rows")
program = torch.export.export(Net().eval(), (torch.randn(3, 64),), dynamic_shapes=({0: rows},))
torch.export.save(program, sys.argv[1])
"""
_KERAS = """
import sys, keras
net = keras.Sequential([keras.Input((64,)), keras.layers.Dense(96, "relu"), keras.layers.Dense(32)])
net.export(sys.argv[1]) if sys.argv[1].endswith("saved") else net.save(sys.argv[1])
"""


def _written(script: str, path: Path) -> Path:
    subprocess.run([sys.executable, "-c", script, str(path)], check=True, capture_output=True, timeout=110)
    return path


def _quantised(path: Path, tmp_path: Path) -> None:
    model = read_model(as_onnx(path, tmp_path))
    assert [layer.shape for layer in layers_of(model)] in ([(96, 64), (32, 96)], [(64, 96), (96, 32)])
    (source,) = (each.name for each in model.graph.input)
    feeds = tuple(
        {source: np.random.default_rng(n).normal(size=(5, 64)).astype(np.float32)} for n in range(8)
    )
    result = quantise(model, Request(1.0, feeds, precisions=chosen("int8"), rounds=2), tmp_path / "out")
    assert result.wanted.within and result.variants[-2].plan


@pytest.mark.slow
def test_a_model_of_pytorch(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="PyTorch is not installed: the extra quantise-torch")
    pytest.importorskip("onnxscript", reason="onnxscript is not installed: the extra quantise-torch")
    _quantised(_written(_TORCH, tmp_path / "net.pt2"), tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["net.keras", "net.h5", "saved"])
def test_a_model_of_tensorflow(name: str, tmp_path: Path) -> None:
    pytest.importorskip("tf2onnx", reason="tf2onnx is not installed: the extra quantise-tensorflow")
    _quantised(_written(_KERAS, tmp_path / name), tmp_path)


@pytest.mark.slow
def test_a_file_that_the_exporter_does_not_take(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="PyTorch is not installed: the extra quantise-torch")
    pytest.importorskip("onnxscript", reason="onnxscript is not installed: the extra quantise-torch")
    (tmp_path / "net.pt2").write_bytes(b"no program")
    with pytest.raises(InvalidInput) as caught:
        as_onnx(tmp_path / "net.pt2", tmp_path)
    assert caught.value.code == "quantise.export"
