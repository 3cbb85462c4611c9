"""An utterance is not lost when the engine of the recogniser fails in the middle of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from assistant.audio.format import Samples
from assistant.serving.serving import Serving
from assistant.speech.recogniser import Recogniser, RecogniserSettings
from tests.assistant.serving.moody_engine import Mood
from tests.assistant.speech.conftest import ListGrammar

ENCODER, DECODER = "moonshine-tiny-en-encoder", "moonshine-tiny-en-decoder"
SAID = "what time is it"


@pytest.fixture
def recogniser(moody: Callable[..., Serving]) -> tuple[Recogniser, Serving]:
    serving = moody()
    return Recogniser(serving), serving


@pytest.mark.parametrize(
    ("name", "how", "after"),
    [
        (DECODER, "vanishes", 3),
        pytest.param(DECODER, "nan", 2, marks=pytest.mark.slow),
        pytest.param(ENCODER, "fails", 0, marks=pytest.mark.slow),
    ],
)
def test_the_text_is_that_of_the_default_engine(
    recogniser: tuple[Recogniser, Serving],
    mood: Mood,
    say: Callable[..., Samples],
    name: str,
    how: str,
    after: int,
) -> None:
    recognises, serving = recogniser
    audio = say(SAID)
    right = recognises.transcribe(audio)
    assert "time" in right.text
    serving.switch(name, "openvino")
    mood.becomes(how, after)
    found = recognises.transcribe(audio)
    assert (found.text, found.free_score) == (right.text, right.free_score)
    assert serving.model(name).engine == "onnxruntime"


@pytest.mark.slow
def test_the_engine_may_change_between_two_steps_of_an_utterance(
    recogniser: tuple[Recogniser, Serving], mood: Mood, say: Callable[..., Samples]
) -> None:
    """Begun on one engine, it ends there."""
    recognises, serving = recogniser
    audio = say(SAID)
    right = recognises.transcribe(audio).text
    serving.switch(DECODER, "openvino")
    recognition = recognises.begin(audio)
    serving.switch(DECODER, "onnxruntime")
    mood.becomes("right")
    assert recognition.quick().text == right
    assert mood.calls > 2


@pytest.mark.slow
def test_encoder_and_decoder_may_be_on_different_engines(
    recogniser: tuple[Recogniser, Serving], say: Callable[..., Samples]
) -> None:
    recognises, serving = recogniser
    audio = say(SAID)
    right = recognises.transcribe(audio).text
    serving.switch(ENCODER, "openvino")
    assert recognises.transcribe(audio).text == right
    serving.switch(DECODER, "openvino")
    serving.switch(ENCODER, "onnxruntime")
    assert recognises.transcribe(audio).text == right


@pytest.mark.slow
def test_a_search_in_the_grammar_is_not_lost(
    moody: Callable[..., Serving], mood: Mood, say: Callable[..., Samples]
) -> None:
    """It fails in the search, which runs beside greedy decoding and after it."""
    serving = moody()
    recognises = Recogniser(serving, RecogniserSettings(bias=0.0))
    grammar = ListGrammar(["turn on the kitchen lite", "close the garage", "what time is it"])
    audio = say("turn on the kitchen light")
    right = recognises.transcribe(audio, grammar)
    assert right.method == "constrained"
    serving.switch(DECODER, "openvino")
    mood.becomes("right")
    recognises.transcribe(audio, grammar)
    steps = mood.calls
    for after in (1, steps - 2):
        mood.becomes("right")
        serving.switch(DECODER, "openvino")
        mood.becomes("fails", after)
        recognition = recognises.begin(audio, grammar)
        recognition.search_ahead()
        found = recognition.deep()
        assert (found.text, found.method) == (right.text, right.method)
        assert serving.model(DECODER).engine == "onnxruntime"
