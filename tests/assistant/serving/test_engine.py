"""The table of engines: one is found by its name, and a new one by one module and one line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from assistant.models.store import ModelStore
from assistant.serving import engine as table
from common.errors import InvalidInput, ModelError


def test_an_unknown_engine_is_refused_with_those_that_there_are(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="no engine 'abacus'") as caught:
        _ = ModelStore(tmp_path, engine="abacus").engine
    assert "onnxruntime" in caught.value.hint


def test_a_model_that_is_not_there_is_a_model_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"none\.onnx"):
        table.engine().open(tmp_path / "none.onnx")


def test_a_tensor_keeps_its_values() -> None:
    values = np.arange(6, dtype=np.float32).reshape(2, 3)
    tensor = table.engine().tensor(values)
    assert np.array_equal(tensor.numpy(), values)
    assert list(tensor.shape()) == [2, 3]


def test_an_engine_is_one_module_and_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "abacus_engine.py").write_text(
        "class Abacus:\n    def open(self, path, threads=1, *, arena=False):\n        return str(path)\n\n\n"
        "def make_engine():\n    return Abacus()\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setitem(table.ENGINES, "abacus", "abacus_engine")
    store = ModelStore(tmp_path, engine="abacus")
    assert store.engine.open(Path("silero.onnx")) == "silero.onnx"  # type: ignore[comparison-overlap]
