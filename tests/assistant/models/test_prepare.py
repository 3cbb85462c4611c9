"""Preparing the real models, once, in a store of its own."""

from __future__ import annotations

import json

import numpy as np
import pytest

from assistant.models import keys
from assistant.models.keys import cpu_flags
from assistant.models.prepare import prepare
from assistant.models.store import AS_PUBLISHED, MANIFEST, PREPARED, ModelStore
from assistant.serving.onnxruntime_engine import open_session
from common.paths import models_dir

INFO = "processor\t: 0\nflags\t\t: sse avx2 fma\n\nprocessor\t: 1\nflags\t\t: sse\n"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> ModelStore:
    """The fetched models, prepared afresh beside links to them."""
    root = tmp_path_factory.mktemp("models")
    for name in ("moonshine-tiny-en", "piper-joe-en-us", "silero-vad"):
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
    for name in (*PREPARED, "silero-vad"):
        path = store.prepared(name)
        assert path.stat().st_size < path.with_suffix(".bin").stat().st_size / 10


def test_cut_weights_are_made_again(store: ModelStore) -> None:
    weights = store.prepared("piper-joe-en-us-vocoder").with_suffix(".bin")
    whole = weights.stat().st_size
    weights.write_bytes(b"")
    assert store.prepared("piper-joe-en-us-vocoder").parent == store.converted_folder
    assert prepare(store)
    assert store.prepared("piper-joe-en-us-vocoder").with_suffix(".bin").stat().st_size == whole


def test_a_published_model_computes_the_same_in_its_layout(store: ModelStore) -> None:
    published = store.path("silero-vad", AS_PUBLISHED["silero-vad"])
    packed = store.prepared("silero-vad")
    assert packed.parent == store.prepared_folder
    sound = np.random.default_rng(1).normal(0, 0.1, (1, 576)).astype(np.float32)
    feed = {"input": sound, "state": np.zeros((2, 1, 128), np.float32), "sr": np.array(16_000, np.int64)}
    wanted, found = (open_session(path).run(None, feed) for path in (published, packed))
    assert all(np.array_equal(one, other) for one, other in zip(wanted, found, strict=True))


def test_a_published_model_that_came_later_is_laid_out_then(store: ModelStore) -> None:
    packed = store.prepared("silero-vad")
    manifest = packed.with_name(MANIFEST)
    sizes = json.loads(manifest.read_text())
    for path in (packed, packed.with_suffix(".bin")):
        path.unlink()
        del sizes[path.name]
    manifest.write_text(json.dumps(sizes))
    assert store.prepared("silero-vad") == store.path("silero-vad", AS_PUBLISHED["silero-vad"])
    assert prepare(store)
    assert store.prepared("silero-vad") == packed


def test_layout_of_another_machine_is_not_used(store: ModelStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "host_key", lambda: "another")
    assert store.prepared("moonshine-tiny-en-encoder").parent == store.converted_folder


def test_flags_are_those_of_the_first_processor_sorted() -> None:
    assert cpu_flags(INFO) == "avx2 fma sse"


def test_flags_of_an_arm_processor_are_found() -> None:
    assert cpu_flags("Features\t: asimd fp\n") == "asimd fp"


def test_key_of_the_host_differs_from_that_of_the_conversion() -> None:
    assert keys.host_key() != keys.conversion_key()
