"""Trials: one small inference on an accelerator, its result compared with numpy's.

A trial takes words, and returns whether the result is right and what it was, in words. It runs in a process
of its own (`probe`).
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from assistant.serving.entries import ENGINES_FILE, load_engines
from assistant.serving.registry import make_engine

#: An ONNX model: c = MatMul(a, b), each of 4 x 4 float32, opset 13. A test makes it again with onnx.
MODEL = bytes.fromhex(
    "08083a590a110a01610a016212016322064d61744d756c1205747269616c5a130a0161120e0a0c080112080a0208040a0208045a"
    "130a0162120e0a0c080112080a0208040a02080462130a0163120e0a0c080112080a0208040a02080442040a00100d"
)
#: Of a GPU that multiplies with the ten bits of TF32; four products are added.
_TOLERANCE = 1e-2


def by_engine(arguments: tuple[str, ...]) -> tuple[bool, str]:
    """One product by an engine.

    Args:
        arguments: id of the engine, and the file of the table that has it, if it is another than ours.

    Raises:
        SottoError: the engine cannot be used here, or cannot open the model.
    """
    name, file = arguments[0], Path(arguments[1]) if len(arguments) > 1 else ENGINES_FILE
    entry = next(entry for entry in load_engines(file) if entry.id == name)
    random = np.random.default_rng(1)
    a, b = (random.standard_normal((4, 4), dtype=np.float32) for _ in range(2))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "trial.onnx"
        path.write_bytes(MODEL)
        (result,) = make_engine(entry).open(path).run(None, {"a": a, "b": b})
    return bool(np.allclose(result, a @ b, atol=_TOLERANCE)), f"c[0] = {result[0].tolist()}"
