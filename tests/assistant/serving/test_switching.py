"""The engine of a model is changed in use: no request is lost, none is wrong, old sessions are closed."""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from assistant.serving.agreement import compare
from assistant.serving.engine import Session
from assistant.serving.samples import Feed, sample_of
from assistant.serving.serving import Serving
from common.errors import ModelError, Unavailable
from tests.assistant.serving.moody_engine import Mood

SILERO = "silero-vad"
FLOW = "piper-joe-en-us-flow"
VOCODER = "piper-joe-en-us-vocoder"


def feeds(name: str) -> list[Feed]:
    sample = sample_of(name)
    assert sample is not None
    return sample.feeds()


@pytest.mark.parametrize(
    ("name", "threads", "changes"),
    [(SILERO, 2, 2), pytest.param(FLOW, 4, 12, marks=pytest.mark.slow)],
)
def test_no_request_is_lost_or_wrong_while_the_engine_is_changed(
    serving: Serving, name: str, threads: int, changes: int
) -> None:
    model = serving.model(name)
    given = feeds(name)
    right = [model.run(None, feed) for feed in given]
    stop = threading.Event()

    def hammer() -> int:
        done = 0
        while not stop.is_set():
            place = done % len(given)
            found = model.run(None, given[place])
            assert compare(found, right[place], 1e-3).is_right
            done += 1
        return done

    with ThreadPoolExecutor(threads) as pool:
        working = [pool.submit(hammer) for _ in range(threads)]
        try:
            for _ in range(changes):
                serving.switch(name, "openvino")
                assert model.engine == "openvino"
                serving.switch(name, "onnxruntime")
                assert model.engine == "onnxruntime"
        finally:
            stop.set()
        assert all(each.result() > 0 for each in working)


def test_a_call_under_way_finishes_on_the_old_engine_which_is_closed_then(
    moody: Callable[..., Serving], mood: Mood
) -> None:
    serving = moody()
    model = serving.model(VOCODER)
    feed = feeds(VOCODER)[0]
    right = model.run(None, feed)
    serving.switch(VOCODER, "openvino")
    old = weakref.ref(model.pinned())
    mood.becomes("hangs")
    with ThreadPoolExecutor(1) as thread:
        call = thread.submit(model.run, None, feed)
        assert mood.hanging.wait(30)
        serving.switch(VOCODER, "onnxruntime")
        assert model.engine == "onnxruntime"
        assert compare(model.run(None, feed), right, 1e-6).is_right
        assert old() is not None
        assert not call.done()
        mood.free.set()
        assert compare(call.result(30), right, 1e-3).is_right
    gone(old)
    assert serving.status()[0].left == ()


def gone(session: weakref.ref[Session]) -> None:
    """Wait until nothing holds it: the thread of its last call lets go of it a moment after its answer."""
    give_up = time.monotonic() + 30
    while session() is not None:
        assert time.monotonic() < give_up
        time.sleep(0.005)


def test_a_series_of_calls_stays_on_its_engine(serving: Serving) -> None:
    serving.switch(SILERO, "openvino")
    model = serving.model(SILERO)
    pinned = model.pinned()
    serving.switch(SILERO, "onnxruntime")
    session = weakref.ref(pinned)
    assert model.pinned() is not pinned
    (feed,) = feeds(SILERO)
    found = pinned.run_tensors(["output"], {name: pinned.tensor(value) for name, value in feed.items()})
    assert compare([found[0].numpy()], model.run(["output"], feed), 1e-3).is_right
    del pinned, found
    gone(session)


def test_tensors_of_one_engine_can_be_given_to_another(serving: Serving) -> None:
    model = serving.model(SILERO)
    other = serving.open(SILERO, "openvino")
    (feed,) = feeds(SILERO)
    for giver, taker in ((model, other), (other, model)):
        tensors = {name: giver.tensor(value) for name, value in feed.items()}
        (found,) = taker.run_tensors(["output"], tensors)
        assert compare([found.numpy()], model.run(["output"], feed), 1e-3).is_right


def test_an_engine_that_cannot_open_the_model_changes_nothing(
    moody: Callable[..., Serving], mood: Mood
) -> None:
    serving = moody()
    model = serving.model(SILERO)
    mood.becomes("cannot open")
    with pytest.raises(Unavailable, match="cannot allocate 4096 MB"):
        serving.switch(SILERO, "openvino")
    assert model.engine == "onnxruntime"
    (status,) = serving.status()
    assert status.choice == "auto"
    assert [(left.engine, left.why, left.reason) for left in status.left] == [
        ("openvino", "cannot-be-opened", "cannot allocate 4096 MB")
    ]


def test_one_that_is_not_installed_says_so(serving: Serving) -> None:
    with pytest.raises(Unavailable, match="not installed: onnxruntime-gpu"):
        serving.switch(SILERO, "onnxruntime-cuda")


def test_a_model_that_there_is_not_is_refused(serving: Serving) -> None:
    with pytest.raises(ModelError, match="no model named 'nonsense'"):
        serving.model("nonsense")


def test_a_model_is_opened_once(serving: Serving) -> None:
    assert serving.model(SILERO) is serving.model(SILERO)
