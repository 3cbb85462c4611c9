"""An engine that fails, hangs or is wrong: the request is answered all the same, and the engine is left."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import numpy as np
import pytest

from assistant.hardware.ladder import Outcome, Trial
from assistant.serving import deadline, health, opener
from assistant.serving.agreement import compare
from assistant.serving.engine import EngineLeft, InferenceFailed
from assistant.serving.health import FIRST_WAIT_S, MOST_HUNG, Why
from assistant.serving.proving import proof_key
from assistant.serving.samples import Feed, sample_of
from assistant.serving.serving import Serving
from common.errors import Unavailable
from tests.assistant.serving.conftest import Clock, Proofs
from tests.assistant.serving.moody_engine import Mood

NAME = "silero-vad"
OTHER = "piper-joe-en-us-vocoder"


def feed(name: str = NAME) -> Feed:
    sample = sample_of(name)
    assert sample is not None
    return sample.feeds()[0]


def left(serving: Serving, name: str = NAME) -> list[tuple[str, Why, str]]:
    (status,) = [each for each in serving.status() if each.model == name]
    return [(each.engine, each.why, each.reason) for each in status.left]


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls have a tenth of a second, instead of two."""
    monkeypatch.setattr(health, "LEAST_DEADLINE_S", 0.1)
    monkeypatch.setattr(health, "_PATIENCE", 1.0)


@pytest.fixture
def settled() -> None:
    """No call of an earlier test hangs any more."""
    wait(lambda: deadline.hung() == 0)


def wait(condition: Callable[[], bool]) -> None:
    give_up = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < give_up
        time.sleep(0.005)


@pytest.mark.parametrize(
    ("how", "why", "reason"),
    [
        ("fails", Why.FAILED, "CL_OUT_OF_RESOURCES"),
        pytest.param("vanishes", Why.FAILED, "[Errno 19] No such device", marks=pytest.mark.slow),
        ("nan", Why.WRONG, "a result has values that are no numbers"),
    ],
)
def test_the_same_request_is_answered_and_the_engine_left(
    moody: Callable[..., Serving], mood: Mood, how: str, why: Why, reason: str
) -> None:
    serving = moody()
    model = serving.model(NAME)
    right = model.run(None, feed())
    serving.switch(NAME, "openvino")
    mood.becomes(how, after=2)
    for _ in range(4):
        assert compare(model.run(None, feed()), right, 1e-3).is_right
    assert mood.calls == 3
    assert model.engine == "onnxruntime"
    assert left(serving) == [("openvino", why, reason)]


def test_a_call_that_hangs_is_answered_and_its_thread_left_behind(
    moody: Callable[..., Serving], mood: Mood, impatient: None, settled: None
) -> None:
    serving = moody()
    model, other = serving.model(NAME), serving.model(OTHER)
    right = model.run(None, feed())
    serving.switch(NAME, "openvino")
    serving.switch(OTHER, "openvino")
    mood.becomes("hangs")
    assert compare(model.run(None, feed()), right, 1e-3).is_right
    assert deadline.hung() == 1
    assert left(serving) == [("openvino", Why.HANGS, "no answer within 0.1 s")]
    # What hangs in one model is not tried in the next one.
    assert other.engine == "onnxruntime"
    assert left(serving, OTHER) == [("openvino", Why.HANGS, f"it hangs in {NAME}")]
    assert mood.calls == 1
    # Nor later in a third one, without a new proof in another process.
    wait(lambda: not any(serving.choices.is_proven(proof(serving, name)) for name in (NAME, OTHER)))
    mood.free.set()
    wait(lambda: deadline.hung() == 0)


def test_many_requests_at_once_are_all_answered_when_it_hangs(
    moody: Callable[..., Serving], mood: Mood, impatient: None, settled: None
) -> None:
    serving = moody()
    model = serving.model(NAME)
    right = model.run(None, feed())
    serving.switch(NAME, "openvino")
    mood.becomes("hangs", after=3)
    answers: list[bool] = []

    def ask() -> None:
        for _ in range(3):
            answers.append(compare(model.run(None, feed()), right, 1e-3).is_right)

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [True] * 18
    assert 1 <= deadline.hung() <= 6
    mood.free.set()
    wait(lambda: deadline.hung() == 0)


