"""Upkeep: models move to the engine that is chosen, in the quiet, and come back to one that was left."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from assistant.serving.health import FIRST_WAIT_S
from assistant.serving.serving import Serving
from assistant.serving.upkeep import RECHECK_S, Upkeep
from common.faults import Faults
from tests.assistant.serving.conftest import Clock, Proofs
from tests.assistant.serving.moody_engine import Mood
from tests.assistant.serving.test_fallback import feed

NAME = "silero-vad"


def until(condition: Callable[[], bool], upkeep: Upkeep) -> None:
    give_up = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < give_up
        upkeep.poll()
        time.sleep(0.005)


def test_by_default_there_is_nothing_to_do(moody: Callable[..., Serving], clock: Clock) -> None:
    serving = moody()
    serving.model(NAME)
    assert Upkeep(serving, clock=clock).due() is None


def test_a_model_moves_to_the_engine_of_the_settings(
    moody: Callable[..., Serving], clock: Clock, proofs: Proofs
) -> None:
    serving = moody(engine="openvino")
    model = serving.model(NAME)
    assert model.engine == "onnxruntime"
    upkeep = Upkeep(serving, clock=clock)
    until(lambda: model.engine == "openvino", upkeep)
    assert upkeep.due() is None
    # The next start takes the proof that was kept.
    again = moody(engine="openvino")
    until(lambda: again.model(NAME).engine == "openvino", Upkeep(again, clock=clock))
    assert proofs.made == 1


@pytest.mark.slow
def test_a_chooser_that_changes_its_mind_is_followed(moody: Callable[..., Serving], clock: Clock) -> None:
    class Chooser:
        says = "openvino"

        def choose(self, model: str, candidates: tuple[str, ...]) -> str:
            assert candidates == ("onnxruntime", "openvino", "openvino-gpu")
            return self.says

    serving = moody()
    serving.chooser = Chooser()
    model = serving.model(NAME)
    upkeep = Upkeep(serving, clock=clock)
    until(lambda: model.engine == "openvino", upkeep)
    serving.chooser.says = "onnxruntime"
    until(lambda: model.engine == "onnxruntime", upkeep)
    serving.chooser.says = "abacus"
    assert upkeep.due() is None


def test_an_engine_that_was_left_comes_back_and_its_owner_is_told_meanwhile(
    moody: Callable[..., Serving], mood: Mood, clock: Clock
) -> None:
    serving = moody(chosen={NAME: "openvino"})
    model = serving.model(NAME)
    faults = Faults()
    upkeep = Upkeep(serving, faults, clock)
    until(lambda: model.engine == "openvino", upkeep)
    upkeep.poll()
    assert faults.all() == ()
    mood.becomes("fails")
    model.run(None, feed())
    mood.becomes("right")
    until(lambda: faults.all() != (), upkeep)
    (fault,) = faults.all()
    assert fault.message == f"{NAME} does not run on the engine openvino: CL_OUT_OF_RESOURCES"
    assert (fault.code, fault.effect, fault.key) == (
        "engine.left",
        "It runs on onnxruntime.",
        f"engines.{NAME}",
    )
    assert upkeep.due() is None
    clock.now_s += FIRST_WAIT_S
    until(lambda: model.engine == "openvino", upkeep)
    until(lambda: faults.all() == (), upkeep)


@pytest.mark.slow
def test_engines_that_answer_are_looked_at_from_time_to_time(
    moody: Callable[..., Serving], mood: Mood, clock: Clock
) -> None:
    serving = moody(engine="openvino")
    model = serving.model("piper-joe-en-us-vocoder")
    upkeep = Upkeep(serving, clock=clock)
    until(lambda: model.engine == "openvino", upkeep)
    assert upkeep.due() is None
    mood.becomes("wrong")
    clock.now_s += RECHECK_S
    until(lambda: model.engine == "onnxruntime", upkeep)
