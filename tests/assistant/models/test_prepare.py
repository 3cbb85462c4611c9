"""Preparing the real models, once, in a store of its own."""

from __future__ import annotations

import pytest

from assistant.models import keys
from assistant.models.keys import cpu_flags
from assistant.models.prepare import prepare
from assistant.models.store import PREPARED, ModelStore
from assistant.serving.onnxruntime_engine import open_session
from common.paths import models_dir

INFO = "processor\t: 0\nflags\t\t: sse avx2 fma\n\nprocessor\t: 1\nflags\t\t: sse\n"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> ModelStore:
    """The fetched models, prepared afresh beside links to them."""
    root = tmp_path_factory.mktemp("models")
    for name in ("moonshine-tiny-en", "piper-joe-en-us"):
        (root / name).symlink_to(models_dir() / name)
    fresh = ModelStore(root)
    assert prepare(fresh)
    return fresh


def test_second_preparation_does_nothing(store: ModelStore) -> None:
    assert prepare(store) is False


def test_every_graph_opens(store: ModelStore) -> None:
    for name in PREPARED:
        assert open_session(store.prepared(name)).get_inputs()


def test_weights_lie_outside_the_graph(store: ModelStore) -> None:
    for name in PREPARED:
        path = store.prepared(name)
        assert path.stat().st_size < path.with_suffix(".bin").stat().st_size / 10


def test_cut_weights_are_made_again(store: ModelStore) -> None:
    weights = store.prepared("piper-joe-en-us-vocoder").with_suffix(".bin")
    whole = weights.stat().st_size
    weights.write_bytes(b"")
    assert store.prepared("piper-joe-en-us-vocoder").parent == store.converted_folder
    assert prepare(store)
    assert store.prepared("piper-joe-en-us-vocoder").with_suffix(".bin").stat().st_size == whole


def test_layout_of_another_machine_is_not_used(store: ModelStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "host_key", lambda: "another")
    assert store.prepared("moonshine-tiny-en-encoder").parent == store.converted_folder


def test_flags_are_those_of_the_first_processor_sorted() -> None:
    assert cpu_flags(INFO) == "avx2 fma sse"


def test_flags_of_an_arm_processor_are_found() -> None:
    assert cpu_flags("Features\t: asimd fp\n") == "asimd fp"


def test_key_of_the_host_differs_from_that_of_the_conversion() -> None:
    assert keys.host_key() != keys.conversion_key()
