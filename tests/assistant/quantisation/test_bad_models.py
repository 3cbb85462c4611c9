"""Models that cannot be used, and disks that are full: what is wrong, and what to do."""

from __future__ import annotations

import os
import resource
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper

from assistant.quantisation import formats
from assistant.quantisation.formats import as_onnx
from assistant.quantisation.model_file import read_model, write_model
from assistant.quantisation.tasks import Agreement
from assistant.quantisation.tool import Request, quantise
from assistant.quantisation.workshop import open_model, run_model
from common.errors import InvalidInput, ModelError, NotFound, StorageError, TooLarge, Unavailable
from tests.assistant.quantisation.small_models import classifier, feeds, one_node, saved


def test_a_model_that_is_not_there(tmp_path: Path) -> None:
    for read in (read_model, lambda path: as_onnx(path, tmp_path)):
        with pytest.raises(NotFound) as caught:
            read(tmp_path / "none.onnx")
        assert caught.value.code == "quantise.no-model"


@pytest.mark.parametrize("damage", ["cut", "noise", "empty", "text"])
def test_a_damaged_model(damage: str, tmp_path: Path) -> None:
    path = saved(classifier(), tmp_path)
    whole = path.read_bytes()
    path.write_bytes(
        {"cut": whole[:-1000], "noise": os.urandom(5000), "empty": b"", "text": b"hello"}[damage]
    )
    with pytest.raises(ModelError) as caught:
        read_model(path)
    assert caught.value.code == "quantise.damaged"


def test_weights_beside_the_model_that_are_gone(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    onnx.save(classifier(), path, save_as_external_data=True, location="weights.bin", size_threshold=0)
    assert read_model(path).graph.node
    (tmp_path / "weights.bin").unlink()
    with pytest.raises(ModelError) as caught:
        read_model(path)
    assert caught.value.code == "quantise.damaged"


def test_a_model_that_is_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.quantisation.model_file.MOST_BYTES", 1000)
    with pytest.raises(TooLarge):
        read_model(saved(classifier(), tmp_path))


def test_operators_that_onnx_runtime_does_not_know(tmp_path: Path) -> None:
    node = helper.make_node("Frobnicate", ["x"], ["y"], domain="org.example")
    with pytest.raises(InvalidInput, match="Frobnicate") as caught:
        open_model(saved(one_node(node, [1, 4]), tmp_path))
    assert caught.value.code == "quantise.unloadable"


def test_a_model_without_layers(tmp_path: Path) -> None:
    model = one_node(helper.make_node("Relu", ["x"], ["y"]), [1, 4])
    with pytest.raises(InvalidInput) as caught:
        quantise(model, Request(1.0, ({"x": np.zeros((1, 4), np.float32)},)), tmp_path)
    assert caught.value.code == "quantise.no-layers"


def test_arrays_of_a_wrong_shape(tmp_path: Path) -> None:
    session = open_model(saved(one_node(helper.make_node("Relu", ["x"], ["y"]), [1, 4]), tmp_path))
    with pytest.raises(InvalidInput, match=r"\(2, 5\)") as caught:
        run_model(session, {"x": np.zeros((2, 5), np.float32)})
    assert caught.value.code == "quantise.feed"


def test_operators_that_are_too_old_are_raised(tmp_path: Path) -> None:
    model = one_node(helper.make_node("Relu", ["x"], ["y"]), [1, 4])
    model.opset_import[0].version = 9
    assert read_model(saved(model, tmp_path)).opset_import[0].version == 17


def test_a_full_disk(tmp_path: Path) -> None:
    path = tmp_path / "variant.onnx"
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        # The kernel says EFBIG here; a full disk takes the same way with its own errno.
        with pytest.raises(StorageError):
            write_model(classifier(), path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.skipif(not os.access("/dev/full", os.W_OK), reason="there is no /dev/full")
def test_a_disk_that_is_really_full_is_called_full() -> None:
    with pytest.raises(StorageError, match="is full") as caught:
        write_model(classifier(), Path("/dev/full"))
    assert caught.value.code == "storage.full"


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError):
        quantise(classifier(), Request(1.0, feeds()), tmp_path / "file" / "out")


@pytest.mark.parametrize("name", ["model.pt", "model.pth", "model.tflite", "model"])
def test_formats_that_are_not_taken_are_told_which_are(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"x")
    with pytest.raises(InvalidInput) as caught:
        as_onnx(tmp_path / name, tmp_path)
    assert caught.value.code == "quantise.format"
    assert ("save the module with torch.export" in caught.value.hint) == (".pt" in name)


@pytest.mark.parametrize(
    ("name", "extra"),
    [("m.pt2", "quantise-torch"), ("m.keras", "quantise-tensorflow"), ("m.h5", "quantise-tensorflow")],
)
def test_a_missing_exporter_is_named_with_its_extra(
    name: str, extra: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(formats, "find_spec", lambda name: None)
    (tmp_path / name).write_bytes(b"x")
    with pytest.raises(Unavailable) as caught:
        as_onnx(tmp_path / name, tmp_path)
    assert caught.value.code == "quantise.no-exporter"
    assert f"sotto[{extra}]" in caught.value.hint


def test_outputs_that_are_not_numbers_agree_with_nothing(tmp_path: Path) -> None:
    division = one_node(helper.make_node("Div", ["x", "x"], ["y"]), [1, 4])
    path = saved(division, tmp_path)
    ones = Agreement(path, [{"x": np.ones((1, 4), np.float32)}])
    assert ones.points(path).tolist() == [1.0]
    other = tmp_path / "other.onnx"
    onnx.save(one_node(helper.make_node("Log", ["x"], ["y"]), [1, 4]), other)
    assert ones.points(other).tolist() == [0.0]
