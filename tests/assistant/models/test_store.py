"""The store says plainly what is missing or damaged."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.models.catalogue import ModelEntry, ModelFile
from assistant.models.store import ModelStore, folder_is_whole, write_manifest
from common.errors import ModelError, NotFound

CONTENT = b"0123456789"
FILE = ModelFile("data/toy.onnx", hashlib.sha256(CONTENT).hexdigest(), len(CONTENT))
ENTRY = ModelEntry("toy", "1", "toy", "MIT", "here", "en", "asr", (FILE,))


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    (tmp_path / "toy").mkdir()
    (tmp_path / "toy" / "toy.onnx").write_bytes(CONTENT)
    return ModelStore(tmp_path, catalogue=[ENTRY])


def test_finds_a_file(store: ModelStore) -> None:
    assert store.path("toy", "toy.onnx").read_bytes() == CONTENT


def test_missing_file_names_the_fix(store: ModelStore) -> None:
    store.path("toy", "toy.onnx").unlink()
    with pytest.raises(ModelError) as caught:
        store.path("toy", "toy.onnx")
    assert "toy/toy.onnx" in caught.value.message
    assert "make setup" in caught.value.hint


def test_short_file_is_damaged(store: ModelStore) -> None:
    store.path("toy", "toy.onnx").write_bytes(CONTENT[:-1])
    with pytest.raises(ModelError) as caught:
        store.path("toy", "toy.onnx")
    assert caught.value.code == "model.damaged"


def test_unknown_entry_is_named(store: ModelStore) -> None:
    with pytest.raises(ModelError) as caught:
        store.path("other", "toy.onnx")
    assert caught.value.code == "model.unknown"


def test_unknown_basename_is_named(store: ModelStore) -> None:
    with pytest.raises(NotFound):
        store.path("toy", "other.onnx")


def test_verify_finds_a_changed_byte(store: ModelStore) -> None:
    store.path("toy", "toy.onnx").write_bytes(b"X" + CONTENT[1:])
    problems = [problem for problem in store.verify() if problem.entry == "toy"]
    assert [(problem.basename, problem.what) for problem in problems] == [("toy.onnx", "is damaged")]


def test_an_image_may_leave_out_what_only_converting_reads(tmp_path: Path) -> None:
    source = ModelFile("data/toy.onnx", FILE.sha256, FILE.size, build_only=True)
    store = ModelStore(tmp_path, catalogue=[replace(ENTRY, files=(source,))])
    assert store.state("toy") == "missing"
    store.converted_folder.mkdir(parents=True)
    write_manifest(store.converted_folder)
    assert store.state("toy") == "ready"
    assert "toy" not in {problem.entry for problem in store.verify()}


def test_an_optional_model_may_be_missing_but_not_damaged(tmp_path: Path) -> None:
    store = ModelStore(tmp_path, catalogue=[replace(ENTRY, optional=True)])
    assert store.state("toy") == "missing"
    assert "toy" not in {problem.entry for problem in store.verify()}
    with pytest.raises(ModelError) as caught:
        store.path("toy", "toy.onnx")
    assert "--optional" in caught.value.hint
    (tmp_path / "toy").mkdir()
    (tmp_path / "toy" / "toy.onnx").write_bytes(b"X" + CONTENT[1:])
    assert "toy" in {problem.entry for problem in store.verify()}


def test_host_models_lie_where_the_environment_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOTTO_HOST_MODELS", str(tmp_path / "cache"))
    assert ModelStore(tmp_path / "read-only").prepared_folder.parent == tmp_path / "cache"


def test_verify_is_silent_about_whole_files(store: ModelStore) -> None:
    assert not [problem for problem in store.verify() if problem.entry == "toy"]


def test_unprepared_model_names_the_fix(store: ModelStore) -> None:
    with pytest.raises(ModelError) as caught:
        store.prepared("piper-joe-en-us-front")
    assert caught.value.code == "model.not-prepared"


def test_folder_with_a_cut_file_is_not_whole(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(CONTENT)
    write_manifest(tmp_path)
    assert folder_is_whole(tmp_path)
    (tmp_path / "a.bin").write_bytes(CONTENT[:3])
    assert not folder_is_whole(tmp_path)


def test_folder_without_manifest_is_not_whole(tmp_path: Path) -> None:
    assert not folder_is_whole(tmp_path)
