"""Models that cannot be used: damaged, unknown operators, wrong inputs, no memory. Each is a typed error."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper

from assistant.models.store import ModelStore
from assistant.serving.engine import Engine, InferenceFailed
from assistant.serving.entries import load_engines
from assistant.serving.registry import make_engine
from assistant.serving.samples import sample_of
from common.errors import ModelError
from tests.conftest import REPOSITORY

ENGINES = ("onnxruntime", "openvino")


@pytest.fixture(params=ENGINES, scope="module")
def engine(request: pytest.FixtureRequest) -> Engine:
    (entry,) = [entry for entry in load_engines() if entry.id == request.param]
    return make_engine(entry)


def small(path: Path, operator: str = "Add", domain: str = "") -> Path:
    """A model of one operator, of two inputs float32 [2, 3]."""
    tensors = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [2, 3]) for name in "abc"]
    node = helper.make_node(operator, ["a", "b"], ["c"], domain=domain)
    graph = helper.make_graph([node], "small", tensors[:2], tensors[2:])
    opsets = [helper.make_opsetid("", 13), helper.make_opsetid("abacus", 1)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), path)
    return path


CONTENTS: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "text": lambda _: b"this is no model",
    "cut": lambda data: data[: len(data) // 2],
    "noise": lambda data: np.random.default_rng(1).bytes(len(data)),
    "zeros": lambda data: bytes(len(data)),
}


@pytest.mark.parametrize("how", CONTENTS)
def test_a_damaged_file_is_a_model_error(engine: Engine, tmp_path: Path, how: str) -> None:
    path = small(tmp_path / "model.onnx")
    path.write_bytes(CONTENTS[how](path.read_bytes()))
    with pytest.raises(ModelError, match=r"model\.onnx"):
        engine.open(path)


def test_a_file_that_is_not_there_is_a_model_error(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"model\.onnx"):
        engine.open(tmp_path / "model.onnx")


@pytest.mark.parametrize("domain", ["", "abacus"])
def test_an_unknown_operator_is_named(engine: Engine, tmp_path: Path, domain: str) -> None:
    with pytest.raises(ModelError, match="Slide"):
        engine.open(small(tmp_path / "model.onnx", "Slide", domain))


GOOD = np.ones((2, 3), np.float32)


@pytest.mark.parametrize(
    "feed",
    [
        {"a": GOOD},
        {"a": GOOD, "b": np.ones((5, 7), np.float32)},
        {"a": GOOD, "b": np.ones((2, 3, 4), np.float32)},
        {"a": GOOD, "b": GOOD, "d": GOOD},
        {"a": GOOD, "b": np.array(["x"] * 6).reshape(2, 3)},
    ],
    ids=["missing", "shape", "rank", "unknown", "text"],
)
def test_inputs_that_do_not_fit_are_refused_and_the_session_goes_on(
    engine: Engine,
    tmp_path: Path,
    feed: dict[str, NDArray[Any]],
) -> None:
    session = engine.open(small(tmp_path / "model.onnx"))
    with pytest.raises(InferenceFailed, match="model could not be run"):
        session.run(None, feed)
    (found,) = session.run(None, {"a": GOOD, "b": GOOD})
    assert np.array_equal(found, 2 * GOOD)


def test_an_output_that_there_is_not_is_refused(engine: Engine, tmp_path: Path) -> None:
    session = engine.open(small(tmp_path / "model.onnx"))
    with pytest.raises(InferenceFailed):
        session.run(["d"], {"a": GOOD, "b": GOOD})


_OPEN = """
import json, resource, sys
from pathlib import Path
from typing import Any
from assistant.serving.entries import load_engines
from assistant.serving.registry import make_engine
from assistant.serving.samples import sample_of
from common.errors import ModelError
engine = make_engine(next(entry for entry in load_engines() if entry.id == sys.argv[1]))
path, name = Path(sys.argv[2]), sys.argv[3]
pages = int(Path("/proc/self/statm").read_text().split()[0])
limit = pages * resource.getpagesize() + int(sys.argv[4])
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
try:
    engine.open(path, spans=sample_of(name).spans)
except ModelError as error:
    print(json.dumps([error.code, error.message]))
"""


@pytest.mark.parametrize("name", ENGINES)
def test_a_model_that_memory_does_not_suffice_for_is_a_model_error(store: ModelStore, name: str) -> None:
    """In a process of its own, which has 8 MB left for a model of 28 MB."""
    model = "piper-joe-en-us-flow"
    assert sample_of(model) is not None
    path = store.graph(model, packed=False)
    done = subprocess.run(
        [sys.executable, "-c", _OPEN, name, str(path), model, str(8 << 20)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    code, message = json.loads(done.stdout)
    assert code == {"onnxruntime": "model.unreadable", "openvino": "engine.cannot-open"}[name]
    assert f"{model}.onnx" in message