def test_a_request_that_is_wrong_itself_costs_no_trust(moody: Callable[..., Serving], mood: Mood) -> None:
    serving = moody()
    model = serving.model(OTHER)
    serving.switch(OTHER, "openvino")
    (name,) = model.inputs
    with pytest.raises(InferenceFailed):
        model.run(None, {name: np.zeros((1, 3, 7), np.float32)})
    with pytest.raises(InferenceFailed):
        model.run(["no such output"], feed(OTHER))
    (found,) = model.run(None, {name: np.full((1, 192, 12), np.nan, np.float32)})
    assert np.isnan(found).any()
    assert model.engine == "openvino"
    assert left(serving, OTHER) == []


def test_a_series_is_told_to_begin_again(moody: Callable[..., Serving], mood: Mood) -> None:
    serving = moody()
    model = serving.model(NAME)
    serving.switch(NAME, "openvino")
    pinned = model.pinned()
    tensors = {name: pinned.tensor(value) for name, value in feed().items()}
    mood.becomes("vanishes", after=1)
    pinned.run_tensors(["output"], tensors)
    for _ in range(2):
        with pytest.raises(EngineLeft, match="No such device"):
            pinned.run_tensors(["output"], tensors)
    assert mood.calls == 2
    assert model.engine == "onnxruntime"
    assert model.pinned() is model.default


def test_it_is_taken_again_after_a_wait_and_a_proof(
    moody: Callable[..., Serving], mood: Mood, clock: Clock, proofs: Proofs
) -> None:
    serving = moody()
    model = serving.model(NAME)
    serving.switch(NAME, "openvino")
    assert proofs.made == 1
    mood.becomes("fails")
    model.run(None, feed())
    mood.becomes("right")
    assert not serving.may_open(NAME, "openvino")
    clock.now_s += FIRST_WAIT_S
    assert serving.may_open(NAME, "openvino")
    # It must prove itself apart again: the proof that was kept has been dropped.
    proofs.says = Trial(Outcome.WRONG, "the relative error is 1.4")
    wait(lambda: not serving.choices.is_proven(proof(serving, NAME)))
    with pytest.raises(Unavailable, match=r"relative error is 1\.4"):
        serving.move(NAME, "openvino")
    assert model.engine == "onnxruntime"
    assert left(serving) == [("openvino", Why.WRONG, "the relative error is 1.4")]
    assert not serving.may_open(NAME, "openvino")
    clock.now_s += 2 * FIRST_WAIT_S
    proofs.says = Trial(Outcome.RIGHT)
    serving.move(NAME, "openvino")
    assert model.engine == "openvino"
    assert proofs.made == 3


def proof(serving: Serving, name: str) -> str:
    return proof_key(name, "openvino", serving.registry.availability("openvino").version)


def test_an_engine_that_is_wrong_here_never_answers(
    moody: Callable[..., Serving], mood: Mood, proofs: Proofs
) -> None:
    serving = moody()
    mood.becomes("wrong")
    with pytest.raises(Unavailable, match="the result is wrong: the relative error is"):
        serving.switch(OTHER, "openvino")
    assert serving.model(OTHER).engine == "onnxruntime"


@pytest.mark.slow
def test_an_engine_that_hangs_while_it_is_opened_is_left(
    moody: Callable[..., Serving], mood: Mood, monkeypatch: pytest.MonkeyPatch, settled: None
) -> None:
    monkeypatch.setattr(opener, "OPEN_S", 0.3)
    serving = moody()
    mood.becomes("hangs")
    with pytest.raises(Unavailable, match=r"no answer within 0\.3 s"):
        serving.switch(NAME, "openvino")
    assert left(serving) == [("openvino", Why.HANGS, "no answer within 0.3 s")]
    mood.free.set()
    wait(lambda: deadline.hung() == 0)


@pytest.mark.slow
def test_one_that_becomes_wrong_later_is_found_by_a_recheck(
    moody: Callable[..., Serving], mood: Mood
) -> None:
    serving = moody()
    model = serving.model(OTHER)
    serving.switch(OTHER, "openvino")
    serving.recheck(model)
    assert model.engine == "openvino"
    mood.becomes("wrong")
    serving.recheck(model)
    assert model.engine == "onnxruntime"
    ((_, why, _),) = left(serving, OTHER)
    assert why is Why.WRONG


def test_after_too_many_calls_that_hang_no_engine_is_tried(
    moody: Callable[..., Serving], monkeypatch: pytest.MonkeyPatch
) -> None:
    serving = moody()
    monkeypatch.setattr("assistant.serving.serving.hung", lambda: MOST_HUNG)
    with pytest.raises(Unavailable, match="4 calls hang"):
        serving.switch(NAME, "openvino")
    assert not serving.may_open(NAME, "openvino")
