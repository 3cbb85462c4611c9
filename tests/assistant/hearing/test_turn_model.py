from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from assistant.audio.convert import to_int16
from assistant.audio.format import Samples
from assistant.hearing.turn_model import TurnModel
from assistant.models.store import ModelStore
from assistant.serving.serving import Serving
from common.errors import ModelError
from common.paths import models_dir
from tests.assistant.hearing.test_log_mel import chirp


@pytest.fixture(scope="module")
def model() -> TurnModel:
    store = ModelStore(models_dir())
    if store.state("smart-turn") != "ready":
        pytest.skip("the optional model is not there; run `sotto models fetch --optional`")
    return TurnModel(Serving(store))


def test_its_judgement_is_that_of_its_makers(model: TurnModel) -> None:
    """Golden value: pipecat-ai 1.14.0 on the same 3 s. 8-bit weights round differently on each processor."""
    assert abs(model.finished(to_int16(chirp(8)[:48_000])) - 0.0095) < 0.03


def test_a_sentence_cut_in_its_middle_is_less_finished(model: TurnModel, say: Callable[..., Samples]) -> None:
    spoken = say("turn on the light in the kitchen and then play some music", tail=0.2)
    cut = np.concatenate([spoken[: len(spoken) // 2], np.zeros(3200, np.int16)])
    assert model.finished(spoken) > model.finished(cut)


@pytest.mark.parametrize("seconds", [0, 0.01, 30])
def test_any_length_is_judged(model: TurnModel, seconds: float) -> None:
    sound = np.random.default_rng(1).normal(0, 300, int(seconds * 16_000)).astype(np.int16)
    assert 0 <= model.finished(sound) <= 1


def test_only_the_last_eight_seconds_count(model: TurnModel) -> None:
    sound = to_int16(chirp(12))
    assert model.finished(sound) == model.finished(sound[-128_000:])


def test_without_the_model_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(ModelError) as caught:
        TurnModel(Serving(ModelStore(tmp_path)))
    assert caught.value.code == "model.missing"
