"""The native TensorRT engine, on a module that has the calls of `tensorrt`: building, keeping, running.

It shows that our side of the calls fits together. Whether a GPU computes what we expect, it does not show.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from assistant.models.store import ModelStore
from assistant.serving.agreement import compare
from assistant.serving.cuda import CudaDevice, Gpu
from assistant.serving.entries import EngineEntry
from assistant.serving.onnxruntime_engine import open_session
from assistant.serving.samples import sample_of
from assistant.serving.tensorrt_engine import TensorRt
from common.errors import ModelError, SottoError, Unavailable
from tests.assistant.serving import fake_tensorrt as trt

NAME = "piper-joe-en-us-vocoder"
SAMPLE = sample_of(NAME)
assert SAMPLE is not None
SPANS = SAMPLE.spans


@pytest.fixture(autouse=True)
def module(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setitem(sys.modules, "tensorrt", trt)
    monkeypatch.setattr(trt.Builder, "built", 0)
    yield


@pytest.fixture
def path(models: Path) -> Path:
    return ModelStore(models).graph(NAME, packed=False)


def engine(folder: Path | None, gpu: Gpu | None = None) -> TensorRt:
    return TensorRt(EngineEntry(id="tensorrt", name="TensorRT"), folder, trt.MemoryDevice(gpu))


def test_it_computes_what_the_processor_computes(path: Path) -> None:
    session, plain = engine(None).open(path, spans=SPANS), open_session(path)
    for feed in SAMPLE.feeds():  # type: ignore[union-attr]
        assert compare(session.run(None, feed), plain.run(None, feed), 1e-5).is_right


def test_tensors_stay_on_the_device_and_are_freed(path: Path) -> None:
    made = engine(None)
    session = made.open(path, spans=SPANS)
    device = made._device
    assert isinstance(device, trt.MemoryDevice)
    (feed, _) = SAMPLE.feeds()  # type: ignore[union-attr]
    (name,) = session.inputs
    (expected,) = session.run(None, feed)
    (found,) = session.run_tensors(["output"], {name: session.tensor(feed[name])})
    assert found.shape() == list(expected.shape)
    assert np.array_equal(found.numpy(), expected)
    del found
    gc.collect()
    before = device.allocations
    for _ in range(3):
        session.run(None, feed)
    gc.collect()
    assert device.allocations == before


def test_an_engine_is_built_once_and_then_taken_from_disk(tmp_path: Path, path: Path) -> None:
    for _ in range(2):
        engine(tmp_path).open(path, spans=SPANS)
    assert trt.Builder.built == 1


@pytest.mark.parametrize("gpu", [Gpu("Memory", "1.1"), Gpu("Other", "1.0")])
def test_an_engine_of_another_gpu_is_not_taken(tmp_path: Path, path: Path, gpu: Gpu) -> None:
    engine(tmp_path).open(path, spans=SPANS)
    engine(tmp_path, gpu).open(path, spans=SPANS)
    assert trt.Builder.built == 2


def test_an_engine_of_another_version_is_not_taken(
    tmp_path: Path, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine(tmp_path).open(path, spans=SPANS)
    monkeypatch.setattr(trt, "__version__", "10.10.0")
    engine(tmp_path).open(path, spans=SPANS)
    assert trt.Builder.built == 2


def test_an_engine_of_another_model_or_for_other_shapes_is_not_taken(tmp_path: Path, path: Path) -> None:
    made = engine(tmp_path)
    other = tmp_path / "other.onnx"
    other.write_bytes(path.read_bytes() + b"\0")
    assert len({made.key(path, SPANS), made.key(other, SPANS), made.key(path, {})}) == 3


@pytest.mark.parametrize("damage", [b"", b"nonsense", None])
def test_a_damaged_engine_is_built_again(tmp_path: Path, path: Path, damage: bytes | None) -> None:
    engine(tmp_path).open(path, spans=SPANS)
    (kept,) = (tmp_path / "tensorrt").iterdir()
    data = kept.read_bytes()
    # One bit in the middle, where only the digest shows it.
    flipped = data[:-9] + bytes([data[-9] ^ 1]) + data[-8:]
    kept.write_bytes(flipped if damage is None else damage)
    engine(tmp_path).open(path, spans=SPANS)
    assert trt.Builder.built == 2
    assert kept.read_bytes() == data


def test_an_engine_that_tensorrt_refuses_is_built_again(
    tmp_path: Path, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = engine(tmp_path)
    made._cache.store(made.key(path, SPANS), b"of a TensorRT with a bug")  # type: ignore[union-attr]
    made.open(path, spans=SPANS)
    assert trt.Builder.built == 1


def test_what_it_cannot_parse_it_cannot_open(models: Path) -> None:
    path = ModelStore(models).graph("moonshine-tiny-en-decoder", packed=False)
    with pytest.raises(ModelError, match=r"com\.microsoft") as caught:
        engine(None).open(path, spans={})
    assert caught.value.code == "engine.cannot-open"


def test_an_input_of_unknown_shape_is_named(path: Path) -> None:
    with pytest.raises(ModelError, match="shapes of its input /Mul_7_output_0 are not known"):
        engine(None).open(path)


def test_a_shape_that_it_was_not_built_for_is_refused(path: Path) -> None:
    session = engine(None).open(path, spans=SPANS)
    with pytest.raises(SottoError, match="outside of what it was built for"):
        session.run(None, {session.inputs[0]: np.zeros((1, 192, 5_000), np.float32)})


def test_without_a_driver_it_says_so() -> None:
    if Path("/dev/nvidiactl").exists():
        pytest.skip("there is a driver of NVIDIA here")
    with pytest.raises(Unavailable, match="driver's library cannot be loaded"):
        CudaDevice()


def test_where_nothing_can_be_kept_it_is_built_each_time(tmp_path: Path, path: Path) -> None:
    (tmp_path / "file").write_text("")
    for _ in range(2):
        session = engine(tmp_path / "file").open(path, spans=SPANS)
        assert session.inputs == ("/Mul_7_output_0",)
    assert trt.Builder.built == 2
