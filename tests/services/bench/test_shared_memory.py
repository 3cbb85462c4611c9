"""Two processes with the same models: the measurement itself, on the smallest model."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from assistant.models.store import ModelStore
from assistant.serving.onnxruntime_engine import open_session
from common.paths import models_dir
from services.bench.model_feeds import feed_of
from services.bench.shared_memory import Memory, _compared, memory_of, models_of, plain


@pytest.fixture(scope="module")
def store() -> ModelStore:
    return ModelStore(models_dir())


def test_memory_of_a_process_is_read() -> None:
    memory = memory_of(os.getpid())
    assert 0 < memory.private <= memory.proportional
    assert memory.less(memory) == Memory(0, 0)


def test_each_model_runs_on_its_inputs(store: ModelStore) -> None:
    for name in models_of(store):
        assert open_session(store.prepared(name)).run(None, feed_of(name))


def test_weights_of_prepared_models_are_mapped_and_others_not(store: ModelStore) -> None:
    name = "silero-vad"
    packed, published = store.prepared(name), plain(store).prepared(name)
    sessions = [open_session(path) for path in (packed, published)]
    mapped = {line.split()[-1] for line in Path("/proc/self/maps").read_text().splitlines()}
    assert sessions and str(packed.with_suffix(".bin").resolve()) in mapped
    assert str(published.resolve()) not in mapped


@pytest.mark.slow
def test_two_processes_of_each_kind_are_compared(store: ModelStore) -> None:
    names = ["silero-vad", "piper-joe-en-us-vocoder"]
    files = {
        "shared": {name: store.prepared(name) for name in names},
        "unshared": {name: plain(store).prepared(name) for name in names},
    }
    found = _compared(files, names)
    for kind in ("shared", "unshared"):
        assert found[kind]["run_s"] > 0 and found[kind]["open_s"] > 0
        assert found[kind]["proportional_bytes"] >= found[kind]["private_bytes"] > 0
        assert found["process"][kind]["private_bytes"] > found[kind]["private_bytes"]
