"""OpenVINO, for real, on this processor: it computes what ONNX Runtime computes, for every model."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from assistant.hardware.ladder import Outcome
from assistant.models.store import MODEL_NAMES, ModelStore
from assistant.serving import proving
from assistant.serving.agreement import compare
from assistant.serving.entries import load_engines
from assistant.serving.openvino_engine import OpenVino, told
from assistant.serving.registry import Registry
from assistant.serving.samples import sample_of
from assistant.serving.serving import Serving
from common.errors import ModelError

ENTRY = next(entry for entry in load_engines() if entry.id == "openvino")
#: Those that OpenVINO opens in a moment.
QUICK = ("silero-vad", "moonshine-tiny-en-encoder")


@pytest.mark.parametrize(
    "name",
    [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in MODEL_NAMES],
)
def test_it_computes_what_the_processor_computes(serving: Serving, store: ModelStore, name: str) -> None:
    try:
        model = serving.model(name)
    except ModelError as error:
        pytest.skip(str(error))
    sample = sample_of(name)
    assert sample is not None
    session = OpenVino(ENTRY).open(store.graph(name, packed=False), spans=sample.spans)
    found = proving.agreement(session, model.default, sample)
    assert found.is_right, found.detail


@pytest.mark.parametrize("part", ["encoder", pytest.param("decoder", marks=pytest.mark.slow)])
def test_an_operator_that_it_translates_wrongly_is_found_by_the_sample(
    serving: Serving, store: ModelStore, part: str
) -> None:
    """A real engine that is wrong without an error: OpenVINO with its own translation of RotaryEmbedding."""
    name = f"moonshine-tiny-en-{part}"
    sample = sample_of(name)
    assert sample is not None
    session = OpenVino(ENTRY, rotary=False).open(store.graph(name, packed=False), spans=sample.spans)
    found = proving.agreement(session, serving.model(name).default, sample)
    assert not found.is_right
    assert found.error > 2 * found.tolerance


def test_an_engine_proves_itself_in_a_process_of_its_own(store: ModelStore) -> None:
    trial = proving.prove_apart(store, Registry(), "silero-vad", "openvino")
    assert trial.outcome is Outcome.RIGHT, trial.detail
    assert trial.detail.startswith("the relative error is ")


@pytest.mark.slow
def test_threads_share_a_session(serving: Serving, store: ModelStore) -> None:
    sample = sample_of("silero-vad")
    assert sample is not None
    (feed,) = sample.feeds()
    right = serving.model("silero-vad").run(None, feed)
    session = OpenVino(ENTRY).open(store.graph("silero-vad", packed=False), spans=sample.spans)
    with ThreadPoolExecutor(6) as threads:
        found = list(threads.map(lambda _: session.run(None, feed), range(60)))
    assert all(compare(each, right, 1e-3).is_right for each in found)


def test_results_are_not_overwritten_by_the_next_call(serving: Serving, store: ModelStore) -> None:
    sample = sample_of("silero-vad")
    assert sample is not None
    (feed,) = sample.feeds()
    session = OpenVino(ENTRY).open(store.graph("silero-vad", packed=False), spans=sample.spans)
    first = session.run(None, feed)
    kept = [each.copy() for each in first]
    session.run(None, {**feed, "input": np.zeros((1, 576), np.float32)})
    assert all(np.array_equal(a, b) for a, b in zip(first, kept, strict=True))


def test_a_file_that_is_not_there_is_a_model_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"none\.onnx cannot be loaded: there is no such file"):
        OpenVino(ENTRY).open(tmp_path / "none.onnx")


def test_of_its_errors_the_cause_is_told() -> None:
    long = "Exception from core.cpp:1:\nException from graph.cpp:2:\nCheck 'a' failed at b:3:\nno kernel\n"
    assert told(RuntimeError(long)) == "no kernel"
    assert told(RuntimeError("")) == "RuntimeError"
