"""The models that `sotto quantise` knows by name: MiniLM on real sentences, the recogniser on real speech."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from assistant.models.store import ModelStore
from assistant.quantisation.examples import MINILM as ENTRY
from assistant.quantisation.examples import examples_dir
from assistant.quantisation.recogniser import recorded_feeds
from common.paths import models_dir
from services.bench import quantised
from services.bench.quantisable import MINILM, Commands, labelled_sentences
from services.bench.recordings import clips_of
from tests.conftest import REPOSITORY

_DECODER = "moonshine-tiny-en-decoder"


@pytest.fixture
def sentences(monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(REPOSITORY)
    path = labelled_sentences()
    if not path.is_file():
        pytest.skip(f"there are no labelled sentences at {path}; set SOTTO_CLINC150 to run this test")
    return path


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_minilm_stays_within_half_a_point(sentences: Path, tmp_path: Path) -> None:
    weights = examples_dir() / ENTRY.name / ENTRY.files[0].basename
    if not weights.is_file():
        pytest.skip(f"{weights} is not there; `sotto quantise minilm --budget 1%` fetches it")
    found = quantised.measure((MINILM,), labels=sentences, out=tmp_path)[MINILM]
    assert found["accepted"]
    assert found["loss_points"] <= 0.5
    assert found["bytes"] < found["given_bytes"] / 2
    assert (tmp_path / MINILM / "report.json").is_file()


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_a_graph_that_is_exchanged_is_the_one_that_is_heard_with(speech_dir: Path, tmp_path: Path) -> None:
    root = models_dir()
    clips = clips_of(speech_dir / "commands", 4)
    task = Commands(_DECODER, speech_dir, clips, root)
    given = ModelStore(root).converted_folder / f"{_DECODER}.onnx"
    assert task.points(given).tolist() == [1.0] * 4
    deaf = onnx.load(given)
    for tensor in deaf.graph.initializer:
        if tensor.name == "vocabulary.scale":
            tensor.CopyFrom(numpy_helper.from_array(0 * numpy_helper.to_array(tensor), tensor.name))
    onnx.save(deaf, tmp_path / "deaf.onnx")
    assert task.points(tmp_path / "deaf.onnx").tolist() == [0.0] * 4


@pytest.mark.slow
def test_what_goes_into_the_recogniser_is_recorded(speech_dir: Path) -> None:
    clips = clips_of(speech_dir / "commands", 2)
    feeds = recorded_feeds(models_dir(), [clip.audio for clip in clips])
    assert len(feeds["moonshine-tiny-en-encoder"]) == 2
    assert len(feeds[_DECODER]) >= 4
    for feed in feeds[_DECODER]:
        assert all(isinstance(value, np.ndarray) for value in feed.values())
